/** All that the page knows, and who wants to hear when it changes. No DOM, no network. */
import type { MultiPolygon, Polygon, Position } from 'geojson';
import type { Frame } from './frame';
import { hazardous } from './frame';
import type {
  ClockState,
  Coverage,
  Notice,
  Proposal,
  Sensor,
  Site,
  Stage,
  StreamMessage,
  Summary,
  WarningRow,
  ZoneCollection,
  ZoneProperties,
} from './types';

export type Topic =
  | 'site'
  | 'zones'
  | 'warnings'
  | 'notices'
  | 'sensors'
  | 'coverage'
  | 'coverage-stale'
  | 'clock'
  | 'summary'
  | 'frame'
  | 'selection'
  | 'connection'
  | 'view-options'
  | 'decision';

export type Selection = { kind: 'track'; number: number } | { kind: 'zone'; zoneId: string } | null;

export interface Zone extends ZoneProperties {
  polygons: Position[][][];
  bounds: [number, number, number, number];
  anchor: [number, number];
}

export interface Connection {
  state: 'connecting' | 'open' | 'lost' | 'silent';
  frozenAtMs: number | null;
}

export interface ViewOptions {
  blind: boolean;
  heightM: number;
  trails: boolean;
}

const MAX_WARNINGS = 500;
const MAX_NOTICES = 100;
const OVERDUE_MS = 60_000;
/** A run that has not begun reports the first seconds of 1970. */
export const FIRST_MS = Date.UTC(1971);

export class Store {
  site: Site | null = null;
  zones = new Map<string, Zone>();
  /** What zones are part of and the site does not warn as a whole. */
  districts = new Map<string, ZoneProperties>();
  zonesLoaded = false;
  warnings: WarningRow[] = [];
  notices = new Map<string, Notice>();
  sensors: Sensor[] = [];
  coverage: Coverage | null = null;
  clock: ClockState | null = null;
  summary: Summary | null = null;
  frame: Frame | null = null;
  frames = 0;
  rowOf = new Map<number, number>();
  hazards = 0;
  selection: Selection = null;
  connection: Connection = { state: 'connecting', frozenAtMs: null };
  options: ViewOptions = { blind: true, heightM: 500, trails: true };
  /** The newest public decision, for the spoken announcements. */
  lastDecision: WarningRow | null = null;

  private listeners = new Map<Topic, (() => void)[]>();

  on(topics: Topic | Topic[], listener: () => void): void {
    for (const topic of [topics].flat()) {
      const list = this.listeners.get(topic) ?? [];
      list.push(listener);
      this.listeners.set(topic, list);
    }
  }

  emit(topic: Topic): void {
    for (const listener of this.listeners.get(topic) ?? []) listener();
  }

  setSite(site: Site): void {
    this.site = site;
    this.emit('site');
  }

  setZones(collection: ZoneCollection): void {
    this.zones = new Map();
    this.districts = new Map();
    this.zonesLoaded = true;
    for (const { geometry, properties } of collection.features) {
      if (properties.kind === 'district') {
        this.districts.set(properties.zone_id, properties);
        continue;
      }
      const polygons = polygonsOf(geometry);
      this.zones.set(properties.zone_id, {
        ...properties,
        polygons,
        bounds: boundsOf(polygons),
        anchor: anchorOf(polygons),
      });
    }
    this.emit('zones');
  }

  /** What could not be loaded again may be out of date. */
  loseZones(): void {
    this.zonesLoaded = false;
    this.emit('zones');
  }

  /** A repeated answer replaces the list; rows from the stream are put in front. */
  setWarnings(rows: WarningRow[]): void {
    this.warnings = rows.slice(0, MAX_WARNINGS);
    this.emit('warnings');
  }

  setNotices(rows: Notice[]): void {
    this.notices = new Map(rows.map((row) => [row.notice_id, row]));
    this.emit('notices');
  }

  setSensors(sensors: Sensor[]): void {
    this.sensors = sensors;
    this.emit('sensors');
  }

  setCoverage(coverage: Coverage | null): void {
    this.coverage = coverage;
    this.emit('coverage');
  }

  setClock(clock: ClockState): void {
    this.clock = clock;
    this.emit('clock');
  }

  setFrame(frame: Frame): void {
    this.frame = frame;
    this.frames += 1;
    this.rowOf.clear();
    this.hazards = 0;
    for (let i = 0; i < frame.count; i++) {
      this.rowOf.set(frame.number[i]!, i);
      if (hazardous(frame, i)) this.hazards += 1;
    }
    this.emit('frame');
  }

  setConnection(connection: Connection): void {
    this.connection = connection;
    this.emit('connection');
  }

  select(selection: Selection): void {
    this.selection = selection;
    this.emit('selection');
  }

  setOptions(change: Partial<ViewOptions>): void {
    this.options = { ...this.options, ...change };
    this.emit('view-options');
  }

  apply(message: StreamMessage): void {
    switch (message.type) {
      case 'clock':
        return this.setClock(message);
      case 'zones':
        return this.changeZones(message.changed);
      case 'warning':
        return this.addWarning(message);
      case 'notice':
        return this.addNotice(message);
      case 'sensors':
        return this.setSensors(message.sensors);
      case 'coverage_changed':
        return this.emit('coverage-stale');
      case 'summary':
        this.summary = message;
        return this.emit('summary');
      case 'hello':
        return;
    }
  }

  zonesByStage(): Record<Stage, number> {
    const counts = { quiet: 0, pre_alert: 0, alert: 0 };
    for (const zone of this.zones.values()) counts[zone.stage] += 1;
    return counts;
  }

  /** Warned zones: alerts first, the soonest first; what is long past its time comes after what is not. */
  openWarnings(): Zone[] {
    const now = this.frame?.atMs ?? Date.parse(this.clock?.now ?? '');
    const arrival = (zone: Zone): number => (zone.arrival_p50 ? Date.parse(zone.arrival_p50) : Infinity);
    const rank = (zone: Zone): number =>
      (zone.stage === 'alert' ? 0 : 2) + (arrival(zone) < now - OVERDUE_MS ? 1 : 0);
    return [...this.zones.values()]
      .filter((zone) => zone.stage !== 'quiet')
      .sort((a, b) => rank(a) - rank(b) || arrival(a) - arrival(b) || a.name.localeCompare(b.name));
  }

  /** Whether the run has said anything yet: before that, quiet zones only mean that nobody knows. */
  get reported(): boolean {
    return this.frame !== null && this.frame.atMs > FIRST_MS;
  }

  /** Zones where something awaits an operator, the first to go out by itself first. */
  proposals(): (Zone & { proposal: Proposal })[] {
    const due = (zone: Zone): string => zone.proposal?.due_at ?? '9';
    return [...this.zones.values()]
      .filter((zone): zone is Zone & { proposal: Proposal } => zone.proposal !== null)
      .sort((a, b) => due(a).localeCompare(due(b)) || a.name.localeCompare(b.name));
  }

  /** Zones and districts that have parts, by name: what may be somebody's district. */
  wholes(): ZoneProperties[] {
    const parents = new Set([...this.zones.values()].map((zone) => zone.parent_id));
    const zones = [...this.zones.values()].filter((zone) => parents.has(zone.zone_id));
    return [...this.districts.values(), ...zones].sort((a, b) => a.name.localeCompare(b.name));
  }

  recentClears(limit: number): WarningRow[] {
    return this.warnings.filter((w) => w.action === 'clear' || w.action === 'cancel').slice(0, limit);
  }

  /** When this zone's present stage was first decided. */
  since(zone: Zone): string | null {
    let first: string | null = null;
    for (const row of this.warnings) {
      if (row.zone_id !== zone.zone_id) continue;
      if (row.warning_id !== zone.warning_id || row.stage !== zone.stage) break;
      first = row.decided_at;
    }
    return first;
  }

  /** Newest first; one that only begins what another says in full is left out. */
  openNotices(): Notice[] {
    const open = [...this.notices.values()].filter((notice) => notice.ended_at === null);
    const stem = (notice: Notice): string => notice.text.replace(/[.\s]+$/, '');
    return open
      .filter((a) => !open.some((b) => b.text.length > a.text.length && b.text.startsWith(stem(a))))
      .sort((a, b) => b.at.localeCompare(a.at));
  }

  private changeZones(changed: ZoneProperties[]): void {
    for (const properties of changed) {
      const zone = this.zones.get(properties.zone_id);
      if (zone) this.zones.set(properties.zone_id, { ...zone, ...properties });
      else if (this.districts.has(properties.zone_id)) this.districts.set(properties.zone_id, properties);
    }
    this.emit('zones');
  }

  private addWarning(row: WarningRow): void {
    this.warnings = [row, ...this.warnings].slice(0, MAX_WARNINGS);
    this.lastDecision = row;
    this.emit('warnings');
    this.emit('decision');
  }

  private addNotice(notice: Notice): void {
    this.notices.set(notice.notice_id, notice);
    if (this.notices.size > MAX_NOTICES) {
      const oldest = [...this.notices.values()].sort((a, b) => a.at.localeCompare(b.at))[0];
      if (oldest) this.notices.delete(oldest.notice_id);
    }
    this.emit('notices');
  }
}

export const polygonsOf = (geometry: Polygon | MultiPolygon): Position[][][] =>
  geometry.type === 'MultiPolygon' ? geometry.coordinates : [geometry.coordinates];

export function boundsOf(polygons: Position[][][]): [number, number, number, number] {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of polygons.flat(2) as [number, number][]) {
    west = Math.min(west, x);
    east = Math.max(east, x);
    south = Math.min(south, y);
    north = Math.max(north, y);
  }
  return [west, south, east, north];
}

/** Centroid of the largest outer ring: where the zone's name is written. */
export function anchorOf(polygons: Position[][][]): [number, number] {
  let best: [number, number] = [0, 0];
  let bestArea = 0;
  for (const polygon of polygons) {
    const ring = polygon[0] as [number, number][] | undefined;
    if (!ring || ring.length === 0) continue;
    const [x0, y0] = ring[0]!;
    let [area, cx, cy] = [0, 0, 0];
    for (let i = 0; i + 1 < ring.length; i++) {
      const [ax, ay] = [ring[i]![0] - x0, ring[i]![1] - y0];
      const [bx, by] = [ring[i + 1]![0] - x0, ring[i + 1]![1] - y0];
      const cross = ax * by - bx * ay;
      area += cross;
      cx += (ax + bx) * cross;
      cy += (ay + by) * cross;
    }
    if (Math.abs(area) <= bestArea) continue;
    bestArea = Math.abs(area);
    best = [x0 + cx / (3 * area), y0 + cy / (3 * area)];
  }
  return best;
}

export function insidePolygons(polygons: Position[][][], x: number, y: number): boolean {
  return polygons.some((rings) => {
    let inside = false;
    for (const ring of rings as [number, number][][]) {
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
        const [xi, yi] = ring[i]!;
        const [xj, yj] = ring[j]!;
        if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
      }
    }
    return inside;
  });
}
