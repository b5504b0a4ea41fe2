/** Every colour of the map, once. Chosen to stay apart for colour-blind eyes and in greyscale. */
export type Rgb = readonly [number, number, number];
export type Rgba = readonly [number, number, number, number];

export const SEA = '#0a131c';
export const LAND: Rgb = [27, 38, 48];
export const COAST: Rgba = [88, 112, 130, 255];

export const QUIET_LINE: Rgba = [140, 164, 184, 62];
export const PRE_ALERT: Rgb = [255, 186, 56];
export const ALERT: Rgb = [255, 72, 72];
export const BLIND: Rgb = [168, 152, 214];
export const UNKNOWN: Rgb = [206, 196, 178];
export const SELECTED: Rgb = [125, 200, 255];

export const TRAIL: Rgba = [150, 186, 214, 84];
export const TRAIL_HAZARD: Rgba = [255, 170, 120, 190];

const CIVIL = '#8fc9f7';
const CALM = '#8696a5';
const DRONE = '#ffd95e';

/** Symbol colour by object class code. */
export const CLASS_COLOUR = [
  '#d6dee6',
  CIVIL,
  CIVIL,
  CIVIL,
  CALM,
  CALM,
  DRONE,
  DRONE,
  '#ff9a6b',
  '#ff82b4',
] as const;

export const css = ([r, g, b]: Rgb | Rgba, alpha = 1): string => `rgba(${r},${g},${b},${alpha})`;
