/** Web Mercator for a north-up map: the same numbers as the renderer's, without its objects. */

const TILE = 512;
const RAD = Math.PI / 180;
const EARTH_CIRCUMFERENCE_M = 40_075_016.686;

export interface View {
  longitude: number;
  latitude: number;
  zoom: number;
  width: number;
  height: number;
}

export type Bounds = [west: number, south: number, east: number, north: number];

/** World x, y in [0, 1], y growing southwards. */
export const worldX = (longitude: number): number => (longitude + 180) / 360;
export const worldY = (latitude: number): number =>
  0.5 - Math.log(Math.tan(Math.PI / 4 + (latitude * RAD) / 2)) / (2 * Math.PI);
export const longitudeOf = (x: number): number => x * 360 - 180;
export const latitudeOf = (y: number): number =>
  (2 * Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) - Math.PI / 2) / RAD;

export const worldPixels = (zoom: number): number => TILE * 2 ** zoom;

export function toScreen(view: View, longitude: number, latitude: number): [number, number] {
  const scale = worldPixels(view.zoom);
  return [
    (worldX(longitude) - worldX(view.longitude)) * scale + view.width / 2,
    (worldY(latitude) - worldY(view.latitude)) * scale + view.height / 2,
  ];
}

export function toWorld(view: View, x: number, y: number): [number, number] {
  const scale = worldPixels(view.zoom);
  return [
    longitudeOf(worldX(view.longitude) + (x - view.width / 2) / scale),
    latitudeOf(worldY(view.latitude) + (y - view.height / 2) / scale),
  ];
}

export const metresPerPixel = (view: View): number =>
  (EARTH_CIRCUMFERENCE_M * Math.cos(view.latitude * RAD)) / worldPixels(view.zoom);

export function fitBounds(bounds: Bounds, width: number, height: number, padding: number): View {
  const [west, south, east, north] = bounds;
  const dx = Math.max(worldX(east) - worldX(west), 1e-7);
  const dy = Math.max(worldY(south) - worldY(north), 1e-7);
  const room = (size: number): number => Math.max(size - 2 * padding, 40);
  const zoom = Math.log2(Math.min(room(width) / dx, room(height) / dy) / TILE);
  return {
    longitude: (west + east) / 2,
    latitude: latitudeOf((worldY(south) + worldY(north)) / 2),
    zoom: Math.min(Math.max(zoom, 2), 13),
    width,
    height,
  };
}

/** The longest 1-2-5 length that fits in `maxPixels`. */
export function scaleBar(view: View, maxPixels: number): { metres: number; pixels: number } {
  const perPixel = metresPerPixel(view);
  const longest = perPixel * maxPixels;
  const power = 10 ** Math.floor(Math.log10(longest));
  const step = [5, 2, 1].find((s) => s * power <= longest) ?? 1;
  return { metres: step * power, pixels: (step * power) / perPixel };
}
