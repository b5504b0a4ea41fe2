/** My district: how the area stands that somebody answers for, whatever the zones in it. */
import { percent, stageName, whole } from '../format';
import type { Store } from '../store';
import type { Commands } from './commands';
import { button, h, setText } from './dom';

const KEY = 'tocsin-district';

const kept = (): string => {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
};

export class District {
  readonly element = h('section', { class: 'district', hidden: true, 'data-testid': 'district' });
  private readonly select = h('select', { 'aria-label': 'My district', 'data-testid': 'district-select' });
  private readonly state = h('p', { class: 'district-state', 'data-testid': 'district-state' });
  private readonly parts = h('div', { class: 'district-parts' });
  private names = '';
  private drawn = '';

  constructor(
    private readonly store: Store,
    private readonly commands: Commands,
  ) {
    this.element.append(h('h2', {}, 'My district', this.select), this.state, this.parts);
    this.select.addEventListener('change', () => {
      try {
        localStorage.setItem(KEY, this.select.value);
      } catch {
        // Without storage the choice lasts as long as the page.
      }
      this.changed();
    });
    store.on(['zones'], () => this.changed());
    store.on('frame', () => this.changed());
  }

  private changed(): void {
    const wholes = this.store.wholes();
    this.element.hidden = wholes.length === 0;
    this.offer(wholes.map((one) => [one.zone_id, one.name]));
    const mine = wholes.find((one) => one.zone_id === this.select.value);
    const parts = [...this.store.zones.values()].filter((zone) => zone.parent_id === mine?.zone_id);
    const key = JSON.stringify([this.store.reported, mine, parts.map((zone) => [zone.zone_id, zone.stage])]);
    if (key === this.drawn) return;
    this.drawn = key;
    this.state.hidden = this.parts.hidden = !mine;
    if (!mine) return;
    this.state.dataset['stage'] = mine.inherited_stage;
    setText(this.state, this.store.reported ? sentence(mine.inherited_stage, mine.inherited_share, mine.population) : 'Not reported yet');
    this.parts.replaceChildren(
      ...parts
        .filter((zone) => zone.stage !== 'quiet')
        .map((zone) => button(`Show ${zone.name}`, zone.name, () => this.commands.openZone(zone.zone_id), { class: `part ${zone.stage}` })),
    );
  }

  private offer(choices: [string, string][]): void {
    const names = JSON.stringify(choices);
    if (names === this.names) return;
    this.names = names;
    const chosen = this.select.value || kept();
    this.select.replaceChildren(h('option', { value: '' }, 'choose …'), ...choices.map(([id, name]) => h('option', { value: id }, name)));
    this.select.value = choices.some(([id]) => id === chosen) ? chosen : '';
  }
}

export function sentence(stage: string, share: number, people: number | null): string {
  if (stage === 'quiet') return 'Quiet';
  const who = people ? `${percent(share)} of ${whole(people)} people` : percent(share);
  return `${stageName(stage)}: ${who}`;
}
