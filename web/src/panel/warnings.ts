/** Open warnings, soonest first, and the latest all-clears below them. */
import { className, clockText, countdown, parseTime, percent, sentenceCase } from '../format';
import type { Store, Zone } from '../store';
import type { WarningRow } from '../types';
import type { Commands } from './commands';
import { h, icon, ICONS, setText } from './dom';

const CLEARS = 8;

interface Timer {
  arrivalMs: number | null;
  time: HTMLElement;
  label: HTMLElement;
}

export class Warnings {
  readonly element: HTMLElement;
  private readonly list = h('ul', { class: 'rows', 'data-testid': 'warnings-list' });
  private readonly count = h('span', { class: 'count' });
  private readonly clears = h('ul', { class: 'rows clears', 'data-testid': 'clears-list' });
  private readonly clearsPart = h('section', { hidden: true }, h('h2', {}, 'Recently ended'), this.clears);
  private timers: Timer[] = [];
  private drawn = '';
  private reported = false;

  constructor(
    private readonly store: Store,
    private readonly commands: Commands,
  ) {
    this.element = h(
      'div',
      { class: 'warnings-part', tabindex: '-1' },
      h('section', {}, h('h2', {}, 'Warnings', this.count), this.list),
      this.clearsPart,
    );
    store.on(['zones', 'warnings', 'selection'], () => this.changed());
    store.on('frame', () => {
      if (!this.reported && store.reported) this.changed();
    });
    this.changed();
  }

  tick(nowMs: number | null): void {
    for (const { arrivalMs, time, label } of this.timers) {
      const left = countdown(arrivalMs, nowMs ?? arrivalMs ?? 0);
      setText(time, left.text);
      setText(label, left.label);
      time.classList.toggle('late', left.late);
    }
  }

  /** Rebuilt only when something other than the time has changed. */
  private changed(): void {
    const open = this.store.openWarnings();
    const clears = this.store.recentClears(CLEARS);
    const selected = this.store.selection?.kind === 'zone' ? this.store.selection.zoneId : null;
    this.reported = this.store.reported;
    const key = JSON.stringify([
      this.reported,
      this.store.zonesLoaded,
      this.store.zones.size,
      open.map((z) => [z.zone_id, z.stage, z.threat_class, z.probability, z.arrival_p50, z.reason, z.held_until, this.store.since(z)]),
      clears.map((c) => [c.warning_id, c.decided_at]),
      selected,
    ]);
    if (key === this.drawn) return;
    this.drawn = key;
    this.timers = [];
    this.list.classList.toggle('dense', open.length > 4);
    setText(this.count, open.length > 0 ? String(open.length) : '');
    const rows = open.map((zone) => this.row(zone, zone.zone_id === selected));
    const quiet = this.reported ? noWarnings() : notYet();
    const none = this.store.zonesLoaded ? (this.store.zones.size === 0 ? noZones() : quiet) : unknown();
    this.keepFocus(() => this.list.replaceChildren(...(rows.length > 0 ? rows : [none])));
    this.clears.replaceChildren(...clears.map((row) => this.clearRow(row)));
    this.clearsPart.hidden = clears.length === 0;
  }

  private keepFocus(rebuild: () => void): void {
    const active = document.activeElement as HTMLElement | null;
    const zoneId = active && this.list.contains(active) ? active.dataset['zone'] : undefined;
    rebuild();
    if (zoneId) this.list.querySelector<HTMLElement>(`[data-zone="${CSS.escape(zoneId)}"]`)?.focus();
  }

  private row(zone: Zone, selected: boolean): HTMLElement {
    const time = h('span', { class: 'countdown' }, '--:--');
    const label = h('span', { class: 'countdown-label' }, '');
    this.timers.push({ arrivalMs: parseTime(zone.arrival_p50), time, label });
    const since = parseTime(this.store.since(zone));
    const facts = [
      className(zone.threat_class),
      percent(zone.probability),
      since === null ? null : `since\u00a0${clockText(since).slice(0, 5)}`,
      zone.held_until ? 'held' : null,
    ];
    const alert = zone.stage === 'alert';
    return h(
      'li',
      {},
      h(
        'button',
        {
          type: 'button',
          class: `warning ${alert ? 'alert' : 'pre-alert'}`,
          'data-testid': 'warning-row',
          'data-zone': zone.zone_id,
          'data-stage': zone.stage,
          'aria-pressed': String(selected),
          click: () => this.commands.openZone(zone.zone_id),
        },
        h('span', { class: 'stage' }, alert ? 'Alert' : 'Pre-alert'),
        h('span', { class: 'zone-name' }, zone.name),
        h('span', { class: 'when' }, time, label),
        h('span', { class: 'facts' }, facts.filter((fact) => fact !== null).join(' · ')),
        zone.reason ? h('span', { class: 'reason', title: zone.reason }, sentenceCase(zone.reason)) : null,
      ),
    );
  }

  private clearRow(row: WarningRow): HTMLElement {
    const cancelled = row.action === 'cancel';
    const at = parseTime(row.decided_at);
    return h(
      'li',
      { class: 'clear-row', 'data-testid': 'clear-row', title: row.reason },
      icon(cancelled ? ICONS.close : ICONS.check),
      h('span', { class: 'zone-name' }, row.zone_name),
      h('span', { class: 'facts' }, cancelled ? 'Cancelled' : 'All clear'),
      h('span', { class: 'at' }, at === null ? '' : clockText(at)),
    );
  }
}

const noWarnings = (): HTMLElement => h('li', { class: 'empty' }, icon(ICONS.check), 'No zone is warned.');
/** Before the first report, quiet zones only mean that nobody knows. */
const notYet = (): HTMLElement =>
  h('li', { class: 'empty muted', 'data-testid': 'not-reported' }, 'Waiting for the first report: who is warned is not known yet.');
/** What has not been loaded is not quiet. */
const unknown = (): HTMLElement =>
  h('li', { class: 'empty muted', 'data-testid': 'zones-unknown' }, 'Zones are not loaded: who is warned is not known here.');
/** Without zones an empty list is no good news. */
const noZones = (): HTMLElement =>
  h('li', { class: 'empty muted' }, 'No zones are set up here, so nobody can be warned.');
