/** What buttons and keys do: one list, used by both and shown in the help. */
import { ApiError, forgetToken, keepToken, post, token } from '../api';
import type { ChartMap } from '../map';
import type { Store } from '../store';
import type { ClockState, Verb } from '../types';
import { askToken } from './token';

export const SPEEDS: { label: string; speed: number; testId: string }[] = [
  { label: '1×', speed: 1, testId: 'speed-1' },
  { label: '5×', speed: 5, testId: 'speed-5' },
  { label: '20×', speed: 20, testId: 'speed-20' },
  { label: 'Max', speed: 0, testId: 'speed-max' },
];

export const HEIGHTS_M = [100, 500, 1500, 3000];

export class Commands {
  onProblem: (text: string) => void = () => undefined;
  togglePanel: () => void = () => undefined;
  toggleLegend: () => void = () => undefined;
  toggleHelp: () => void = () => undefined;

  constructor(
    private readonly store: Store,
    private readonly map: ChartMap,
  ) {}

  readonly togglePause = (): void => {
    const { clock } = this.store;
    if (clock?.controllable) void this.changeClock({ paused: !clock.paused });
  };

  setSpeed(speed: number): void {
    if (this.store.clock?.controllable) void this.changeClock({ speed, paused: false });
  }

  readonly toggleBlind = (): void => this.store.setOptions({ blind: !this.store.options.blind });
  readonly toggleTrails = (): void => this.store.setOptions({ trails: !this.store.options.trails });
  readonly setHeight = (heightM: number): void => this.store.setOptions({ heightM, blind: true });
  readonly zoomIn = (): void => this.map.zoomBy(0.6);
  readonly zoomOut = (): void => this.map.zoomBy(-0.6);
  readonly fit = (): void => this.map.fit();
  readonly deselect = (): void => this.store.select(null);

  openZone(zoneId: string): void {
    this.store.select({ kind: 'zone', zoneId });
  }

  openTrack(number: number): void {
    this.store.select({ kind: 'track', number });
  }

  /** Step through the hazardous tracks, in the order of their numbers. */
  nextHazard(step: 1 | -1): void {
    const { frame, selection } = this.store;
    if (!frame) return;
    const numbers = [...frame.number].filter((_, i) => (frame.flags[i]! & 8) !== 0).sort((a, b) => a - b);
    if (numbers.length === 0) return;
    const at = selection?.kind === 'track' ? numbers.indexOf(selection.number) : -1;
    const start = at < 0 && step < 0 ? 0 : at;
    this.openTrack(numbers[(start + step + numbers.length) % numbers.length]!);
  }

  private async changeClock(change: { speed?: number; paused?: boolean }): Promise<void> {
    const done = await this.write<ClockState>('clock', change);
    if (typeof done === 'string') this.onProblem(done);
    else this.store.setClock(done);
  }

  /** Give an order about a warning or a proposal; the answer is null, or why it was refused. */
  async order(verb: Verb, warningId: string, body: Record<string, unknown>): Promise<string | null> {
    const done = await this.write<object>(`warnings/${encodeURIComponent(warningId)}/${verb}`, body);
    return typeof done === 'string' ? done : null;
  }

  async designate(trackId: string, body: Record<string, unknown>): Promise<string | null> {
    const done = await this.write<object>(`tracks/${encodeURIComponent(trackId)}/designation`, body);
    return typeof done === 'string' ? done : null;
  }

  /** What the server answers to a write, or the sentence that says why it did not do it. */
  private async write<T>(path: string, body: unknown): Promise<T | string> {
    if (!token() && !(await this.getToken())) return 'No access token was given, so nothing was sent.';
    try {
      return await post<T>(path, body);
    } catch (error) {
      // A token of too low a role stays: it is good for reads.
      if (error instanceof ApiError && error.status === 401) forgetToken();
      return error instanceof ApiError ? error.message : 'The server does not answer: nothing was done.';
    }
  }

  private async getToken(): Promise<boolean> {
    const given = await askToken();
    if (given) keepToken(given);
    return given !== null;
  }
}

/** Keys work wherever the focus is, except while typing. */
export function bindKeys(commands: Commands, map: ChartMap): void {
  const keys: Record<string, () => void> = {
    ' ': commands.togglePause,
    '+': commands.zoomIn,
    '=': commands.zoomIn,
    '-': commands.zoomOut,
    f: commands.fit,
    b: commands.toggleBlind,
    t: commands.toggleTrails,
    l: () => commands.toggleLegend(),
    p: () => commands.togglePanel(),
    '?': () => commands.toggleHelp(),
    '[': () => commands.nextHazard(-1),
    ']': () => commands.nextHazard(1),
    Escape: commands.deselect,
    ArrowLeft: () => map.panBy(-80, 0),
    ArrowRight: () => map.panBy(80, 0),
    ArrowUp: () => map.panBy(0, -80),
    ArrowDown: () => map.panBy(0, 80),
  };
  SPEEDS.forEach(({ speed }, i) => (keys[String(i + 1)] = () => commands.setSpeed(speed)));
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    if (target.closest('input, textarea, select, dialog')) return;
    // A focused button keeps its own space bar; a scrolled list keeps its arrows.
    if (event.key === ' ' && target.closest('button')) return;
    if (event.key.startsWith('Arrow') && target.closest('#panel, #card')) return;
    const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
