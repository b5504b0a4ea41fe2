import { describe, expect, it } from 'vitest';
import { courseDeg, decodeFrame, FrameError, hazardous, heightM, speedMps, status } from '../src/frame';

/** Two tracks, byte by byte from the interface description (not from any encoder of ours). */
function twoTracks(): Uint8Array<ArrayBuffer> {
  const hex = [
    '5443534e', // "TCSN" little-endian
    '0100', '0100', // version, kind
    '00e40b5402000000', // 10 s in ns
    '02000000', '00000000', '0000000000000000',
    '01000000', 'ffff0000', // numbers 1, 65535
    '0000003f', '000080be', // longitude +0.5, -0.25
    '000000c0', '0000803e', // latitude -2, +0.25
    'e803', '1027', // heights 0 m, 9000 m
    '2823', '9f8c', // courses 90.00, 359.99
    '0000', 'fc08', // speeds 0, 230.0
    '0000', '0000',
    '0701', // classes: one-way drone, airliner
    '1907', // flags: confirmed+hazardous+uncorroborated, external+identity
    'ff80', '0203',
  ].join('');
  return Uint8Array.from(hex.match(/../g)!, (byte) => parseInt(byte, 16));
}

describe('decodeFrame', () => {
  it('reads every column of a frame written out by hand', () => {
    const frame = decodeFrame(twoTracks().buffer);
    expect(frame.atMs).toBe(10_000);
    expect(frame.count).toBe(2);
    expect([...frame.number]).toEqual([1, 65535]);
    expect([...frame.longitudeOffset]).toEqual([0.5, -0.25]);
    expect([...frame.latitudeOffset]).toEqual([-2, 0.25]);
    expect([heightM(frame, 0), heightM(frame, 1)]).toEqual([0, 9000]);
    expect([courseDeg(frame, 0), courseDeg(frame, 1)]).toEqual([90, 359.99]);
    expect([speedMps(frame, 0), speedMps(frame, 1)]).toEqual([0, 230]);
    expect([...frame.objectClass]).toEqual([7, 1]);
    expect([status(frame, 0), status(frame, 1)]).toEqual([1, 3]);
    expect([hazardous(frame, 0), hazardous(frame, 1)]).toEqual([true, false]);
    expect([...frame.existence]).toEqual([255, 128]);
    expect([...frame.sensorCount]).toEqual([2, 3]);
  });

  it('copies nothing', () => {
    const bytes = twoTracks();
    const frame = decodeFrame(bytes.buffer);
    bytes[32] = 9;
    expect(frame.number[0]).toBe(9);
  });

  it('takes an empty frame', () => {
    const bytes = twoTracks().slice(0, 32);
    bytes[16] = 0;
    expect(decodeFrame(bytes.buffer).count).toBe(0);
  });

  it.each([
    ['cut in the header', (b: Uint8Array) => b.slice(0, 31)],
    ['cut in a column', (b: Uint8Array) => b.slice(0, 79)],
    ['another magic number', (b: Uint8Array) => b.fill(0, 0, 1)],
    ['another version', (b: Uint8Array) => b.fill(2, 4, 5)],
    ['another kind', (b: Uint8Array) => b.fill(9, 6, 7)],
  ])('refuses a frame with %s', (_, damage) => {
    expect(() => decodeFrame(damage(twoTracks()).slice().buffer as ArrayBuffer)).toThrow(FrameError);
  });
});
