/** Words and small marks over the map, on a 2-D canvas: crisp text, and no label over another. */
import { countdown, parseTime } from './format';
import { courseDeg, FLAG_HAZARDOUS } from './frame';
import { around, beside, Placer, type Box } from './labels';
import { toScreen, type View } from './mercator';
import type { Motion } from './motion';
import { ALERT, css, PRE_ALERT, SELECTED } from './palette';
import { drawSensor } from './sensor-marks';
import type { Store, Zone } from './store';

const SANS = '"Inter Variable", system-ui, sans-serif';
const MONO = '"IBM Plex Mono", ui-monospace, monospace';
const HALO = 'rgba(8, 15, 22, 0.9)';
const MAX_TRACK_LABELS = 40;

type Draw = () => void;

export class Overlay {
  private readonly c: CanvasRenderingContext2D;
  private readonly widths = new Map<string, number>();
  hovered = -1;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly store: Store,
    private readonly motion: Motion,
  ) {
    this.c = canvas.getContext('2d')!;
  }

  /** `covered`: places of the map that controls stand on. */
  draw(view: View, nowMs: number, covered: Box[]): void {
    this.resize(view);
    const placer = new Placer(view.width, view.height);
    for (const box of covered) placer.reserve(box);
    this.sensors(view, placer);
    this.marks(view);
    const plates = this.zones(view, placer, nowMs);
    const trackLabels = this.tracks(view, placer);
    // Placed last, because they matter least, but drawn under the rest.
    this.towns(view, placer);
    for (const draw of [...trackLabels, ...plates.toReversed()]) draw();
  }

  /** Measured widths depend on the fonts, which arrive late. */
  forgetWidths(): void {
    this.widths.clear();
  }

  private resize(view: View): void {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.c.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.c.clearRect(0, 0, view.width, view.height);
  }

  private measure(font: string, text: string): number {
    const key = font + text;
    let width = this.widths.get(key);
    if (width === undefined) {
      this.c.font = font;
      width = this.c.measureText(text).width;
      if (this.widths.size > 4000) this.widths.clear();
      this.widths.set(key, width);
    }
    return width;
  }

  private text(text: string, x: number, y: number, font: string, colour: string): void {
    const { c } = this;
    c.font = font;
    c.textBaseline = 'middle';
    c.lineJoin = 'round';
    c.lineWidth = 3;
    c.strokeStyle = HALO;
    c.strokeText(text, x, y);
    c.fillStyle = colour;
    c.fillText(text, x, y);
  }

  private sensors(view: View, placer: Placer): void {
    for (const sensor of this.store.sensors) {
      if (sensor.latitude_deg === null || sensor.longitude_deg === null) continue;
      const [x, y] = toScreen(view, sensor.longitude_deg, sensor.latitude_deg);
      if (!onScreen(view, x, y)) continue;
      drawSensor(this.c, x, y, sensor.kind, sensor.state);
      placer.reserve({ x: x - 8, y: y - 8, width: 16, height: 16 });
    }
  }

  /** Rings about the selected and the hovered track. */
  private marks(view: View): void {
    const { selection } = this.store;
    const row = selection?.kind === 'track' ? this.store.rowOf.get(selection.number) : undefined;
    if (this.hovered >= 0 && this.hovered !== row) this.circle(view, this.hovered, 15, 0.6, 1.5);
    if (row !== undefined) this.circle(view, row, 18, 1, 2.5);
  }

  private circle(view: View, row: number, radius: number, alpha: number, width: number): void {
    const { c, motion } = this;
    if (row >= motion.count) return;
    const [x, y] = toScreen(view, motion.positions[2 * row]!, motion.positions[2 * row + 1]!);
    c.beginPath();
    c.arc(x, y, radius, 0, 2 * Math.PI);
    c.lineWidth = width;
    c.strokeStyle = css(SELECTED, alpha);
    c.stroke();
  }

  private zones(view: View, placer: Placer, nowMs: number): Draw[] {
    const draws: (Draw | null)[] = [];
    for (const zone of this.store.openWarnings()) {
      const [x, y] = toScreen(view, zone.anchor[0], zone.anchor[1]);
      if (onScreen(view, x, y)) draws.push(this.zoneLabel(zone, x, y, placer, nowMs));
    }
    const { selection } = this.store;
    const zone = selection?.kind === 'zone' ? this.store.zones.get(selection.zoneId) : undefined;
    if (zone?.stage === 'quiet') {
      const [x, y] = toScreen(view, zone.anchor[0], zone.anchor[1]);
      draws.push(this.plain(zone.name, x, y, placer, `600 12px ${SANS}`, css(SELECTED)));
    }
    return draws.filter((draw) => draw !== null);
  }

  /** A dark plate: zone name and countdown; where it does not fit, the countdown alone. */
  private zoneLabel(zone: Zone, x: number, y: number, placer: Placer, nowMs: number): Draw | null {
    const time = countdown(parseTime(zone.arrival_p50), nowMs).text;
    const alert = zone.stage === 'alert';
    const nameFont = `${alert ? 650 : 550} 12px ${SANS}`;
    const timeFont = `600 13px ${MONO}`;
    const nameWidth = this.measure(nameFont, zone.name);
    const timeWidth = this.measure(timeFont, time.replaceAll(/\d/g, '0'));
    const wide = nameWidth + timeWidth + 27;
    const full = placer.place(around(x, y, wide, 22, 4));
    const box = full ?? placer.place(around(x, y, timeWidth + 17, 22, 4));
    if (!box) return null;
    return () => {
      this.plate(box.x, box.y, box.width, box.height, alert);
      this.c.textBaseline = 'middle';
      const middle = box.y + box.height / 2 + 0.5;
      this.c.font = nameFont;
      this.c.fillStyle = '#ffffff';
      if (full) this.c.fillText(zone.name, box.x + 11, middle);
      this.c.font = timeFont;
      this.c.fillStyle = alert ? '#ffd0cc' : css(PRE_ALERT);
      this.c.fillText(time, box.x + box.width - timeWidth - 6, middle);
    };
  }

  private plate(x: number, y: number, width: number, height: number, alert: boolean): void {
    const { c } = this;
    c.fillStyle = 'rgba(9, 16, 23, 0.9)';
    c.beginPath();
    c.roundRect(x, y, width, height, 3);
    c.fill();
    c.strokeStyle = alert ? '#ffffff' : css(PRE_ALERT, 0.6);
    c.lineWidth = 1;
    c.stroke();
    c.fillStyle = css(alert ? ALERT : PRE_ALERT);
    if (alert) return void c.fillRect(x, y + 1, 5, height - 2);
    for (let stripe = y + 2; stripe < y + height - 2; stripe += 5) c.fillRect(x + 1, stripe, 4, 2.5);
  }

  /** The selected track, the hovered one, then hazards, as long as there is room. */
  private tracks(view: View, placer: Placer): Draw[] {
    const { frame, selection, rowOf } = this.store;
    if (!frame) return [];
    const selected = selection?.kind === 'track' ? rowOf.get(selection.number) : undefined;
    const strong = [selected ?? -1, this.hovered === selected ? -1 : this.hovered].filter((row) => row >= 0);
    const draws = strong.map((row) => this.trackLabel(view, placer, row, true));
    let left = MAX_TRACK_LABELS;
    for (let i = 0; i < frame.count && left > 0; i++) {
      if ((frame.flags[i]! & FLAG_HAZARDOUS) === 0 || strong.includes(i)) continue;
      const draw = this.trackLabel(view, placer, i, false);
      if (!draw) continue;
      draws.push(draw);
      left -= 1;
    }
    return draws.filter((draw) => draw !== null);
  }

  private trackLabel(view: View, placer: Placer, row: number, strong: boolean): Draw | null {
    const { frame } = this.store;
    if (!frame || row >= frame.count || row >= this.motion.count) return null;
    const { positions } = this.motion;
    const [x, y] = toScreen(view, positions[2 * row]!, positions[2 * row + 1]!);
    if (!onScreen(view, x, y)) return null;
    const text = String(frame.number[row]!);
    const font = `${strong ? 600 : 500} ${strong ? 13 : 11}px ${MONO}`;
    const boxes = beside(x, y, this.measure(font, text), 14, strong ? 22 : 15);
    // Behind the symbol first: the leader line lies ahead of it.
    const course = courseDeg(frame, row);
    if (course > 0 && course < 180) boxes.unshift(boxes[1]!);
    const box = placer.place(boxes);
    if (!box) return null;
    return () => this.text(text, box.x, box.y + 7, font, strong ? css(SELECTED) : '#ffc9b8');
  }

  private towns(view: View, placer: Placer): void {
    const towns = this.store.site?.place.towns ?? [];
    for (const town of [...towns].sort((a, b) => b.population - a.population)) {
      const [x, y] = toScreen(view, town.longitude_deg, town.latitude_deg);
      if (!onScreen(view, x, y)) continue;
      const large = town.population >= 20_000;
      const font = `${large ? 550 : 450} ${large ? 12 : 11}px ${SANS}`;
      const width = this.measure(font, town.name);
      const box = placer.place(beside(x, y, width, 15, 7));
      if (!box) continue;
      this.dot(x, y, large ? 2.6 : 2);
      this.text(town.name, box.x, box.y + 8, font, large ? '#d5e0ea' : '#a9b9c7');
    }
  }

  private dot(x: number, y: number, radius: number): void {
    this.c.beginPath();
    this.c.arc(x, y, radius, 0, 2 * Math.PI);
    this.c.fillStyle = '#c3d0db';
    this.c.fill();
  }

  private plain(text: string, x: number, y: number, placer: Placer, font: string, colour: string): Draw | null {
    const box = placer.place(around(x, y, this.measure(font, text) + 4, 16, 3));
    return box && (() => this.text(text, box.x + 2, box.y + 8, font, colour));
  }
}

const onScreen = (view: View, x: number, y: number): boolean =>
  x > -20 && y > -20 && x < view.width + 20 && y < view.height + 20;
