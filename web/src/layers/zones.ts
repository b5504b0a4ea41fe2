/** Zones: thin outlines when quiet, hatched amber when pre-alerted, solid red when alerted. */
import { PathLayer, SolidPolygonLayer } from '@deck.gl/layers';
import type { Layer } from '@deck.gl/core';
import type { Position } from 'geojson';
import { ALERT, PRE_ALERT, QUIET_LINE, SELECTED } from '../palette';
import type { Zone } from '../store';
import { Hatch } from './hatch';
import { atDetail, hairlines } from './lines';

const hatch = new Hatch({ direction: 1, periodPx: 9, stripePx: 4, between: 0.3 });

const areas = (zones: Zone[]): Position[][][] => zones.flatMap((zone) => zone.polygons);
const rings = (zones: Zone[], zoom: number): Position[][] =>
  areas(zones).flatMap((polygon) => polygon.map((ring) => atDetail(ring, zoom)));

const fill = (id: string, zones: Zone[], colour: readonly number[], hatched: boolean): Layer =>
  new SolidPolygonLayer<Position[][]>({
    id,
    data: areas(zones),
    getPolygon: (polygon) => polygon as [number, number][][],
    getFillColor: [...colour] as [number, number, number, number],
    extensions: hatched ? [hatch] : [],
  });

const outline = (id: string, data: Position[][], colour: readonly number[], width: number): Layer =>
  new PathLayer<Position[]>({
    id,
    data,
    getPath: (ring) => ring as [number, number][],
    getColor: [...colour] as [number, number, number, number],
    getWidth: width,
    widthUnits: 'pixels',
    jointRounded: true,
  });

export function zoneLayers(all: Zone[], selectedId: string | null, zoom: number): Layer[] {
  const preAlert = all.filter((zone) => zone.stage === 'pre_alert');
  const alert = all.filter((zone) => zone.stage === 'alert');
  const selected = all.filter((zone) => zone.zone_id === selectedId);
  const alertRings = rings(alert, zoom);
  return [
    hairlines('zones-quiet', rings(all, zoom), QUIET_LINE, 1),
    fill('zones-pre-alert', preAlert, [...PRE_ALERT, 140], true),
    fill('zones-alert', alert, [...ALERT, 135], false),
    hairlines('zones-pre-alert-line', rings(preAlert, zoom), [...PRE_ALERT, 235], 1.5),
    // A white core: the alert stays the strongest line in greyscale too.
    outline('zones-alert-line', alertRings, [...ALERT, 255], 5),
    hairlines('zones-alert-core', alertRings, [255, 255, 255, 235], 1.4),
    outline('zones-selected', rings(selected, zoom), [...SELECTED, 255], 2.5),
  ];
}
