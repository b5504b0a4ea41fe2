/** The ground: world land (where the site has no place of its own) and the site's coastline. */
import { SolidPolygonLayer } from '@deck.gl/layers';
import type { Layer } from '@deck.gl/core';
import type { Geometry, MultiPolygon, Position } from 'geojson';
import { COAST, LAND } from '../palette';
import { polygonsOf } from '../store';
import { atDetail, hairlines } from './lines';

/** A coastline may be areas or only lines; lines that close are areas too. */
function split(geometry: Geometry): { areas: Position[][][]; lines: Position[][] } {
  switch (geometry.type) {
    case 'Polygon':
    case 'MultiPolygon': {
      const areas = polygonsOf(geometry);
      return { areas, lines: areas.flat() };
    }
    case 'LineString':
    case 'MultiLineString': {
      const lines = geometry.type === 'LineString' ? [geometry.coordinates] : geometry.coordinates;
      const closed = lines.filter((line) => {
        const [a, b] = [line[0], line.at(-1)];
        return a && b && a[0] === b[0] && a[1] === b[1];
      });
      return { areas: closed.map((ring) => [ring]), lines };
    }
    case 'GeometryCollection': {
      const parts = geometry.geometries.map(split);
      return { areas: parts.flatMap((p) => p.areas), lines: parts.flatMap((p) => p.lines) };
    }
    default:
      return { areas: [], lines: [] };
  }
}

export function coastLayers(geometry: Geometry, zoom: number): Layer[] {
  const { areas, lines } = split(geometry);
  return [
    new SolidPolygonLayer<Position[][]>({
      id: 'land',
      data: areas,
      getPolygon: (rings) => rings as [number, number][][],
      getFillColor: [...LAND],
    }),
    hairlines(
      'coast',
      lines.map((line) => atDetail(line, zoom)),
      COAST,
      1.2,
    ),
  ];
}

export function worldLayer(land: MultiPolygon): Layer {
  return new SolidPolygonLayer<Position[][]>({
    id: 'world',
    data: land.coordinates,
    getPolygon: (rings) => rings as [number, number][][],
    getFillColor: [...LAND],
  });
}
