/** Positions to draw: each frame's columns carried forward by course and speed. Typed arrays only. */
import type { Frame } from './frame';
import { worldPixels, worldX, worldY, type View } from './mercator';

const DEG = Math.PI / 180;
const METRES_PER_DEGREE = 111_195;
const MAX_CARRY_S = 120;

export class Motion {
  count = 0;
  /** Longitude, latitude pairs, degrees. */
  positions = new Float64Array(0);
  /** Counter-clockwise symbol angles, degrees. */
  angles = new Float32Array(0);
  fastestMps = 0;
  private base = new Float64Array(0);
  private rates = new Float64Array(0);
  private atMs = 0;

  load(frame: Frame, originLongitude: number, originLatitude: number): void {
    const n = frame.count;
    if (this.positions.length < 2 * n) this.grow(Math.ceil(n * 1.5) + 64);
    this.count = n;
    this.atMs = frame.atMs;
    this.fastestMps = 0;
    for (let i = 0; i < n; i++) {
      const latitude = originLatitude + frame.latitudeOffset[i]!;
      const course = (frame.courseRaw[i]! / 100) * DEG;
      const speed = frame.speedRaw[i]! / 10;
      if (speed > this.fastestMps) this.fastestMps = speed;
      this.base[2 * i] = originLongitude + frame.longitudeOffset[i]!;
      this.base[2 * i + 1] = latitude;
      const degreesPerSecond = speed / METRES_PER_DEGREE;
      this.rates[2 * i] = (degreesPerSecond * Math.sin(course)) / Math.cos(latitude * DEG);
      this.rates[2 * i + 1] = degreesPerSecond * Math.cos(course);
      this.angles[i] = -frame.courseRaw[i]! / 100;
    }
  }

  /** Carry every position to scenario time `nowMs`. */
  advance(nowMs: number): void {
    const dt = Math.min(Math.max((nowMs - this.atMs) / 1000, -MAX_CARRY_S), MAX_CARRY_S);
    const { positions, base, rates } = this;
    for (let k = 0; k < 2 * this.count; k++) positions[k] = base[k]! + rates[k]! * dt;
  }

  /** Write where row i is, and where it will be `seconds` later, into one pair of each column. */
  leader(i: number, seconds: number, from: Float64Array, to: Float64Array, at: number): void {
    for (let axis = 0; axis < 2; axis++) {
      from[at + axis] = this.positions[2 * i + axis]!;
      to[at + axis] = this.positions[2 * i + axis]! + this.rates[2 * i + axis]! * seconds;
    }
  }

  /** Row nearest to screen point x, y within `radius` pixels, or -1. */
  nearest(view: View, x: number, y: number, radius: number): number {
    const scale = worldPixels(view.zoom);
    const cx = worldX(view.longitude) - (view.width / 2 - x) / scale;
    const cy = worldY(view.latitude) - (view.height / 2 - y) / scale;
    let best = -1;
    let bestSquare = (radius / scale) ** 2;
    for (let i = 0; i < this.count; i++) {
      const dx = worldX(this.positions[2 * i]!) - cx;
      if (dx * dx >= bestSquare) continue;
      const dy = worldY(this.positions[2 * i + 1]!) - cy;
      const square = dx * dx + dy * dy;
      if (square < bestSquare) [best, bestSquare] = [i, square];
    }
    return best;
  }

  private grow(capacity: number): void {
    this.positions = new Float64Array(2 * capacity);
    this.base = new Float64Array(2 * capacity);
    this.rates = new Float64Array(2 * capacity);
    this.angles = new Float32Array(capacity);
  }
}
