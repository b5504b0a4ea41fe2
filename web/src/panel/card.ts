/** The card of what was clicked: a track or a zone. */
import { get } from '../api';
import {
  agoText,
  className,
  clockText,
  countdown,
  courseText,
  durationText,
  feetText,
  knotsText,
  metresText,
  parseTime,
  percent,
  sentenceCase,
  speedText,
  stageName,
  whole,
} from '../format';
import { courseDeg, heightM, speedMps, STATUS, status, type Frame } from '../frame';
import { drawSymbol } from '../symbols';
import type { Store, Zone } from '../store';
import type { TrackDetail } from '../types';
import type { Commands } from './commands';
import { button, h, icon, ICONS, setText } from './dom';
import { TrackOrders } from './track-orders';
import { ZoneOrders } from './zone-orders';

const REFRESH_MS = 2000;
const MOST_ZONES = 5;
const CORROBORATED = {
  confirmed: 'Confirmed by other sensors',
  uncorroborated: 'Uncorroborated: no radar confirms it',
  not_applicable: '',
} as const;

export class Card {
  readonly element = h('article', { id: 'card', hidden: true });
  private detail: TrackDetail | null = null;
  private problem: string | null = null;
  private fetching: AbortController | null = null;
  private fetchedPerf = 0;
  private live: Record<string, HTMLElement> = {};
  private timers: { arrivalMs: number | null; time: HTMLElement }[] = [];
  private readonly zoneOrders: ZoneOrders;
  private readonly trackOrders: TrackOrders;

  constructor(
    private readonly store: Store,
    private readonly commands: Commands,
  ) {
    this.zoneOrders = new ZoneOrders(commands);
    this.trackOrders = new TrackOrders(commands, () => void this.fetchTrack());
    store.on('selection', () => this.selected());
    store.on(['zones', 'warnings'], () => this.zoneChanged());
    store.on('frame', () => this.frameArrived());
  }

  tick(nowMs: number | null, perf: number): void {
    if (nowMs === null || this.element.hidden) return;
    for (const { arrivalMs, time } of this.timers) setText(time, countdown(arrivalMs, nowMs).text);
    const { lastPlot } = this.live;
    if (lastPlot) setText(lastPlot, agoText(parseTime(this.detail?.last_plot), nowMs));
    const due = perf - this.fetchedPerf > REFRESH_MS && this.store.connection.state === 'open';
    if (this.store.selection?.kind === 'track' && due) void this.fetchTrack();
  }

  private selected(): void {
    const { selection } = this.store;
    this.fetching?.abort();
    this.detail = null;
    this.problem = null;
    this.timers = [];
    this.live = {};
    this.element.hidden = selection === null;
    if (selection?.kind === 'zone') this.drawZone();
    if (selection?.kind === 'track') {
      this.drawTrack();
      void this.fetchTrack();
    }
  }

  private async fetchTrack(): Promise<void> {
    const { selection } = this.store;
    if (selection?.kind !== 'track') return;
    this.fetchedPerf = performance.now();
    this.fetching?.abort();
    const fetching = (this.fetching = new AbortController());
    try {
      this.detail = await get<TrackDetail>(`tracks/${selection.number}`, fetching.signal);
      this.problem = null;
    } catch (error) {
      if (fetching.signal.aborted) return;
      this.problem = error instanceof Error ? error.message : String(error);
    }
    if (!fetching.signal.aborted) this.drawTrack();
  }

  private zoneChanged(): void {
    if (this.store.selection?.kind === 'zone') this.drawZone();
  }

  private frameArrived(): void {
    const { frame, rowOf, selection } = this.store;
    if (!frame || selection?.kind !== 'track') return;
    const row = rowOf.get(selection.number);
    this.element.classList.toggle('ended', row === undefined);
    if (row !== undefined) this.showMotion(frame, row);
  }

  private showMotion(frame: Frame, row: number): void {
    const show = (name: string, text: string): void => {
      if (this.live[name]) setText(this.live[name], text);
    };
    const speed = speedMps(frame, row);
    const height = heightM(frame, row);
    show('speed', speedText(speed));
    show('knots', knotsText(speed));
    show('height', metresText(height));
    show('feet', feetText(height));
    show('course', courseText(courseDeg(frame, row)));
  }

  private head(mark: Node, title: string, note: string, badges: (Node | null)[]): HTMLElement {
    return h(
      'header',
      { class: 'card-head' },
      mark,
      h('div', { class: 'card-title' }, h('h2', {}, title), h('p', {}, note)),
      button('Close (Esc)', icon(ICONS.close), this.commands.deselect, { class: 'square bare', 'data-testid': 'card-close' }),
      h('div', { class: 'badges' }, ...badges),
    );
  }

  private drawTrack(): void {
    const { frame, rowOf, selection } = this.store;
    if (selection?.kind !== 'track') return;
    const row = rowOf.get(selection.number);
    const { detail } = this;
    this.timers = [];
    this.live = {};
    this.element.dataset['testid'] = 'track-card';
    this.element.setAttribute('aria-label', `Track ${selection.number}`);
    const flags = frame && row !== undefined ? frame.flags[row]! : 0;
    const objectClass = frame && row !== undefined ? frame.objectClass[row]! : 0;
    const name = detail?.callsign?.trim() || className(detail?.object_class);
    const state = frame && row !== undefined ? STATUS[status(frame, row)]! : 'ended';
    const uncorroborated = detail ? detail.corroborated === 'uncorroborated' : (flags & 16) !== 0;
    this.fill(
      this.head(
        symbolMark(objectClass, flags),
        name,
        `Track ${selection.number} · ${state}`,
        [
          (flags & 8) !== 0 ? h('span', { class: 'badge hazard' }, 'Hazardous') : null,
          uncorroborated ? h('span', { class: 'badge dashed' }, 'Uncorroborated') : null,
          detail?.external ? h('span', { class: 'badge' }, 'From another tracker') : null,
        ],
      ),
      this.trackMotion(),
      ...(detail ? this.trackDetail(detail) : [h('p', { class: 'muted' }, this.problem ?? 'Loading …')]),
    );
    this.element.classList.toggle('ended', row === undefined);
    if (frame && row !== undefined) this.showMotion(frame, row);
    else if (detail) this.showLast(detail);
  }

  private showLast(detail: TrackDetail): void {
    if (this.live['speed']) setText(this.live['speed'], speedText(detail.speed_mps));
    if (this.live['knots']) setText(this.live['knots'], knotsText(detail.speed_mps));
    if (this.live['course']) setText(this.live['course'], courseText(detail.course_deg));
  }

  private trackMotion(): HTMLElement {
    const figure = (label: string, name: string, small: string | null): HTMLElement =>
      h(
        'div',
        {},
        h('span', { class: 'label' }, label),
        (this.live[name] = h('span', { class: 'figure' }, '–')),
        small ? (this.live[small] = h('span', { class: 'figure-small' }, '')) : null,
      );
    return h(
      'div',
      { class: 'figures' },
      figure('Speed', 'speed', 'knots'),
      figure('Height', 'height', 'feet'),
      figure('Course', 'course', null),
    );
  }

  private trackDetail(detail: TrackDetail): HTMLElement[] {
    const parts: HTMLElement[] = [];
    if (detail.zones.length > 0) parts.push(this.threatened(detail));
    if (detail.why.length > 0) {
      parts.push(
        part('Why', h('ul', { class: 'why', 'data-testid': 'track-why' }, ...detail.why.map((line) => h('li', {}, line)))),
      );
    }
    parts.push(this.trackOrders.show(detail));
    parts.push(part('Class', classBars(detail)), part('Identity and sensors', this.identity(detail)));
    return parts;
  }

  private threatened(detail: TrackDetail): HTMLElement {
    const shown = detail.zones.slice(0, MOST_ZONES);
    const rows = shown.map((zone) => {
      const time = h('span', { class: 'countdown small' }, '--:--');
      this.timers.push({ arrivalMs: parseTime(zone.arrival_p50), time });
      return h(
        'li',
        {},
        button(`Show zone ${zone.name}`, null, () => this.commands.openZone(zone.zone_id), { class: 'link-row' }),
        h('span', { class: 'percent' }, percent(zone.probability)),
        time,
      );
    });
    shown.forEach((zone, i) => rows[i]!.querySelector('button')!.append(zone.name));
    const more = detail.zones.length - shown.length;
    if (more > 0) rows.push(h('li', { class: 'muted' }, `and ${more} more`));
    return part('May reach', h('ul', { class: 'threatened' }, ...rows));
  }

  private identity(detail: TrackDetail): HTMLElement {
    const first = parseTime(detail.first_seen);
    const facts: [string, string | HTMLElement | null][] = [
      ['Mode S', detail.mode_s?.toUpperCase() ?? null],
      ['Callsign', detail.callsign],
      ['Sensors', detail.sensors.join(', ') || 'none now'],
      ['Agreement', CORROBORATED[detail.corroborated] || null],
      ['Existence', percent(detail.existence_probability)],
      ['Position ±', detail.position_std_m === null ? null : metresText(detail.position_std_m)],
      ['Climb', detail.climb_mps === null ? null : `${detail.climb_mps.toFixed(1).replace('-', '−')} m/s`],
      ['First seen', first === null ? null : clockText(first)],
      ['Last plot', (this.live['lastPlot'] = h('span', {}, '–'))],
      ['Track id', detail.track_id],
    ];
    return factList(facts);
  }

  private drawZone(): void {
    const { selection } = this.store;
    const zone = selection?.kind === 'zone' ? this.store.zones.get(selection.zoneId) : undefined;
    if (!zone) return;
    this.timers = [];
    this.live = {};
    this.element.dataset['testid'] = 'zone-card';
    this.element.setAttribute('aria-label', `Zone ${zone.name}`);
    this.element.classList.remove('ended');
    this.fill(
      this.head(h('span', { class: `zone-mark ${zone.stage}` }), zone.name, `Zone ${zone.zone_id}`, [
        zone.stage === 'quiet' ? null : h('span', { class: `badge ${zone.stage}` }, stageName(zone.stage)),
      ]),
      ...(zone.stage === 'quiet' ? [] : [this.zoneArrival(zone)]),
      ...(zone.reason && zone.stage !== 'quiet' ? [part('Why', h('p', {}, sentenceCase(zone.reason)))] : []),
      ...(zone.proposal ? [part('Awaiting release', h('p', {}, proposed(zone)))] : []),
      ...(this.zoneOrders.show(zone) ? [this.zoneOrders.element] : []),
      part('Zone', this.zoneFacts(zone)),
    );
  }

  /** New content; who was typing goes on typing. */
  private fill(...content: HTMLElement[]): void {
    const active = document.activeElement;
    const { scrollTop } = this.element;
    this.element.replaceChildren(...content);
    if (active instanceof HTMLElement && this.element.contains(active)) active.focus({ preventScroll: true });
    this.element.scrollTop = scrollTop;
  }

  private zoneArrival(zone: Zone): HTMLElement {
    const time = h('span', { class: 'figure' }, '--:--');
    this.timers.push({ arrivalMs: parseTime(zone.arrival_p50), time });
    const [early, late] = [parseTime(zone.arrival_p10), parseTime(zone.arrival_p90)];
    const span = early !== null && late !== null ? `${clockText(early)} – ${clockText(late)}` : '';
    return h(
      'div',
      { class: 'figures two' },
      h('div', {}, h('span', { class: 'label' }, 'To arrival'), time, h('span', { class: 'figure-small' }, span)),
      h(
        'div',
        {},
        h('span', { class: 'label' }, 'Probability'),
        h('span', { class: 'figure' }, percent(zone.probability)),
        h('span', { class: 'figure-small' }, className(zone.threat_class)),
      ),
    );
  }

  private zoneFacts(zone: Zone): HTMLElement {
    const since = parseTime(this.store.since(zone));
    return factList([
      ['Stage', stageName(zone.stage)],
      ['Since', since === null || zone.stage === 'quiet' ? null : clockText(since)],
      ['Held until', clockOf(zone.held_until)],
      ['Extended until', clockOf(zone.extended_until)],
      ['Valid until', clockOf(zone.expires_at)],
      ['Released by', zone.released_by],
      ['Population', zone.population === null ? null : whole(zone.population)],
      ['Time to shelter', zone.time_to_shelter_s === null ? null : `${durationText(zone.time_to_shelter_s)} min`],
    ]);
  }
}

const clockOf = (moment: string | null): string | null => {
  const at = parseTime(moment);
  return at === null ? null : clockText(at);
};

const proposed = ({ proposal }: Zone): string => {
  if (!proposal) return '';
  const what = proposal.stage === 'quiet' ? 'All clear' : stageName(proposal.stage);
  const due = clockOf(proposal.due_at);
  return `${what}${due ? `, goes out by itself at ${due}` : ', waits for you'}. ${sentenceCase(proposal.reason)}`;
};

const part = (title: string, content: HTMLElement): HTMLElement =>
  h('section', { class: 'card-part' }, h('h3', {}, title), content);

const factList = (facts: [string, string | HTMLElement | null][]): HTMLElement =>
  h(
    'dl',
    { class: 'facts-list' },
    ...facts.flatMap(([name, value]) => (value === null ? [] : [h('dt', {}, name), h('dd', {}, value)])),
  );

function classBars(detail: TrackDetail): HTMLElement {
  const ordered = Object.entries(detail.class_probabilities)
    .sort((a, b) => b[1] - a[1])
    .filter(([, p], i) => i === 0 || p >= 0.02)
    .slice(0, 4);
  return h(
    'div',
    { class: 'bars', 'data-testid': 'class-bars' },
    ...ordered.flatMap(([name, p]) => {
      const bar = h('span', { class: 'bar' });
      bar.style.setProperty('--share', `${Math.round(p * 100)}%`);
      return [h('span', {}, className(name)), bar, h('span', { class: 'percent' }, percent(p))];
    }),
  );
}

function symbolMark(objectClass: number, flags: number): HTMLCanvasElement {
  const canvas = h('canvas', { class: 'symbol-mark', 'aria-hidden': 'true' });
  const ratio = window.devicePixelRatio || 1;
  canvas.width = canvas.height = 40 * ratio;
  const c = canvas.getContext('2d')!;
  c.scale(0.76 * ratio, 0.76 * ratio);
  c.translate(26.3, 26.3);
  drawSymbol(c, objectClass, flags & 3, (flags >> 3) & 3);
  return canvas;
}
