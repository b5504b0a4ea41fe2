/** The map: renderer, view, pointer. It asks the store what to draw and tells it what was clicked. */
import type { Layer } from '@deck.gl/core';
import type { MultiPolygon } from 'geojson';
import type { Box } from './labels';
import { blindLayers } from './layers/blind';
import { coastLayers, worldLayer } from './layers/land';
import { DETAIL_ZOOM } from './layers/lines';
import { TrackLayers } from './layers/tracks';
import { zoneLayers } from './layers/zones';
import { fitBounds, metresPerPixel, toScreen, toWorld, type Bounds, type View } from './mercator';
import { Motion } from './motion';
import { Overlay } from './overlay';
import { Pace } from './pace';
import { boundsOf, insidePolygons, polygonsOf, type Store } from './store';
import { Surface } from './surface';
import { Trails } from './trails';

const TRACK_RADIUS_PX = 14;
const DRAG_PX = 5;
const LABEL_EVERY_MS = 250;

export class ChartMap {
  readonly motion = new Motion();
  private readonly trails = new Trails();
  private readonly tracks = new TrackLayers();
  private readonly overlay: Overlay;
  private readonly surface: Surface;
  private readonly pace = new Pace();
  private view: View = { longitude: 0, latitude: 20, zoom: 2, width: 800, height: 600 };
  private land: Layer[] = [];
  private blind: Layer[] = [];
  private zones: Layer[] = [];
  private zonesKey = '';
  private fitted = false;
  private labelled = 0;
  private trailsPerf = 0;
  private changed = true;
  private groundChanged = true;
  private nowMs = 0;
  /** What stands on the map, in map pixels: labels and the selected track keep clear of it. */
  covered: () => Box[] = () => [];
  onView: (view: View) => void = () => undefined;
  onPointer: (place: [number, number] | null) => void = () => undefined;

  constructor(
    private readonly host: HTMLElement,
    labels: HTMLCanvasElement,
    private readonly store: Store,
  ) {
    this.overlay = new Overlay(labels, store, this.motion);
    this.surface = new Surface(host, {
      moved: (place) => this.setView({ ...this.view, ...pick(place) }),
      resized: (width, height) => this.resized(width, height),
      rendered: () => this.drawLabels(),
      cursor: () => (this.overlay.hovered >= 0 ? 'pointer' : 'default'),
    });
    this.listen();
    this.follow();
    void document.fonts.ready.then(() => this.overlay.forgetWidths());
  }

  /** Draw what has changed or moved enough to be seen; called on every animation frame. */
  tick(nowMs: number, rate: number, perf: number): void {
    this.nowMs = nowMs;
    if (this.groundChanged) {
      this.groundChanged = false;
      this.surface.setGround([...this.land, ...this.blind, ...this.zones]);
    }
    const pxPerSecond = this.motion.fastestMps / metresPerPixel(this.view);
    if (this.pace.due(nowMs, perf, rate > 0, this.changed, pxPerSecond)) {
      this.changed = false;
      this.motion.advance(nowMs);
      this.surface.setMoving(this.tracks.layers(this.motion, this.view.zoom));
    }
    if (perf - this.labelled > LABEL_EVERY_MS) this.drawLabels();
  }

  setWorld(land: MultiPolygon): void {
    this.land = [worldLayer(land), ...this.land.filter((layer) => layer.id !== 'world')];
    this.groundChanged = true;
  }

  zoomBy(step: number): void {
    this.go({ ...this.view, zoom: Math.min(Math.max(this.view.zoom + step, 1), 16) });
  }

  panBy(dx: number, dy: number): void {
    const [longitude, latitude] = toWorld(this.view, this.view.width / 2 + dx, this.view.height / 2 + dy);
    this.go({ ...this.view, longitude, latitude });
  }

  /** Show the whole site: its zones and coastline, or the surroundings of its origin. */
  fit(smooth = true): void {
    const { width, height } = this.view;
    // Room about the zones: what comes should be seen before it is there.
    const view = fitBounds(this.siteBounds(), width, height, Math.max(36, 0.11 * Math.min(width, height)));
    this.go(view, smooth ? 400 : 0);
  }

  showZone(zoneId: string): void {
    const zone = this.store.zones.get(zoneId);
    if (zone) this.reveal(zone.anchor[0], zone.anchor[1]);
  }

  showTrack(number: number): void {
    const row = this.store.rowOf.get(number) ?? Infinity;
    if (row < this.motion.count) {
      this.reveal(this.motion.positions[2 * row]!, this.motion.positions[2 * row + 1]!);
    }
  }

  /** Move the map only if this place is off it or under a control; then to the middle of the free part. */
  private reveal(longitude: number, latitude: number): void {
    const { width, height } = this.view;
    const [x, y] = toScreen(this.view, longitude, latitude);
    const margin = 40;
    const covered = this.covered();
    const hidden = covered.some(
      (box) =>
        x > box.x - margin / 2 &&
        x < box.x + box.width + margin / 2 &&
        y > box.y - margin / 2 &&
        y < box.y + box.height + margin / 2,
    );
    const outside = x < margin || y < margin || x > width - margin || y > height - margin;
    if (!hidden && !outside) return;
    const left = Math.max(0, ...covered.filter((box) => box.height > height / 3).map((box) => box.x + box.width));
    const middle = width - left > 120 ? (left + width) / 2 : width / 2;
    const [centreX, centreY] = toWorld(this.view, x - middle + width / 2, y);
    this.go({ ...this.view, longitude: centreX, latitude: centreY }, 400);
  }

  /** Where a track is drawn now, in page pixels. */
  trackScreenPosition(number: number): [number, number] | null {
    const row = this.store.rowOf.get(number);
    if (row === undefined || row >= this.motion.count) return null;
    const { positions } = this.motion;
    const [x, y] = toScreen(this.view, positions[2 * row]!, positions[2 * row + 1]!);
    const box = this.host.getBoundingClientRect();
    return [box.left + x, box.top + y];
  }

  private follow(): void {
    const { store } = this;
    store.on('site', () => this.siteChanged());
    store.on('zones', () => this.zonesChanged());
    store.on('selection', () => this.zonesChanged());
    store.on(['coverage', 'view-options'], () => this.blindChanged());
    store.on('view-options', () => this.trailsChanged());
    store.on('frame', () => this.frameArrived());
    store.on(['sensors', 'connection'], () => this.drawLabels());
  }

  private siteChanged(): void {
    const coastline = this.store.site?.place.coastline;
    const world = this.land.filter((layer) => layer.id === 'world');
    this.land = [...world, ...(coastline ? coastLayers(coastline, this.view.zoom) : [])];
    this.groundChanged = true;
    this.fitOnce();
    // The first frame may have come before the origin that its offsets refer to.
    if (this.motion.count === 0) this.frameArrived();
  }

  /** Arrival times change every second; the drawing only when a stage or the selection does. */
  private zonesChanged(): void {
    const { selection, zones } = this.store;
    const selected = selection?.kind === 'zone' ? selection.zoneId : null;
    const stages = [...zones.values()].map((zone) => `${zone.zone_id} ${zone.stage}`);
    const key = [...stages, selected, this.view.zoom >= DETAIL_ZOOM].join();
    if (key !== this.zonesKey) {
      this.zonesKey = key;
      this.zones = zoneLayers([...zones.values()], selected, this.view.zoom);
      this.groundChanged = true;
    }
    this.fitOnce();
  }

  private blindChanged(): void {
    const { coverage, options } = this.store;
    this.blind = coverage && options.blind ? blindLayers(coverage) : [];
    this.groundChanged = true;
  }

  private frameArrived(): void {
    const { frame, site } = this.store;
    if (!frame || !site) return;
    const { longitude_deg, latitude_deg } = site.origin;
    this.overlay.hovered = -1;
    this.motion.load(frame, longitude_deg, latitude_deg);
    this.motion.advance(this.nowMs);
    this.tracks.load(frame, this.motion);
    const due = this.trails.add(frame, longitude_deg, latitude_deg);
    const pause = 200 + frame.count / 10;
    if (due && performance.now() - this.trailsPerf > pause) this.trailsChanged();
    else if (this.store.options.trails) this.tracks.loadTails(frame, this.motion, this.trails);
    this.changed = true;
  }

  private trailsChanged(): void {
    const { frame, options } = this.store;
    if (!frame) return;
    this.trailsPerf = performance.now();
    this.tracks.loadTrails(frame, this.motion, options.trails ? this.trails : null);
    this.changed = true;
  }

  private siteBounds(): Bounds {
    const { site, zones } = this.store;
    const boxes = [...zones.values()].map((zone) => zone.bounds);
    const coastline = site?.place.coastline;
    if (coastline && (coastline.type === 'Polygon' || coastline.type === 'MultiPolygon')) {
      boxes.push(boundsOf(polygonsOf(coastline)));
    }
    if (boxes.length === 0) {
      const { longitude_deg: x, latitude_deg: y } = site?.origin ?? { longitude_deg: 0, latitude_deg: 20 };
      const wide = 1.3 / Math.max(0.2, Math.cos((y * Math.PI) / 180));
      return [x - wide, y - 1.3, x + wide, y + 1.3];
    }
    return boxes.reduce((a, b) => [
      Math.min(a[0], b[0]),
      Math.min(a[1], b[1]),
      Math.max(a[2], b[2]),
      Math.max(a[3], b[3]),
    ]);
  }

  /** At load: as soon as the place is known and the map has its size. */
  private fitOnce(): void {
    if (this.fitted || !this.store.site || this.host.clientWidth === 0) return;
    this.view.width = this.host.clientWidth;
    this.view.height = this.host.clientHeight;
    this.fit(false);
    this.fitted = this.store.zonesLoaded;
  }

  private go(view: View, transitionMs = 0): void {
    this.surface.go(view, transitionMs);
    if (transitionMs === 0) this.setView({ ...this.view, ...pick(view) });
  }

  private resized(width: number, height: number): void {
    this.setView({ ...this.view, width, height });
    this.fitOnce();
  }

  private setView(view: View): void {
    const before = this.view;
    this.view = view;
    this.surface.follow(view);
    if (view.zoom !== before.zoom) this.changed = true;
    if (view.zoom >= DETAIL_ZOOM !== before.zoom >= DETAIL_ZOOM) {
      this.siteChanged();
      this.zonesChanged();
    }
    this.onView(view);
  }

  private drawLabels(): void {
    this.labelled = performance.now();
    this.overlay.draw(this.view, this.nowMs, this.covered());
  }

  /** Own pointer handling: picking runs over the same typed arrays that are drawn. */
  private listen(): void {
    let down: { x: number; y: number } | null = null;
    const at = (event: PointerEvent): [number, number] => {
      const box = this.host.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    this.host.addEventListener('pointerdown', (event) => {
      down = event.isPrimary && event.button === 0 ? { x: event.clientX, y: event.clientY } : null;
    });
    this.host.addEventListener('pointerup', (event) => {
      const still = down && Math.hypot(event.clientX - down.x, event.clientY - down.y) < DRAG_PX;
      down = null;
      if (still) this.clicked(...at(event));
    });
    this.host.addEventListener('pointermove', (event) => this.hover(...at(event)));
    this.host.addEventListener('pointerleave', () => {
      this.overlay.hovered = -1;
      this.onPointer(null);
    });
  }

  private hover(x: number, y: number): void {
    const row = this.motion.nearest(this.view, x, y, TRACK_RADIUS_PX);
    if (row !== this.overlay.hovered) {
      this.overlay.hovered = row;
      this.drawLabels();
    }
    this.onPointer(toWorld(this.view, x, y));
  }

  private clicked(x: number, y: number): void {
    const row = this.motion.nearest(this.view, x, y, TRACK_RADIUS_PX);
    if (row >= 0) return this.store.select({ kind: 'track', number: this.store.frame!.number[row]! });
    const [longitude, latitude] = toWorld(this.view, x, y);
    const zone = [...this.store.zones.values()].find((candidate) => {
      const [west, south, east, north] = candidate.bounds;
      const near = longitude >= west && longitude <= east && latitude >= south && latitude <= north;
      return near && insidePolygons(candidate.polygons, longitude, latitude);
    });
    this.store.select(zone ? { kind: 'zone', zoneId: zone.zone_id } : null);
  }
}

const pick = ({ longitude, latitude, zoom }: { longitude: number; latitude: number; zoom: number }) => ({
  longitude,
  latitude,
  zoom,
});
