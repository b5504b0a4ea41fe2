/** Zones: thin outlines when quiet, hatched amber when pre-alerted, solid red when alerted. */
import { PathLayer, SolidPolygonLayer } from '@deck.gl/layers';
import type { Layer } from '@deck.gl/core';
import type { Position } from 'geojson';
import { ALERT, PRE_ALERT, QUIET_LINE, SELECTED } from '../palette';
import type { Zone } from '../store';
import { Hatch } from './hatch';

interface Ring {
  zone: Zone;
  line: Position[];
}

const hatch = new Hatch({ direction: 1, periodPx: 9, stripePx: 4, between: 0.3 });

const areas = (zones: Zone[]): Position[][][] => zones.flatMap((zone) => zone.polygons);
const rings = (zones: Zone[]): Ring[] =>
  zones.flatMap((zone) => zone.polygons.flat().map((line) => ({ zone, line })));

const fill = (id: string, zones: Zone[], colour: readonly number[], hatched: boolean): Layer =>
  new SolidPolygonLayer<Position[][]>({
    id,
    data: areas(zones),
    getPolygon: (polygon) => polygon as [number, number][][],
    getFillColor: [...colour] as [number, number, number, number],
    extensions: hatched ? [hatch] : [],
  });

const outline = (id: string, zones: Zone[], colour: readonly number[], width: number): Layer =>
  new PathLayer<Ring>({
    id,
    data: rings(zones),
    getPath: (ring) => ring.line as [number, number][],
    getColor: [...colour] as [number, number, number, number],
    getWidth: width,
    widthUnits: 'pixels',
    jointRounded: true,
  });

export function zoneLayers(all: Zone[], selectedId: string | null): Layer[] {
  const preAlert = all.filter((zone) => zone.stage === 'pre_alert');
  const alert = all.filter((zone) => zone.stage === 'alert');
  const selected = all.filter((zone) => zone.zone_id === selectedId);
  return [
    outline('zones-quiet', all, QUIET_LINE, 1),
    fill('zones-pre-alert', preAlert, [...PRE_ALERT, 140], true),
    fill('zones-alert', alert, [...ALERT, 135], false),
    outline('zones-pre-alert-line', preAlert, [...PRE_ALERT, 235], 1.5),
    // A white core: the alert stays the strongest line in greyscale too.
    outline('zones-alert-line', alert, [...ALERT, 255], 5),
    outline('zones-alert-core', alert, [255, 255, 255, 235], 1.4),
    outline('zones-selected', selected, [...SELECTED, 255], 2.5),
  ];
}
