/** The scenario clock as the page sees it: runs on between messages, freezes when they stop. */

const SNAP_MS = 3000;
const MAX_AHEAD_WALL_MS = 2500;
/** At "max" each frame is a leap, and the rate only a guess: run on less far. */
const MAX_AHEAD_GUESSED_MS = 600;
const RATE_FRAMES = 10;
const RATE_SPAN_MS = 400;

export class ScenarioClock {
  private baseMs = 0;
  private basePerf = 0;
  private syncedPerf = 0;
  private rate = 0;
  private observedRate = 1;
  private maxAheadMs = MAX_AHEAD_WALL_MS;
  private frames: { atMs: number; perf: number }[] = [];
  private frozen = false;
  started = false;

  /** A message said: it is `nowMs` there; `speed` 0 means as fast as possible. */
  sync(nowMs: number, speed: number, paused: boolean, perf: number): void {
    this.correct(nowMs, this.rateOf(speed, paused), perf);
  }

  /** A frame carries scenario time too; it also tells the real rate when the speed is "max". */
  frame(atMs: number, speed: number, paused: boolean, perf: number): void {
    this.observe(atMs, perf);
    this.correct(atMs, this.rateOf(speed, paused), perf);
  }

  /** Scenario time in ms; it never runs further ahead of the last message than a short while. */
  now(perf: number): number {
    const end = this.frozen ? this.basePerf : Math.min(perf, this.syncedPerf + this.maxAheadMs);
    return this.baseMs + Math.max(0, end - this.basePerf) * this.rate;
  }

  /** Stop at the present reading, until the next message. */
  freeze(perf: number): void {
    this.baseMs = this.now(perf);
    this.basePerf = perf;
    this.frozen = true;
  }

  get currentRate(): number {
    return this.frozen ? 0 : this.rate;
  }

  /** Over several frames, because frames that waited for a busy page arrive in bursts. */
  private observe(atMs: number, perf: number): void {
    const last = this.frames.at(-1);
    if (last && atMs < last.atMs) this.frames = [];
    this.frames = [...this.frames.slice(1 - RATE_FRAMES), { atMs, perf }];
    const first = this.frames[0]!;
    if (perf - first.perf >= RATE_SPAN_MS) this.observedRate = (atMs - first.atMs) / (perf - first.perf);
  }

  private rateOf(speed: number, paused: boolean): number {
    this.maxAheadMs = speed > 0 ? MAX_AHEAD_WALL_MS : MAX_AHEAD_GUESSED_MS;
    if (paused) return 0;
    return speed > 0 ? speed : this.observedRate;
  }

  /** Small errors are taken out gradually (no backward jumps in countdowns), large ones at once. */
  private correct(nowMs: number, rate: number, perf: number): void {
    const predicted = this.now(perf);
    const error = nowMs - predicted;
    const snap = !this.started || this.frozen || Math.abs(error) > SNAP_MS * Math.max(1, rate);
    this.baseMs = snap || rate === 0 ? nowMs : predicted + 0.25 * error;
    this.basePerf = perf;
    this.syncedPerf = perf;
    this.rate = rate;
    this.frozen = false;
    this.started = true;
  }
}
