import { describe, expect, it } from 'vitest';
import { areas, blindLayers } from '../src/layers/blind';
import type { Coverage } from '../src/types';

const square = (west: number): [number, number][][] => [
  [
    [west, 0],
    [west + 1, 0],
    [west + 1, 1],
    [west, 0],
  ],
];
const feature = (kind: 'covered' | 'blind' | 'unknown', ...at: number[]): Coverage['features'][0] => ({
  type: 'Feature',
  properties: { kind, height_m: 500, sensor_id: null },
  geometry: { type: 'MultiPolygon', coordinates: at.map(square) },
});

describe('blind and unknown areas', () => {
  const coverage: Coverage = {
    type: 'FeatureCollection',
    features: [feature('covered', 1), feature('unknown', 2), feature('blind', 3, 4)],
  };

  it('are told apart, and what is covered is in neither', () => {
    expect(areas(coverage, 'blind').map((rings) => rings[0]?.[0]?.[0])).toEqual([3, 4]);
    expect(areas(coverage, 'unknown').map((rings) => rings[0]?.[0]?.[0])).toEqual([2]);
  });

  it('are drawn in layers of their own', () => {
    const ids = blindLayers(coverage).map((layer) => layer.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('blind');
    expect(ids).toContain('unknown');
  });
});
