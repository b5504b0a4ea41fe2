/** Says when the picture is not live. Nothing on the page may look live while this is up. */
import { clockText } from '../format';
import type { Store } from '../store';
import { byId, h } from './dom';

export class Banner {
  private readonly text = h('span', {});
  private readonly element = h(
    'div',
    { class: 'banner', role: 'alert', hidden: true, 'data-testid': 'banner' },
    this.text,
  );

  constructor(private readonly store: Store) {
    byId('strip').append(this.element);
    store.on('connection', () => this.changed());
  }

  private changed(): void {
    const { state, frozenAtMs } = this.store.connection;
    const stale = state === 'lost' || state === 'silent';
    document.body.classList.toggle('stale', stale);
    this.element.hidden = !stale;
    if (!stale) return;
    const cause = state === 'lost' ? 'Connection lost' : 'No data from the server';
    const frozen = frozenAtMs === null ? 'no picture yet' : `picture frozen at ${clockText(frozenAtMs)}`;
    this.text.replaceChildren(h('strong', {}, `${cause} — ${frozen}`), ' Trying again …');
  }
}

/** A short-lived message for a command that failed. */
export class Toast {
  private readonly element = h('div', { class: 'toast', role: 'status', hidden: true, 'data-testid': 'toast' });
  private timer = 0;

  constructor() {
    byId('map-top').append(this.element);
  }

  readonly show = (text: string): void => {
    this.element.textContent = text;
    this.element.hidden = false;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => (this.element.hidden = true), 6000);
  };
}
