/** Track symbols, drawn once into one atlas: class x status x marks. All point up (course 000). */
import { CLASS_COLOUR } from './palette';

export const CELL = 64;
const COLUMNS = 16;
const STATUSES = 4;
const MARKS = 4;
const EXTERNAL = 3;
const TENTATIVE = 0;
const COASTING = 2;
const HAZARD_MARK = 1;
const UNCORROBORATED_MARK = 2;
const INK = '#0a131c';

type Path = (c: CanvasRenderingContext2D) => void;

const polygon =
  (...points: [number, number][]): Path =>
  (c) => {
    c.beginPath();
    points.forEach(([x, y], i) => (i === 0 ? c.moveTo(x, y) : c.lineTo(x, y)));
    c.closePath();
  };

const mirrored = (...right: [number, number][]): Path =>
  polygon(...right, ...right.toReversed().map(([x, y]): [number, number] => [-x, y]));

/** Outlines in a box of about +-14 units, one for each object class code. */
const SHAPES: Path[] = [
  mirrored([0, -12], [9, 10], [0, 5]),
  mirrored([0, -14], [2, -9], [2, -3], [13, 5], [13, 8], [2, 4.5], [1.6, 9], [5, 12], [5, 14], [0, 13]),
  mirrored([0, -11], [1.8, -8], [1.8, -5], [13, -5], [13, -1], [1.8, -0.5], [1.4, 7], [5, 8], [5, 11], [0, 10.5]),
  mirrored([0, -9], [3.5, -5], [3.5, 2], [1.4, 4], [1.4, 10], [4, 11], [4, 13], [0, 13]),
  mirrored([0, -1], [5, -6], [12, -5], [6, -2.5], [0, 5]),
  (c) => {
    c.beginPath();
    c.arc(0, 0, 8, 0, 2 * Math.PI);
    c.closePath();
  },
  mirrored([0, -3.5], [7, -10.5], [10.5, -7], [3.5, 0], [10.5, 7], [7, 10.5], [0, 3.5]),
  mirrored([0, -12], [2.5, -8], [12, 8], [12, 11], [3, 8.5], [0, 10]),
  mirrored([0, -15], [2.6, -10], [2.6, -1], [8, 4], [8, 7], [2.6, 6], [2.6, 9], [5.5, 12], [5.5, 14], [0, 13]),
  mirrored([0, -15], [5, -4], [5, 5], [9, 13], [0, 9]),
];

function rotor(c: CanvasRenderingContext2D, colour: string): void {
  c.beginPath();
  c.moveTo(-9, -10);
  c.lineTo(9, 6);
  c.moveTo(9, -10);
  c.lineTo(-9, 6);
  c.lineWidth = 1.6;
  c.strokeStyle = colour;
  c.stroke();
}

function body(c: CanvasRenderingContext2D, objectClass: number, status: number): void {
  const colour = CLASS_COLOUR[objectClass]!;
  c.lineJoin = 'round';
  SHAPES[objectClass]!(c);
  c.lineWidth = 4;
  c.strokeStyle = INK;
  c.stroke();
  const hollow = status === TENTATIVE || status === COASTING;
  c.fillStyle = hollow ? INK : colour;
  c.fill();
  if (hollow) {
    c.setLineDash(status === COASTING ? [3, 2] : []);
    c.lineWidth = 1.7;
    c.strokeStyle = colour;
    c.stroke();
    c.setLineDash([]);
  }
  if (objectClass === 3) rotor(c, colour);
}

function ring(c: CanvasRenderingContext2D, marks: number): void {
  if (marks === 0) return;
  c.beginPath();
  c.arc(0, 0, 22, 0, 2 * Math.PI);
  c.setLineDash(marks & UNCORROBORATED_MARK ? [6, 5.5] : []);
  c.lineWidth = 5.5;
  c.strokeStyle = INK;
  c.stroke();
  c.lineWidth = 2.4;
  c.strokeStyle = marks & HAZARD_MARK ? '#ff5a4f' : '#c9d3dc';
  c.stroke();
  c.setLineDash([]);
}

/** A square frame: the track came ready-made from another tracker. */
function square(c: CanvasRenderingContext2D): void {
  c.strokeStyle = '#9fb0bf';
  c.lineWidth = 1.6;
  c.strokeRect(-17, -17, 34, 34);
}

/** Draw one symbol about the context's origin; `scale` 1 makes the 64-unit cell 64 pixels. */
export function drawSymbol(
  c: CanvasRenderingContext2D,
  objectClass: number,
  status: number,
  marks: number,
): void {
  ring(c, marks);
  if (status === EXTERNAL) square(c);
  body(c, objectClass, status);
}

const cellIndex = (objectClass: number, status: number, marks: number): number =>
  (objectClass * STATUSES + status) * MARKS + marks;

export function drawAtlas(): HTMLCanvasElement {
  const classes = SHAPES.length;
  const canvas = document.createElement('canvas');
  canvas.width = COLUMNS * CELL;
  canvas.height = Math.ceil((classes * STATUSES * MARKS) / COLUMNS) * CELL;
  const c = canvas.getContext('2d')!;
  for (let objectClass = 0; objectClass < classes; objectClass++) {
    for (let status = 0; status < STATUSES; status++) {
      for (let marks = 0; marks < MARKS; marks++) {
        const cell = cellIndex(objectClass, status, marks);
        c.save();
        c.translate(((cell % COLUMNS) + 0.5) * CELL, (Math.floor(cell / COLUMNS) + 0.5) * CELL);
        drawSymbol(c, objectClass, status, marks);
        c.restore();
      }
    }
  }
  return canvas;
}

/** The renderer's icon definition (offset x, y, frame x, y, width, height, mask) for one flags byte. */
export function writeIcon(out: Float32Array, row: number, objectClass: number, flags: number): void {
  const known = objectClass < SHAPES.length ? objectClass : 0;
  const cell = cellIndex(known, flags & 3, (flags >> 3) & 3);
  const at = 7 * row;
  out[at] = 0;
  out[at + 1] = 0;
  out[at + 2] = (cell % COLUMNS) * CELL;
  out[at + 3] = Math.floor(cell / COLUMNS) * CELL;
  out[at + 4] = CELL;
  out[at + 5] = CELL;
  out[at + 6] = 0;
}
