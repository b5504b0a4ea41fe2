/** Sensor health: state, last heard, rate, faults. */
import { agoText, parseTime, rateText, whole } from '../format';
import { drawSensor } from '../sensor-marks';
import type { Store } from '../store';
import type { Sensor } from '../types';
import { h, setText } from './dom';

const KIND: Record<Sensor['kind'], string> = {
  radar: 'radar',
  adsb_receiver: 'ADS-B receiver',
  people: 'people',
  external: 'another tracker',
};
const STATE: Record<Sensor['state'], string> = {
  ok: 'OK',
  late: 'Late',
  silent: 'Silent',
  never: 'Never',
};
const RANK: Record<Sensor['state'], number> = { silent: 0, late: 1, never: 2, ok: 3 };

interface Row {
  element: HTMLElement;
  mark: HTMLCanvasElement;
  state: HTMLElement;
  heard: HTMLElement;
  rate: HTMLElement;
  faults: HTMLElement;
}

export class Sensors {
  readonly element: HTMLElement;
  private readonly list = h('ul', { class: 'rows sensors' });
  private readonly note = h('span', { class: 'count calm' });
  private readonly rows = new Map<string, Row>();
  private heard: { at: number | null; element: HTMLElement }[] = [];

  constructor(private readonly store: Store) {
    this.element = h('section', { class: 'sensors-part', 'data-testid': 'sensors-list' }, h('h2', {}, 'Sensors', this.note), this.list);
    store.on('sensors', () => this.changed());
  }

  tick(nowMs: number | null): void {
    if (nowMs === null) return;
    for (const { at, element } of this.heard) setText(element, agoText(at, nowMs));
  }

  private changed(): void {
    const sensors = this.store.sensors.toSorted(
      (a, b) => RANK[a.state] - RANK[b.state] || a.sensor_id.localeCompare(b.sensor_id),
    );
    const working = sensors.filter((sensor) => sensor.state === 'ok').length;
    setText(this.note, `${working} of ${sensors.length} working`);
    this.heard = [];
    const elements = sensors.map((sensor) => this.update(sensor));
    const same =
      elements.length === this.list.children.length && elements.every((e, i) => this.list.children[i] === e);
    if (!same) this.list.replaceChildren(...elements);
  }

  private update(sensor: Sensor): HTMLElement {
    const row = this.rows.get(sensor.sensor_id) ?? this.make(sensor);
    if (row.element.dataset['state'] !== sensor.state) {
      row.element.dataset['state'] = sensor.state;
      paint(row.mark, sensor);
    }
    setText(row.state, STATE[sensor.state]);
    setText(row.rate, rateText(sensor.reports_per_s));
    setText(row.faults, faultText(sensor.faults_total));
    row.faults.title = Object.entries(sensor.faults ?? {})
      .map(([kind, count]) => `${kind.replaceAll('_', ' ')}: ${count}`)
      .join('\n');
    this.heard.push({ at: parseTime(sensor.last_heard), element: row.heard });
    return row.element;
  }

  private make(sensor: Sensor): Row {
    const mark = h('canvas', { class: 'sensor-mark', 'aria-hidden': 'true' });
    const [state, heard, rate, faults] = ['state', 'heard', 'rate', 'faults'].map((name) =>
      h('span', { class: `sensor-${name}` }),
    ) as [HTMLElement, HTMLElement, HTMLElement, HTMLElement];
    const element = h(
      'li',
      { class: 'sensor', 'data-testid': 'sensor-row', 'data-sensor': sensor.sensor_id },
      mark,
      h('span', { class: 'sensor-id', title: `${sensor.sensor_id} (${KIND[sensor.kind]})` }, sensor.sensor_id),
      faults,
      rate,
      heard,
      state,
    );
    const row = { element, mark, state, heard, rate, faults };
    this.rows.set(sensor.sensor_id, row);
    return row;
  }
}

const faultText = (n: number): string => (n === 0 ? '' : n === 1 ? '1 fault' : `${whole(n)} faults`);

function paint(canvas: HTMLCanvasElement, sensor: Sensor): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = canvas.height = 22 * ratio;
  const c = canvas.getContext('2d')!;
  c.scale(ratio, ratio);
  drawSensor(c, 11, 11, sensor.kind, sensor.state);
}
