import { describe, expect, it } from 'vitest';
import {
  agoText,
  className,
  countdown,
  courseText,
  degreesText,
  durationText,
  feetText,
  knotsText,
  parseTime,
  percent,
} from '../src/format';

const NOW = Date.parse('2031-05-04T02:13:20.250Z');
const at = (seconds: number): number => NOW + seconds * 1000;

describe('countdown', () => {
  it.each([
    [272, '04:32'],
    [60, '01:00'],
    [59.1, '01:00'],
    [0.2, '00:01'],
    [0, '00:00'],
    [3599, '59:59'],
    [3600, '1:00:00'],
    [37_261, '10:21:01'],
  ])('%s s before arrival shows %s', (seconds, text) => {
    expect(countdown(at(seconds), NOW)).toEqual({ text, label: 'to arrival', late: false });
  });

  it('counts up once the median arrival has passed', () => {
    expect(countdown(at(-0.4), NOW).text).toBe('+00:00');
    expect(countdown(at(-83.9), NOW)).toEqual({ text: '+01:23', label: 'since due', late: true });
  });

  it('does not invent a time', () => {
    expect(countdown(null, NOW).text).toBe('--:--');
  });

  it('never runs backwards as time passes', () => {
    const seconds = (text: string): number => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    let before = Infinity;
    for (let left = 4000; left >= 0; left -= 0.25) {
      const shown = seconds(durationText(left));
      expect(shown).toBeLessThanOrEqual(before);
      expect(shown - left).toBeGreaterThanOrEqual(0);
      expect(shown - left).toBeLessThan(1);
      before = shown;
    }
  });
});

describe('other texts', () => {
  it('keeps fractions of a second in times', () => {
    expect(parseTime('2031-05-04T02:13:20.250Z')).toBe(NOW);
    expect(parseTime(null)).toBeNull();
    expect(parseTime('soon')).toBeNull();
  });

  it('tells near-certainty from certainty', () => {
    expect(percent(0.995)).toBe('>\u00a099\u00a0%');
    expect(percent(1)).toBe('100\u00a0%');
    expect(percent(0.004)).toBe('<\u00a01\u00a0%');
    expect(percent(0)).toBe('0\u00a0%');
    expect(percent(null)).toBe('–');
  });

  it('converts to knots and feet', () => {
    expect(knotsText(100)).toBe('194 kt');
    expect(feetText(304.8)).toBe('1\u202f000 ft');
  });

  it('writes courses in three digits and never 360', () => {
    expect(courseText(7.2)).toBe('007°');
    expect(courseText(359.8)).toBe('000°');
  });

  it('names hemispheres', () => {
    expect(degreesText(-4.5, 12.25)).toBe('04.5000° S  012.2500° E');
  });

  it('makes unknown names readable', () => {
    expect(className('one_way_drone')).toBe('One-way drone');
    expect(className('glider_tug')).toBe('Glider tug');
    expect(agoText(NOW - 4000, NOW)).toBe('4 s ago');
    expect(agoText(null, NOW)).toBe('never');
  });
});
