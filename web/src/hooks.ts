/** `window.tocsin`: what browser tests read, so that they can click where things really are. */
import type { ChartMap } from './map';
import type { Store } from './store';
import type { Stage } from './types';

export interface TestHooks {
  state(): {
    tracks: number;
    zones: Record<Stage, number>;
    selected: Store['selection'];
    now: string | null;
    connected: boolean;
    hazards: number;
  };
  /** Page coordinates of a track's symbol, or null where there is no such track. */
  trackScreenPosition(number: number): [number, number] | null;
  trackNumbers(): number[];
  select(number: number): void;
  readonly frames: number;
}

declare global {
  interface Window {
    tocsin: TestHooks;
  }
}

export function addHooks(store: Store, map: ChartMap, nowMs: () => number | null): void {
  window.tocsin = {
    state: () => {
      const now = nowMs();
      return {
        tracks: store.frame?.count ?? 0,
        zones: store.zonesByStage(),
        selected: store.selection,
        now: now === null ? null : new Date(now).toISOString(),
        connected: store.connection.state === 'open',
        hazards: store.hazards,
      };
    },
    trackScreenPosition: (number) => map.trackScreenPosition(number),
    trackNumbers: () => [...(store.frame?.number ?? [])],
    select: (number) => store.select({ kind: 'track', number }),
    get frames() {
      return store.frames;
    },
  };
}
