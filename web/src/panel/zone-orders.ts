/** What an operator can order about a zone's warning, by what is open or proposed there. */
import { stageName } from '../format';
import type { Zone } from '../store';
import type { Verb } from '../types';
import type { Commands } from './commands';
import { h } from './dom';
import { OrderForm, type Deed } from './orders';

const REASONS = ['False alert: no threat', 'Own aircraft', 'Confirmed by two sensors', 'Asking the watch', 'Danger has passed'];
const HOLDS_S: [number, string][] = [[120, '2 min'], [300, '5 min'], [900, '15 min'], [1800, '30 min'], [3600, '1 h']];

export class ZoneOrders {
  readonly element: HTMLElement;
  private readonly form = new OrderForm('zone-orders', REASONS);
  private readonly time: HTMLSelectElement;

  constructor(private readonly commands: Commands) {
    this.time = h(
      'select',
      { 'aria-label': 'How long a hold or an extension lasts', 'data-testid': 'order-time' },
      ...HOLDS_S.map(([seconds, text]) => h('option', { value: seconds, selected: seconds === 300 }, text)),
    );
    this.form.element.querySelector('.order-fields')!.append(this.time);
    this.element = h('section', { class: 'card-part' }, h('h3', {}, 'Orders'), this.form.element);
  }

  /** Whether there is anything to order about a zone; then it shows what. */
  show(zone: Zone): boolean {
    const warningId = zone.warning_id ?? zone.proposal?.warning_id;
    if (!warningId) return false;
    this.form.show(warningId, this.deeds(zone, warningId));
    return true;
  }

  private deeds(zone: Zone, warningId: string): Deed[] {
    const open = zone.warning_id !== null;
    const deed = (verb: Verb, label: string, title: string, done: string, more: Partial<Deed> = {}): Deed => ({
      id: verb,
      label,
      title,
      look: '',
      done,
      needsReason: true,
      send: (body) => this.commands.order(verb, warningId, body),
      ...more,
    });
    const timed = (verb: Verb) => ({
      send: (body: object) => this.commands.order(verb, warningId, { ...body, duration_s: Number(this.time.value) }),
    });
    const { proposal } = zone;
    const release = proposal && deed('release', `Release ${words(proposal.stage)}`, 'Let out what is proposed, now', 'Released.', { look: 'strong', needsReason: false });
    return [
      release,
      deed('hold', 'Hold', 'For the time chosen nothing changes by itself', 'Held: nothing changes by itself.', timed('hold')),
      zone.held_until ? deed('hold', 'End hold', 'Let it change by itself again', 'The hold has ended.', {
        id: 'unhold',
        send: (body) => this.commands.order('hold', warningId, { ...body, duration_s: 0 }),
      }) : null,
      open ? deed('extend', 'Extend', 'Keep this stage for the time chosen at least', 'Extended.', timed('extend')) : null,
      open
        ? deed('cancel', 'Cancel (false)', 'The warning is false: take it back and tell everyone who was warned', 'Cancelled: everyone who was warned is told.', { look: 'danger' })
        : deed('cancel', 'Decline', 'Do not send this; nobody was told yet', 'Declined: nobody was told.', { look: 'danger' }),
      open ? deed('all-clear', 'All clear', 'The warning was right and the danger is over', 'All clear is given.') : null,
    ].filter((one): one is Deed => one !== null);
  }
}

const words = (stage: string): string => (stage === 'quiet' ? 'all-clear' : stageName(stage).toLowerCase());
