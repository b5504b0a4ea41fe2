/** Four figures that tell the situation at a glance. */
import { rateText, whole } from '../format';
import type { Store } from '../store';
import { h, setText } from './dom';

export class Counters {
  readonly element = h('section', { class: 'counters', 'aria-label': 'Summary' });
  private readonly alert = this.cell('Alert', 'zones', 'counter-alert', 'alert');
  private readonly preAlert = this.cell('Pre-alert', 'zones', 'counter-pre-alert', 'pre-alert');
  private readonly tracks = this.cell('Tracks', '', 'counter-tracks', '');
  private readonly plots = this.cell('Plots', '', 'counter-plots', '');

  constructor(private readonly store: Store) {
    store.on('zones', () => this.zonesChanged());
    store.on('frame', () => this.frameArrived());
    store.on('summary', () => this.summaryArrived());
    this.zonesChanged();
  }

  private cell(name: string, note: string, testId: string, look: string): HTMLElement[] {
    const value = h('span', { class: 'counter-value', 'data-testid': testId }, '–');
    const small = h('span', { class: 'counter-note' }, note);
    this.element.append(
      h('div', { class: `counter ${look}` }, h('span', { class: 'counter-name' }, name), value, small),
    );
    return [value, small];
  }

  private zonesChanged(): void {
    const counts = this.store.zonesByStage();
    for (const [cell, count] of [
      [this.alert, counts.alert],
      [this.preAlert, counts.pre_alert],
    ] as const) {
      setText(cell[0]!, this.store.zonesLoaded && this.store.reported ? String(count) : '–');
      setText(cell[1]!, count === 1 ? 'zone' : 'zones');
      cell[0]!.parentElement!.classList.toggle('some', count > 0);
    }
  }

  private frameArrived(): void {
    if (this.alert[0]!.textContent === '–') this.zonesChanged();
    setText(this.tracks[0]!, whole(this.store.frame?.count ?? 0));
    const { hazards } = this.store;
    setText(this.tracks[1]!, hazards === 1 ? '1 hazard' : `${hazards > 0 ? hazards : 'no'} hazards`);
  }

  private summaryArrived(): void {
    const { summary } = this.store;
    if (!summary) return;
    setText(this.plots[0]!, rateText(summary.plots_per_s));
    setText(this.plots[1]!, `${shortCount(summary.plots)} in all`);
  }
}

function shortCount(n: number): string {
  if (n < 10_000) return whole(n);
  if (n < 1e6) return `${(n / 1e3).toFixed(n < 1e5 ? 1 : 0)} k`;
  return `${(n / 1e6).toFixed(1)} M`;
}
