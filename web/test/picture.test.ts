import { describe, expect, it } from 'vitest';
import { ScenarioClock } from '../src/clock';
import type { Frame } from '../src/frame';
import { around, Placer } from '../src/labels';
import { thin } from '../src/layers/lines';
import { fitBounds, metresPerPixel, scaleBar, toScreen, toWorld, type View } from '../src/mercator';
import { Motion } from '../src/motion';
import { Trails } from '../src/trails';

const frame = (atMs: number, numbers: number[], courseDeg = 90, speedMps = 100): Frame => {
  const n = numbers.length;
  return {
    atMs,
    count: n,
    number: Uint32Array.from(numbers),
    longitudeOffset: new Float32Array(n).map((_, i) => 0.25 * i),
    latitudeOffset: new Float32Array(n),
    heightRaw: new Uint16Array(n).fill(1000),
    courseRaw: new Uint16Array(n).fill(courseDeg * 100),
    speedRaw: new Uint16Array(n).fill(speedMps * 10),
    objectClass: new Uint8Array(n),
    flags: new Uint8Array(n),
    existence: new Uint8Array(n),
    sensorCount: new Uint8Array(n),
  };
};

describe('scenario clock', () => {
  it('runs on between messages at the given speed', () => {
    const clock = new ScenarioClock();
    clock.sync(1_000_000, 5, false, 0);
    expect(clock.now(100)).toBe(1_000_500);
  });

  it('stands still while paused', () => {
    const clock = new ScenarioClock();
    clock.sync(1_000_000, 5, true, 0);
    expect(clock.now(2000)).toBe(1_000_000);
  });

  it('does not run far past the last message', () => {
    const clock = new ScenarioClock();
    clock.sync(1_000_000, 1, false, 0);
    expect(clock.now(60_000)).toBe(1_002_500);
  });

  it('freezes, and takes the new time at once afterwards', () => {
    const clock = new ScenarioClock();
    clock.sync(1_000_000, 1, false, 0);
    clock.freeze(500);
    expect(clock.now(9000)).toBe(1_000_500);
    clock.sync(1_030_000, 1, false, 10_000);
    expect(clock.now(10_000)).toBe(1_030_000);
  });

  it('takes small errors out without a backward jump', () => {
    const clock = new ScenarioClock();
    clock.sync(1_000_000, 1, false, 0);
    const before = clock.now(1000);
    clock.sync(1_000_900, 1, false, 1000);
    expect(clock.now(1000)).toBeGreaterThan(before - 50);
    expect(clock.now(1100)).toBeGreaterThan(before);
  });

  it('learns the rate of "as fast as possible" from the frames', () => {
    const clock = new ScenarioClock();
    for (let i = 0; i < 40; i++) clock.frame(1_000_000 + 30_000 * i, 0, false, 500 * i);
    expect(clock.currentRate).toBeCloseTo(60, 0);
  });

  it('is not misled by frames that arrive in a burst', () => {
    const clock = new ScenarioClock();
    const arrivals = [0, 500, 1000, 2400, 2401, 2402, 3000];
    arrivals.forEach((perf, i) => clock.frame(1_000_000 + 30_000 * i, 0, false, perf));
    expect(clock.currentRate).toBeCloseTo(60, 0);
    expect(clock.now(60_000)).toBeLessThan(1_000_000 + 30_000 * 8);
  });
});

describe('mercator', () => {
  const view: View = { longitude: -30, latitude: 41, zoom: 9, width: 1000, height: 700 };

  it('has its centre in the middle, north up and east right', () => {
    expect(toScreen(view, -30, 41)).toEqual([500, 350]);
    expect(toScreen(view, -29.9, 41)[0]).toBeGreaterThan(500);
    expect(toScreen(view, -30, 41.1)[1]).toBeLessThan(350);
  });

  it('returns from the screen to the same place', () => {
    const [longitude, latitude] = toWorld(view, 123, 456);
    const [x, y] = toScreen(view, longitude, latitude);
    expect([x, y].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([123, 456]);
  });

  it('agrees with the published ground resolution at the equator', () => {
    // 156543.03 m per pixel at zoom 0 with 256-pixel tiles; half of that with 512-pixel tiles.
    expect(metresPerPixel({ ...view, latitude: 0, zoom: 0 })).toBeCloseTo(156543.03 / 2, 1);
  });

  it('fits a place into the window', () => {
    const fitted = { ...fitBounds([-31, 40.5, -29, 41.5], 1000, 700, 48), width: 1000, height: 700 };
    const [left, top] = toScreen(fitted, -31, 41.5);
    const [right, bottom] = toScreen(fitted, -29, 40.5);
    expect(Math.min(left, top)).toBeGreaterThanOrEqual(47.9);
    expect(right).toBeLessThanOrEqual(952.1);
    expect(bottom).toBeLessThanOrEqual(652.1);
  });

  it('gives a round scale bar', () => {
    const { metres, pixels } = scaleBar(view, 120);
    expect(metres).toBe(20_000 / 2);
    expect(pixels).toBeLessThanOrEqual(120);
  });
});

describe('motion', () => {
  it('carries a track along its course: 100 m/s east for 10 s at 60 N is 1 km', () => {
    const motion = new Motion();
    motion.load(frame(0, [1]), 10, 60);
    motion.advance(10_000);
    const metres = (motion.positions[0]! - 10) * 111_195 * Math.cos(Math.PI / 3);
    expect(metres).toBeCloseTo(1000, 3);
    expect(motion.positions[1]).toBe(60);
  });

  it('goes north on course 000', () => {
    const motion = new Motion();
    motion.load(frame(0, [1], 0), 10, 60);
    motion.advance(1000);
    expect(motion.positions[0]).toBeCloseTo(10, 12);
    expect(motion.positions[1]).toBeGreaterThan(60);
  });

  it('finds the nearest track under the pointer, and none far away', () => {
    const motion = new Motion();
    motion.load(frame(0, [7, 8, 9]), -30, 41);
    motion.advance(0);
    const view: View = { longitude: -30, latitude: 41, zoom: 9, width: 1000, height: 700 };
    const [x, y] = toScreen(view, -29.75, 41);
    expect(motion.nearest(view, x + 5, y - 5, 14)).toBe(1);
    expect(motion.nearest(view, x + 40, y - 40, 14)).toBe(-1);
  });
});

describe('trails', () => {
  const tint = [1, 2, 3, 200];

  it('keeps three minutes and no more', () => {
    const trails = new Trails();
    let last = frame(0, [5]);
    for (let s = 0; s <= 600; s += 2) trails.add((last = frame(s * 1000, [5])), 0, 0);
    expect(trails.segments(last, tint, tint).count).toBe(29);
  });

  it('forgets a track that has ended and reuses its place', () => {
    const trails = new Trails();
    trails.add(frame(0, [1, 2]), 0, 0);
    trails.add(frame(1000, [2]), 0, 0);
    expect(trails.tracks).toBe(1);
    trails.add(frame(10_000, [2, 3]), 0, 0);
    expect(trails.segments(frame(10_000, [3]), tint, tint).count).toBe(0);
  });

  it('starts anew when time goes back (a replay begins again)', () => {
    const trails = new Trails();
    for (let s = 0; s < 60; s += 6) trails.add(frame(s * 1000, [1]), 0, 0);
    trails.add(frame(0, [1]), 0, 0);
    expect(trails.segments(frame(0, [1]), tint, tint).count).toBe(0);
  });

  it('is bounded however many tracks there are', () => {
    const trails = new Trails();
    const many = frame(0, Array.from({ length: 20_000 }, (_, i) => i));
    trails.add(many, 0, 0);
    expect(trails.tracks).toBe(16_384);
  });
});

describe('labels', () => {
  it('never overlap and stay on the map', () => {
    const placer = new Placer(400, 300);
    const placed = [];
    for (let i = 0; i < 60; i++) {
      const box = placer.place(around((i * 67) % 400, (i * 41) % 300, 80, 20, 4));
      if (box) placed.push(box);
    }
    expect(placed.length).toBeGreaterThan(10);
    for (const [i, a] of placed.entries()) {
      expect(a.x >= 0 && a.y >= 0 && a.x + 80 <= 400 && a.y + 20 <= 300).toBe(true);
      for (const b of placed.slice(i + 1)) {
        expect(Math.abs(a.x - b.x) >= 80 || Math.abs(a.y - b.y) >= 20).toBe(true);
      }
    }
  });
});

describe('thinned outlines', () => {
  const ring = Array.from({ length: 361 }, (_, i): [number, number] => [
    Math.cos((i / 180) * Math.PI),
    Math.sin((i / 180) * Math.PI) + (i % 2) * 0.0001,
  ]);

  it('drop most points, keep the ends and stay within the tolerance', () => {
    const thinned = thin(ring, 0.01) as [number, number][];
    expect(thinned.length).toBeLessThan(60);
    expect([thinned[0], thinned.at(-1)]).toEqual([ring[0], ring.at(-1)]);
    for (const [x, y] of ring) {
      const distances = thinned.slice(1).map(([bx, by], i) => {
        const [ax, ay] = thinned[i]!;
        const t = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)));
        return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay));
      });
      expect(Math.min(...distances)).toBeLessThanOrEqual(0.01 + 1e-12);
    }
  });
});
