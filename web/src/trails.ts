/** Where each track was in the last three minutes: one ring of samples a track, memory bounded. */
import type { Frame } from './frame';
import { FLAG_HAZARDOUS } from './frame';

export const TRAIL_S = 180;
const SAMPLES = 30;
const SAMPLE_MS = (TRAIL_S * 1000) / SAMPLES;
const MAX_SLOTS = 16_384;

export interface Segments {
  count: number;
  /** Longitude, latitude pairs. */
  source: Float32Array;
  target: Float32Array;
  colour: Uint8Array;
}

export class Trails {
  private slots = new Map<number, number>();
  private free: number[] = [];
  private capacity = 0;
  private longitude = new Float32Array(0);
  private latitude = new Float32Array(0);
  private head = new Uint8Array(0);
  private filled = new Uint8Array(0);
  private seen = new Uint32Array(0);
  private round = 0;
  private lastMs = -Infinity;

  get tracks(): number {
    return this.slots.size;
  }

  clear(): void {
    this.slots.clear();
    this.free = Array.from({ length: this.capacity }, (_, i) => this.capacity - 1 - i);
    this.lastMs = -Infinity;
  }

  /** Take a sample when one is due; true where the trails changed. */
  add(frame: Frame, originLongitude: number, originLatitude: number): boolean {
    if (frame.atMs < this.lastMs) this.clear();
    this.round += 1;
    const due = frame.atMs - this.lastMs >= SAMPLE_MS;
    if (due) this.lastMs = frame.atMs;
    for (let i = 0; i < frame.count; i++) {
      const known = this.slots.get(frame.number[i]!);
      const slot = known ?? this.take(frame.number[i]!);
      if (slot < 0) continue;
      this.seen[slot] = this.round;
      if (!due && known !== undefined) continue;
      this.push(slot, originLongitude + frame.longitudeOffset[i]!, originLatitude + frame.latitudeOffset[i]!);
    }
    this.drop();
    return due;
  }

  /** Newest sample of a track into out[at], out[at + 1]; false where it has none. */
  newest(number: number, out: Float64Array, at: number): boolean {
    const slot = this.slots.get(number);
    if (slot === undefined || this.filled[slot] === 0) return false;
    const k = slot * SAMPLES + this.head[slot]!;
    out[at] = this.longitude[k]!;
    out[at + 1] = this.latitude[k]!;
    return true;
  }

  /** Line segments of all trails of the frame's tracks, fading with age. */
  segments(frame: Frame, calm: readonly number[], hazard: readonly number[]): Segments {
    const most = this.slots.size * (SAMPLES - 1);
    const source = new Float32Array(2 * most);
    const target = new Float32Array(2 * most);
    const colour = new Uint8Array(4 * most);
    let n = 0;
    for (let i = 0; i < frame.count; i++) {
      const slot = this.slots.get(frame.number[i]!);
      if (slot === undefined) continue;
      const tint = (frame.flags[i]! & FLAG_HAZARDOUS) !== 0 ? hazard : calm;
      const start = slot * SAMPLES;
      const filled = this.filled[slot]!;
      let newer = start + this.head[slot]!;
      for (let age = 1; age < filled; age++) {
        const older = start + ((this.head[slot]! - age + SAMPLES) % SAMPLES);
        source[2 * n] = this.longitude[newer]!;
        source[2 * n + 1] = this.latitude[newer]!;
        target[2 * n] = this.longitude[older]!;
        target[2 * n + 1] = this.latitude[older]!;
        colour[4 * n] = tint[0]!;
        colour[4 * n + 1] = tint[1]!;
        colour[4 * n + 2] = tint[2]!;
        colour[4 * n + 3] = tint[3]! * (1 - age / SAMPLES);
        newer = older;
        n += 1;
      }
    }
    return { count: n, source, target, colour };
  }

  private push(slot: number, longitude: number, latitude: number): void {
    const head = (this.head[slot]! + 1) % SAMPLES;
    this.head[slot] = head;
    this.longitude[slot * SAMPLES + head] = longitude;
    this.latitude[slot * SAMPLES + head] = latitude;
    if (this.filled[slot]! < SAMPLES) this.filled[slot] = this.filled[slot]! + 1;
  }

  private take(number: number): number {
    if (this.free.length === 0 && !this.grow()) return -1;
    const slot = this.free.pop()!;
    this.slots.set(number, slot);
    this.filled[slot] = 0;
    return slot;
  }

  private drop(): void {
    for (const [number, slot] of this.slots) {
      if (this.seen[slot] === this.round) continue;
      this.slots.delete(number);
      this.free.push(slot);
    }
  }

  private grow(): boolean {
    if (this.capacity >= MAX_SLOTS) return false;
    const capacity = Math.min(MAX_SLOTS, Math.max(256, this.capacity * 2));
    const longer = <T extends Float32Array | Uint8Array | Uint32Array>(old: T, fresh: T): T => {
      fresh.set(old);
      return fresh;
    };
    this.longitude = longer(this.longitude, new Float32Array(capacity * SAMPLES));
    this.latitude = longer(this.latitude, new Float32Array(capacity * SAMPLES));
    this.head = longer(this.head, new Uint8Array(capacity));
    this.filled = longer(this.filled, new Uint8Array(capacity));
    this.seen = longer(this.seen, new Uint32Array(capacity));
    for (let slot = capacity - 1; slot >= this.capacity; slot--) this.free.push(slot);
    this.capacity = capacity;
    return true;
  }
}
