/** Screen-space stripes on filled polygons, so that areas differ by pattern and not by colour alone. */
import { LayerExtension, type Layer } from '@deck.gl/core';

interface HatchOptions {
  /** +1 rises to the right, -1 falls. */
  direction: 1 | -1;
  periodPx: number;
  stripePx: number;
  /** Opacity between the stripes, as a share of the fill's own. */
  between: number;
}

const glsl = (x: number): string => x.toFixed(3);

export class Hatch extends LayerExtension<HatchOptions> {
  static override extensionName = 'Hatch';

  override getShaders(this: Layer, extension: this): { inject: Record<string, string> } {
    const { direction, periodPx, stripePx, between } = extension.opts;
    const ratio = window.devicePixelRatio || 1;
    const period = glsl(periodPx * ratio * Math.SQRT2);
    const half = glsl((stripePx * ratio * Math.SQRT2) / 2);
    return {
      inject: {
        'fs:DECKGL_FILTER_COLOR': `
          float hatchAt = mod(gl_FragCoord.x - ${glsl(direction)} * gl_FragCoord.y, ${period});
          float hatchEdge = abs(hatchAt - 0.5 * ${period}) - ${half};
          color.a *= mix(1.0, ${glsl(between)}, smoothstep(-0.7, 0.7, hatchEdge));
        `,
      },
    };
  }
}
