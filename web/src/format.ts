/** Text for people: times, countdowns, units. Pure functions. */

const two = (n: number): string => String(n).padStart(2, '0');

export const parseTime = (iso: string | null | undefined): number | null => {
  if (!iso) return null;
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? null : ms;
};

export function clockText(ms: number): string {
  const d = new Date(ms);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
}

export const dateText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** mm:ss below one hour, h:mm:ss above; rounds up, so that 00:00 is never shown early. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

export interface Countdown {
  text: string;
  label: string;
  late: boolean;
}

/** Time to the median arrival; past it, how long ago it was due. */
export function countdown(arrivalMs: number | null, nowMs: number): Countdown {
  if (arrivalMs === null) return { text: '--:--', label: 'no time yet', late: false };
  const left = (arrivalMs - nowMs) / 1000;
  if (left >= 0) return { text: durationText(left), label: 'to arrival', late: false };
  return { text: `+${durationText(Math.floor(-left))}`, label: 'since due', late: true };
}

export function agoText(ms: number | null, nowMs: number): string {
  if (ms === null) return 'never';
  const s = Math.max(0, Math.round((nowMs - ms) / 1000));
  if (s < 90) return `${s} s ago`;
  if (s < 5400) return `${Math.round(s / 60)} min ago`;
  return `${Math.round(s / 3600)} h ago`;
}

export const percent = (p: number | null | undefined): string => {
  if (p === null || p === undefined) return '–';
  if (p > 0.99 && p < 1) return '>\u00a099\u00a0%';
  if (p > 0 && p < 0.01) return '<\u00a01\u00a0%';
  return `${Math.round(p * 100)}\u00a0%`;
};

const CLASS_NAMES: Record<string, string> = {
  unknown: 'Unknown',
  airliner: 'Airliner',
  light_aircraft: 'Light aircraft',
  helicopter: 'Helicopter',
  bird: 'Bird',
  balloon: 'Balloon',
  multirotor: 'Multirotor',
  one_way_drone: 'One-way drone',
  fast_low_flyer: 'Fast low flyer',
  ballistic: 'Ballistic',
};

/** `one_way_drone` -> `One-way drone`; an unlisted name is only made readable. */
export function className(id: string | null | undefined): string {
  if (!id) return 'Unknown';
  const text = id.replaceAll('_', ' ');
  return CLASS_NAMES[id] ?? text.charAt(0).toUpperCase() + text.slice(1);
}

export const sentenceCase = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const stageName = (stage: string): string =>
  stage === 'alert' ? 'Alert' : stage === 'pre_alert' ? 'Pre-alert' : 'Quiet';

/** Grouped digits with a narrow no-break space: 12 400. */
export const whole = (n: number): string =>
  Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');

export function rateText(perSecond: number | null): string {
  if (perSecond === null || !Number.isFinite(perSecond)) return '–';
  return perSecond >= 10 ? `${whole(perSecond)}/s` : `${perSecond.toFixed(1)}/s`;
}

export const speedText = (mps: number): string => `${whole(mps)} m/s`;
export const knotsText = (mps: number): string => `${whole(mps * 1.943844)} kt`;
export const metresText = (m: number): string => `${whole(m)} m`;
export const feetText = (m: number): string => `${whole(m / 0.3048)} ft`;
export const courseText = (deg: number): string =>
  `${String(Math.round(deg) % 360).padStart(3, '0')}°`;

export function degreesText(latitude: number, longitude: number): string {
  const part = (v: number, width: number, plus: string, minus: string): string =>
    `${Math.abs(v).toFixed(4).padStart(width, '0')}° ${v < 0 ? minus : plus}`;
  return `${part(latitude, 7, 'N', 'S')}  ${part(longitude, 8, 'E', 'W')}`;
}

export function distanceText(metres: number): string {
  return metres >= 1000 ? `${metres / 1000} km` : `${metres} m`;
}
