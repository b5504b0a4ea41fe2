import { expect, test } from 'vitest';
import { headline, undeliveredCount, undeliveredText } from '../src/panel/undelivered';

const row = (waiting: number, refused: number, gave_up: number) => ({
  recipient: 'sirens', unreachable: true, waiting, refused, gave_up, last_error: null,
});

test('all that was not delivered counts, and is named', () => {
  expect(undeliveredCount([row(2, 0, 1), row(0, 3, 0)])).toBe(6);
  expect(undeliveredText(row(2, 0, 1))).toBe('2 waiting, 1 given up');
  expect(undeliveredText(row(0, 3, 0))).toBe('3 refused');
  expect(headline([row(0, 0, 0), row(0, 3, 0)])).toBe('3 not delivered');
  expect(headline([row(0, 0, 0)])).toBe('1 unreachable');
  expect(undeliveredText(row(0, 0, 0))).toBe('unreachable');
});
