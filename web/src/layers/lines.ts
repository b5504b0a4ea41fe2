/** Outlines as plain line segments, thinned to what can be seen: long coastlines cost most of a slow frame. */
import { LineLayer } from '@deck.gl/layers';
import type { Layer } from '@deck.gl/core';
import type { Position } from 'geojson';

/** Above this zoom full detail is drawn; below it half a pixel is larger than COARSE_DEG. */
export const DETAIL_ZOOM = 10.5;
const COARSE_DEG = 0.0004;

/** Douglas-Peucker: drop points that lie within `tolerance` of the line without them; ends stay. */
export function thin(line: Position[], tolerance: number): Position[] {
  if (line.length <= 4) return line;
  const keep = new Uint8Array(line.length);
  keep[0] = keep[line.length - 1] = 1;
  // A closed ring has no chord from end to end: keep a point half-way, too.
  const half = line.length >> 1;
  keep[half] = 1;
  const todo: [number, number][] = [
    [0, half],
    [half, line.length - 1],
  ];
  for (let span = todo.pop(); span; span = todo.pop()) {
    const [from, to] = span;
    const worst = furthest(line, from, to);
    if (worst.distance <= tolerance) continue;
    keep[worst.at] = 1;
    todo.push([from, worst.at], [worst.at, to]);
  }
  return line.filter((_, i) => keep[i]);
}

function furthest(line: Position[], from: number, to: number): { at: number; distance: number } {
  const [ax, ay] = line[from] as [number, number];
  const [bx, by] = line[to] as [number, number];
  const [dx, dy] = [bx - ax, by - ay];
  const length = Math.hypot(dx, dy);
  let worst = { at: from, distance: 0 };
  for (let i = from + 1; i < to; i++) {
    const [x, y] = line[i] as [number, number];
    const distance = length > 0 ? Math.abs(dx * (y - ay) - dy * (x - ax)) / length : Math.hypot(x - ax, y - ay);
    if (distance > worst.distance) worst = { at: i, distance };
  }
  return worst;
}

const coarse = new WeakMap<Position[], Position[]>();

/** The ring itself or its thinned form, which is worked out once. */
export function atDetail(line: Position[], zoom: number): Position[] {
  if (zoom >= DETAIL_ZOOM) return line;
  let thinned = coarse.get(line);
  if (!thinned) coarse.set(line, (thinned = thin(line, COARSE_DEG)));
  return thinned;
}

/** A hairline layer over all rings, in two typed arrays. */
export function hairlines(id: string, rings: Position[][], colour: readonly number[], width: number): Layer {
  const length = rings.reduce((sum, ring) => sum + Math.max(0, ring.length - 1), 0);
  const source = new Float64Array(2 * length);
  const target = new Float64Array(2 * length);
  let at = 0;
  for (const ring of rings) {
    for (let i = 0; i + 1 < ring.length; i++, at += 2) {
      source[at] = ring[i]![0]!;
      source[at + 1] = ring[i]![1]!;
      target[at] = ring[i + 1]![0]!;
      target[at + 1] = ring[i + 1]![1]!;
    }
  }
  return new LineLayer({
    id,
    data: {
      length,
      attributes: {
        getSourcePosition: { value: source, size: 2 },
        getTargetPosition: { value: target, size: 2 },
      },
    },
    getColor: [...colour] as [number, number, number, number],
    getWidth: width,
  });
}
