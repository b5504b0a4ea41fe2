/** The binary track frame: a 32-byte header, then columns, 24 bytes a track. Decoding copies nothing. */

export const MAGIC = 0x4e534354;
export const HEADER_BYTES = 32;
export const TRACK_BYTES = 24;
export const HEIGHT_OFFSET_M = 1000;

export const STATUS = ['tentative', 'confirmed', 'coasting', 'external'] as const;
export const OBJECT_CLASS = [
  'unknown',
  'airliner',
  'light_aircraft',
  'helicopter',
  'bird',
  'balloon',
  'multirotor',
  'one_way_drone',
  'fast_low_flyer',
  'ballistic',
] as const;

export const FLAG_IDENTITY = 4;
export const FLAG_HAZARDOUS = 8;
export const FLAG_UNCORROBORATED = 16;

/** Column views onto one frame's bytes; row i of each column is one track. */
export interface Frame {
  readonly atMs: number;
  readonly count: number;
  readonly number: Uint32Array;
  readonly longitudeOffset: Float32Array;
  readonly latitudeOffset: Float32Array;
  readonly heightRaw: Uint16Array;
  readonly courseRaw: Uint16Array;
  readonly speedRaw: Uint16Array;
  readonly objectClass: Uint8Array;
  readonly flags: Uint8Array;
  readonly existence: Uint8Array;
  readonly sensorCount: Uint8Array;
}

export class FrameError extends Error {}

/** Decode one frame; throws FrameError where the bytes are not a whole version-1 track frame. */
export function decodeFrame(buffer: ArrayBuffer): Frame {
  if (buffer.byteLength < HEADER_BYTES) throw new FrameError(`frame of ${buffer.byteLength} bytes`);
  const header = new DataView(buffer);
  if (header.getUint32(0, true) !== MAGIC) throw new FrameError('frame without its magic number');
  const version = header.getUint16(4, true);
  const kind = header.getUint16(6, true);
  if (version !== 1 || kind !== 1) throw new FrameError(`frame of version ${version} kind ${kind}`);
  const count = header.getUint32(16, true);
  const wanted = HEADER_BYTES + count * TRACK_BYTES;
  if (buffer.byteLength < wanted) {
    throw new FrameError(`frame of ${count} tracks has ${buffer.byteLength} of ${wanted} bytes`);
  }
  let at = HEADER_BYTES;
  const next = (bytes: number): number => {
    const start = at;
    at += bytes * count;
    return start;
  };
  const number = new Uint32Array(buffer, next(4), count);
  const longitudeOffset = new Float32Array(buffer, next(4), count);
  const latitudeOffset = new Float32Array(buffer, next(4), count);
  const heightRaw = new Uint16Array(buffer, next(2), count);
  const courseRaw = new Uint16Array(buffer, next(2), count);
  const speedRaw = new Uint16Array(buffer, next(2), count);
  next(2);
  return {
    atMs: Number(header.getBigInt64(8, true)) / 1e6,
    count,
    number,
    longitudeOffset,
    latitudeOffset,
    heightRaw,
    courseRaw,
    speedRaw,
    objectClass: new Uint8Array(buffer, next(1), count),
    flags: new Uint8Array(buffer, next(1), count),
    existence: new Uint8Array(buffer, next(1), count),
    sensorCount: new Uint8Array(buffer, next(1), count),
  };
}

export const heightM = (frame: Frame, i: number): number => frame.heightRaw[i]! - HEIGHT_OFFSET_M;
export const courseDeg = (frame: Frame, i: number): number => frame.courseRaw[i]! / 100;
export const speedMps = (frame: Frame, i: number): number => frame.speedRaw[i]! / 10;
export const status = (frame: Frame, i: number): number => frame.flags[i]! & 3;
export const hazardous = (frame: Frame, i: number): boolean => (frame.flags[i]! & FLAG_HAZARDOUS) !== 0;
