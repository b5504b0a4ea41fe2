/** What live sensors cannot see at the chosen height, and where missing terrain leaves that unknown. */
import { SolidPolygonLayer } from '@deck.gl/layers';
import type { Layer } from '@deck.gl/core';
import type { Position } from 'geojson';
import { BLIND, UNKNOWN, type Rgb } from '../palette';
import { polygonsOf } from '../store';
import type { Coverage, CoverageProperties } from '../types';
import { Hatch } from './hatch';
import { hairlines } from './lines';

const hatch = new Hatch({ direction: -1, periodPx: 7, stripePx: 1.3, between: 0.22 });
/** The other way, and sparse: an area of which nobody knows is no clear sky. */
const unknownHatch = new Hatch({ direction: 1, periodPx: 16, stripePx: 2, between: 0.3 });

export function blindLayers(coverage: Coverage): Layer[] {
  return [
    ...areaLayers('blind', areas(coverage, 'blind'), BLIND, hatch),
    ...areaLayers('unknown', areas(coverage, 'unknown'), UNKNOWN, unknownHatch),
  ];
}

export function areas(coverage: Coverage, kind: CoverageProperties['kind']): Position[][][] {
  return coverage.features
    .filter((feature) => feature.properties.kind === kind && feature.geometry)
    .flatMap((feature) => polygonsOf(feature.geometry));
}

function areaLayers(id: string, polygons: Position[][][], colour: Rgb, pattern: Hatch): Layer[] {
  return [
    new SolidPolygonLayer<Position[][]>({
      id,
      data: polygons,
      getPolygon: (rings) => rings as [number, number][][],
      getFillColor: [...colour, 66],
      extensions: [pattern],
    }),
    hairlines(`${id}-line`, polygons.flat(), [...colour, 110], 1),
  ];
}
