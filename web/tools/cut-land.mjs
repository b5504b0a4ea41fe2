// world-atlas land (TopoJSON) -> GeoJSON MultiPolygon cut at +-180 degrees, which a planar map needs:
// a ring that crosses the antimeridian is otherwise drawn as a band round the whole world.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { feature } from 'topojson-client';

const require = createRequire(import.meta.url);

/** Make longitudes continuous; a ring round a pole is closed along that pole. */
function unwrap(ring) {
  const out = [ring[0].slice()];
  for (const [x0, y] of ring.slice(1)) {
    let x = x0;
    const before = out.at(-1)[0];
    while (x - before > 180) x -= 360;
    while (x - before < -180) x += 360;
    out.push([x, y]);
  }
  if (Math.abs(out.at(-1)[0] - out[0][0]) > 180) {
    const pole = out.reduce((sum, p) => sum + p[1], 0) < 0 ? -90 : 90;
    out.push([out.at(-1)[0], pole], [out[0][0], pole], out[0].slice());
  }
  return out;
}

/** Sutherland-Hodgman against one vertical line; `side` +1 keeps x >= edge, -1 keeps x <= edge. */
function clip(ring, edge, side) {
  const out = [];
  for (let i = 0; i < ring.length - 1; i++) {
    const [ax, ay] = ring[i];
    const [bx, by] = ring[i + 1];
    const aIn = side * (ax - edge) >= 0;
    const bIn = side * (bx - edge) >= 0;
    if (aIn) out.push([ax, ay]);
    if (aIn !== bIn) out.push([edge, ay + ((edge - ax) / (bx - ax)) * (by - ay)]);
  }
  if (out.length) out.push(out[0].slice());
  return out;
}

function inWorld(ring, shift) {
  const cut = clip(clip(ring, -180 + shift, 1), 180 + shift, -1);
  return cut.map(([x, y]) => [Math.round((x - shift) * 1000) / 1000, Math.round(y * 1000) / 1000]);
}

export function cutPolygon(polygon) {
  const rings = polygon.map(unwrap);
  const parts = [];
  for (const shift of [-360, 0, 360]) {
    const cut = rings.map((ring) => inWorld(ring, shift)).filter((ring) => ring.length >= 4);
    if (cut.length && inWorld(rings[0], shift).length >= 4) parts.push(cut);
  }
  return parts;
}

const topology = JSON.parse(readFileSync(require.resolve('world-atlas/land-50m.json'), 'utf8'));
const coordinates = [];
for (const { geometry } of feature(topology, topology.objects.land).features) {
  const polygons = geometry.type === 'MultiPolygon' ? geometry.coordinates : [geometry.coordinates];
  for (const polygon of polygons) coordinates.push(...cutPolygon(polygon));
}
const folder = new URL('../public/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('land-50m.json', folder), JSON.stringify({ type: 'MultiPolygon', coordinates }));
