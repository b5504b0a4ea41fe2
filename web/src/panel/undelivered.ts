/** Says in the page's head, in red, to whom warnings could not be told, how many, and why. */
import type { Store } from '../store';
import type { Undelivered as Row } from '../types';
import { h, setText } from './dom';

export class Undelivered {
  private readonly count = h('summary', { 'data-testid': 'undelivered-count' }, '');
  private readonly list = h('ul', {});
  readonly element = h(
    'details',
    { class: 'undelivered', hidden: true, 'data-testid': 'undelivered' },
    this.count,
    h('div', { class: 'undelivered-list' }, h('h2', {}, 'Warnings not delivered'), this.list),
  );
  private shown = '';

  constructor(private readonly store: Store) {
    store.on('summary', () => this.changed());
  }

  private changed(): void {
    const rows = this.store.summary?.undelivered ?? [];
    // Once a second comes a summary: what says the same must neither flicker nor be read out again.
    const now = JSON.stringify(rows);
    if (now === this.shown) return;
    this.shown = now;
    this.element.hidden = rows.length === 0;
    setText(this.count, headline(rows));
    this.list.replaceChildren(...rows.map(line));
  }
}

export const undeliveredCount = (rows: Row[]): number =>
  rows.reduce((sum, row) => sum + row.waiting + row.refused + row.gave_up, 0);

/** One that cannot be reached misses the next warning, whether or not it lacks one now. */
export const headline = (rows: Row[]): string => {
  const count = undeliveredCount(rows);
  return count > 0 ? `${count} not delivered` : `${rows.length} unreachable`;
};

/** "2 waiting, 1 refused" */
export const undeliveredText = (row: Row): string =>
  [
    [row.waiting, 'waiting'],
    [row.refused, 'refused'],
    [row.gave_up, 'given up'],
  ]
    .filter(([count]) => count)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ') || (row.unreachable ? 'unreachable' : '');

const line = (row: Row): HTMLElement =>
  h(
    'li',
    { 'data-testid': 'undelivered-row' },
    h('strong', {}, row.recipient),
    h('span', {}, undeliveredText(row)),
    row.last_error !== null && h('span', { class: 'why' }, row.last_error),
  );
