/** Greedy label placement: the important ones first, none over another. Pure. */

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const overlaps = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

export class Placer {
  private readonly taken: Box[] = [];

  constructor(
    private readonly width: number,
    private readonly height: number,
  ) {}

  /** Mark a place that no label may cover. */
  reserve(box: Box): void {
    this.taken.push(box);
  }

  /** The first of the candidate boxes that is on the map and free; it is then taken. */
  place(candidates: Box[]): Box | null {
    for (const box of candidates) {
      const outside =
        box.x < 0 || box.y < 0 || box.x + box.width > this.width || box.y + box.height > this.height;
      if (outside || this.taken.some((other) => overlaps(box, other))) continue;
      this.taken.push(box);
      return box;
    }
    return null;
  }
}

/** Boxes centred on x, y, then above, below, right and left of it, `gap` away. */
export function around(x: number, y: number, width: number, height: number, gap: number): Box[] {
  const box = (cx: number, cy: number): Box => ({ x: cx - width / 2, y: cy - height / 2, width, height });
  const dx = width / 2 + gap;
  const dy = height / 2 + gap;
  return [box(x, y), box(x, y - dy), box(x, y + dy), box(x + dx, y), box(x - dx, y)];
}

/** Boxes beside a point symbol, never on it. */
export const beside = (x: number, y: number, width: number, height: number, gap: number): Box[] => [
  { x: x + gap, y: y - height / 2, width, height },
  { x: x - gap - width, y: y - height / 2, width, height },
  { x: x - width / 2, y: y + gap, width, height },
  { x: x - width / 2, y: y - gap - height, width, height },
];
