/** What live sensors cannot see at the chosen height. */
import { SolidPolygonLayer } from '@deck.gl/layers';
import type { Layer } from '@deck.gl/core';
import type { Position } from 'geojson';
import { BLIND } from '../palette';
import { polygonsOf } from '../store';
import type { Coverage } from '../types';
import { Hatch } from './hatch';
import { hairlines } from './lines';

const hatch = new Hatch({ direction: -1, periodPx: 7, stripePx: 1.3, between: 0.22 });

export function blindLayers(coverage: Coverage): Layer[] {
  const polygons = coverage.features
    .filter((feature) => feature.properties.kind === 'blind' && feature.geometry)
    .flatMap((feature) => polygonsOf(feature.geometry));
  return [
    new SolidPolygonLayer<Position[][]>({
      id: 'blind',
      data: polygons,
      getPolygon: (rings) => rings as [number, number][][],
      getFillColor: [...BLIND, 66],
      extensions: [hatch],
    }),
    hairlines('blind-line', polygons.flat(), [...BLIND, 110], 1),
  ];
}
