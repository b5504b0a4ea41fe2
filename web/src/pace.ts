/** When to draw again: as soon as something has visibly moved, but never more than the renderer can bear. */

const LARGEST_STEP_PX = 0.4;
const LONGEST_PAUSE_MS = 250;
/** A slow renderer is given this share of the time and no more, so that the page stays responsive. */
const RENDER_SHARE = 0.4;
const SMOOTH_MS = 45;
const SLOWEST_MS = 1500;

export class Pace {
  private drawnPerf = 0;
  private drawnMs = 0;
  private renderMs = 0;
  private sinceDraw = 2;

  /** Called once on each animation frame; true where a picture is due. */
  due(nowMs: number, perf: number, running: boolean, changed: boolean, pxPerSecond: number): boolean {
    this.measure(perf);
    const rest = this.renderMs > SMOOTH_MS ? Math.min(SLOWEST_MS, this.renderMs / RENDER_SHARE) : 0;
    const waited = perf - this.drawnPerf;
    if (waited < rest) return false;
    const moved = (pxPerSecond * Math.abs(nowMs - this.drawnMs)) / 1000 > LARGEST_STEP_PX;
    if (!changed && !(running && (moved || waited > LONGEST_PAUSE_MS))) return false;
    this.drawnPerf = perf;
    this.drawnMs = nowMs;
    this.sinceDraw = 0;
    return true;
  }

  /** What a picture costs: from handing it over until the second animation frame after it. */
  private measure(perf: number): void {
    if (this.sinceDraw < 2 && ++this.sinceDraw === 2) {
      this.renderMs += 0.3 * (perf - this.drawnPerf - this.renderMs);
    }
  }
}
