/** Designation of the chosen track: known, unknown or a hazard, and why. */
import { sentenceCase } from '../format';
import type { TrackDetail } from '../types';
import type { Commands } from './commands';
import { h } from './dom';
import { OrderForm, type Deed } from './orders';

const REASONS = ['Called in, on a known flight', 'Identified by the watch', 'Does not answer', 'Reported as a drone'];
const CHOICES = [
  ['known', 'It raises no warning any more'],
  ['unknown', 'Nobody knows what it is'],
  ['hazard', 'It raises warnings, whatever its class'],
] as const;

export class TrackOrders {
  readonly element: HTMLElement;
  private readonly form = new OrderForm('track-orders', REASONS);

  constructor(
    private readonly commands: Commands,
    private readonly changed: () => void,
  ) {
    this.element = h('section', { class: 'card-part' }, h('h3', {}, 'Designation'), this.form.element);
  }

  show(detail: TrackDetail): HTMLElement {
    const current = detail.designation ?? 'none';
    const deed = (what: string, label: string, title: string, needsReason: boolean): Deed => ({
      id: `designate-${what}`,
      label,
      title,
      look: '',
      needsReason,
      done: what === 'none' ? 'Taken back.' : `Designated ${what}.`,
      send: async (body) => {
        const refused = await this.commands.designate(detail.track_id, { ...body, designation: what });
        if (refused === null) setTimeout(this.changed, 1500);
        return refused;
      },
    });
    const deeds = CHOICES.filter(([what]) => what !== current).map(([what, title]) => deed(what, sentenceCase(what), title, true));
    if (current !== 'none') deeds.push(deed('none', `No longer ${current}`, 'Take the designation back', false));
    this.form.show(detail.track_id, deeds);
    return this.element;
  }
}
