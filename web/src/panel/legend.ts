/** The legend, drawn with the very functions that draw the map. */
import { className } from '../format';
import { OBJECT_CLASS } from '../frame';
import { drawSensor } from '../sensor-marks';
import { drawSymbol } from '../symbols';
import type { Sensor, SensorState } from '../types';
import { byId, h } from './dom';

const SHOWN_CLASSES = [1, 2, 3, 6, 7, 8, 9, 0, 4, 5];

function mark(draw: (c: CanvasRenderingContext2D) => void, scale: number): HTMLElement {
  const canvas = h('canvas', { class: 'legend-mark', 'aria-hidden': 'true' });
  const ratio = window.devicePixelRatio || 1;
  canvas.width = canvas.height = 28 * ratio;
  const c = canvas.getContext('2d')!;
  c.translate(14 * ratio, 14 * ratio);
  c.scale(scale * ratio, scale * ratio);
  draw(c);
  return canvas;
}

const entry = (picture: HTMLElement, text: string): HTMLElement => h('li', {}, picture, text);
const swatch = (look: string, text: string): HTMLElement => entry(h('span', { class: `swatch ${look}` }), text);
const symbol = (objectClass: number, status: number, marks: number, text: string): HTMLElement =>
  entry(mark((c) => drawSymbol(c, objectClass, status, marks), 0.6), text);
const sensor = (kind: Sensor['kind'], state: SensorState, text: string): HTMLElement =>
  entry(mark((c) => drawSensor(c, 0, 0, kind, state), 1), text);
const group = (title: string, ...entries: HTMLElement[]): HTMLElement =>
  h('section', {}, h('h3', {}, title), h('ul', {}, ...entries));

export function addLegend(): () => void {
  const element = h(
    'div',
    { id: 'legend', hidden: true, 'data-testid': 'legend', role: 'region', 'aria-label': 'Legend' },
    h(
      'div',
      {},
      group(
        'Zones',
        swatch('alert', 'Alert: take shelter'),
        swatch('pre-alert', 'Pre-alert: be ready'),
        swatch('quiet', 'Quiet'),
        swatch('blind', 'Blind at this height'),
        swatch('unknown', 'Unknown: terrain missing'),
      ),
      group(
        'Tracks',
        symbol(7, 1, 1, 'Hazardous, with 1 min ahead'),
        symbol(1, 1, 2, 'Uncorroborated'),
        symbol(2, 0, 0, 'Tentative'),
        symbol(2, 2, 0, 'Coasting: not seen now'),
        symbol(1, 3, 0, 'From another tracker'),
      ),
    ),
    h(
      'div',
      {},
      group('Objects', ...SHOWN_CLASSES.map((id) => symbol(id, 1, 0, className(OBJECT_CLASS[id])))),
    ),
    h(
      'div',
      {},
      group(
        'Sensors',
        sensor('radar', 'ok', 'Radar'),
        sensor('adsb_receiver', 'ok', 'ADS-B receiver'),
        sensor('people', 'ok', 'People'),
        sensor('external', 'ok', 'Another tracker'),
      ),
      group(
        'Sensor states',
        sensor('radar', 'ok', 'OK'),
        sensor('radar', 'late', 'Late'),
        sensor('radar', 'silent', 'Silent'),
        sensor('radar', 'never', 'Never heard'),
      ),
    ),
  );
  byId('map').append(element);
  return () => {
    element.hidden = !element.hidden;
  };
}
