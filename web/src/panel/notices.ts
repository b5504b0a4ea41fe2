/** "We cannot see": what the picture does not tell, shown above everything that it does. */
import { clockText, parseTime } from '../format';
import type { Store } from '../store';
import type { Notice } from '../types';
import { h, icon, ICONS } from './dom';

export class Notices {
  readonly element = h('section', { class: 'notices', hidden: true, 'data-testid': 'notices-list' });

  constructor(private readonly store: Store) {
    store.on('notices', () => this.changed());
  }

  private changed(): void {
    const open = this.store.openNotices();
    this.element.hidden = open.length === 0;
    this.element.replaceChildren(
      h('h2', {}, icon(ICONS.eye), 'What we cannot see'),
      h('ul', { class: 'rows' }, ...open.map((notice) => this.row(notice))),
    );
  }

  private row(notice: Notice): HTMLElement {
    const at = parseTime(notice.at);
    return h(
      'li',
      { class: 'notice', 'data-testid': 'notice-row' },
      h('span', {}, notice.text),
      h('span', { class: 'at' }, at === null ? '' : `noticed ${clockText(at)}`),
    );
  }
}
