/** What awaits an operator: first of all in the panel, because it goes out or lapses by itself. */
import { agoText, className, durationText, parseTime, sentenceCase, stageName } from '../format';
import type { Store } from '../store';
import type { Commands } from './commands';
import { h, setText } from './dom';

export class Proposals {
  readonly element = h('section', { class: 'proposals', hidden: true, 'data-testid': 'proposals' });
  private readonly list = h('ul', { class: 'rows' });
  private readonly count = h('span', { class: 'count' });
  private timers: { at: number | null; due: number | null; text: HTMLElement }[] = [];
  private drawn = '';

  constructor(
    private readonly store: Store,
    private readonly commands: Commands,
  ) {
    this.element.append(h('h2', {}, 'Awaiting release', this.count), this.list);
    store.on('zones', () => this.changed());
  }

  tick(nowMs: number | null): void {
    if (nowMs === null) return;
    for (const { at, due, text } of this.timers) {
      const left = due === null ? 'waits for you' : due <= nowMs ? 'goes out now' : `goes out by itself in ${durationText((due - nowMs) / 1000)}`;
      setText(text, `proposed ${agoText(at, nowMs)}, ${left}`);
    }
  }

  private changed(): void {
    const open = this.store.proposals();
    const key = JSON.stringify(open.map((zone) => [zone.zone_id, zone.stage, zone.proposal]));
    if (key === this.drawn) return;
    this.drawn = key;
    this.element.hidden = open.length === 0;
    setText(this.count, String(open.length));
    this.timers = [];
    this.list.replaceChildren(
      ...open.map((zone) => {
        const { proposal } = zone;
        const text = h('span', { class: 'facts' });
        this.timers.push({ at: parseTime(proposal.proposed_at), due: parseTime(proposal.due_at), text });
        const what = proposal.stage === 'quiet' ? 'All clear' : stageName(proposal.stage);
        return h(
          'li',
          {},
          h(
            'button',
            { type: 'button', class: 'proposal', 'data-testid': 'proposal-row', 'data-zone': zone.zone_id, click: () => this.commands.openZone(zone.zone_id) },
            h('span', { class: 'zone-name' }, `${zone.name}: ${what}?`),
            text,
            h('span', { class: 'reason' }, `${className(proposal.threat_class)}. ${sentenceCase(proposal.reason)}`),
          ),
        );
      }),
    );
  }
}
