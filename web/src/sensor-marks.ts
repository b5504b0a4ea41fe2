/** Sensor marks: shape tells the kind, a cross or a gap tells trouble, colour only repeats it. */
import type { Sensor, SensorState } from './types';

export const STATE_COLOUR: Record<SensorState, string> = {
  ok: '#6fd6b1',
  late: '#ffba38',
  silent: '#ff6b66',
  never: '#8696a5',
};

export function drawSensor(
  c: CanvasRenderingContext2D,
  x: number,
  y: number,
  kind: Sensor['kind'],
  state: SensorState,
): void {
  c.save();
  c.translate(x, y);
  c.lineWidth = 1.6;
  c.strokeStyle = STATE_COLOUR[state];
  c.fillStyle = '#0a131c';
  SHAPES[kind](c);
  if (state === 'silent' || state === 'never') cross(c);
  c.restore();
}

const SHAPES: Record<Sensor['kind'], (c: CanvasRenderingContext2D) => void> = {
  radar(c) {
    c.beginPath();
    c.arc(0, 0, 7, 0, 2 * Math.PI);
    c.fill();
    c.stroke();
    c.beginPath();
    c.moveTo(0, 0);
    c.arc(0, 0, 7, -1.2, -0.35);
    c.closePath();
    c.fillStyle = c.strokeStyle;
    c.fill();
  },
  adsb_receiver(c) {
    c.beginPath();
    c.rect(-5.5, -5.5, 11, 11);
    c.fill();
    c.stroke();
    c.beginPath();
    c.moveTo(0, 3.5);
    c.lineTo(0, -1);
    c.moveTo(-3, -3);
    c.lineTo(0, -0.5);
    c.lineTo(3, -3);
    c.stroke();
  },
  people(c) {
    c.beginPath();
    c.moveTo(0, -6.5);
    c.lineTo(6.5, 5);
    c.lineTo(-6.5, 5);
    c.closePath();
    c.fill();
    c.stroke();
  },
  external(c) {
    c.beginPath();
    c.moveTo(0, -7);
    c.lineTo(7, 0);
    c.lineTo(0, 7);
    c.lineTo(-7, 0);
    c.closePath();
    c.fill();
    c.stroke();
  },
};

function cross(c: CanvasRenderingContext2D): void {
  c.beginPath();
  c.moveTo(-9, -9);
  c.lineTo(9, 9);
  c.moveTo(9, -9);
  c.lineTo(-9, 9);
  c.lineWidth = 2;
  c.stroke();
}
