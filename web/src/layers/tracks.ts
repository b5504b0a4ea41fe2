/** Moving things: symbols, trails and leader lines, all from typed arrays. */
import { IconLayer, LineLayer } from '@deck.gl/layers';
import type { Layer } from '@deck.gl/core';
import type { Frame } from '../frame';
import { FLAG_HAZARDOUS } from '../frame';
import type { Motion } from '../motion';
import { TRAIL, TRAIL_HAZARD } from '../palette';
import { drawAtlas, writeIcon } from '../symbols';
import type { Segments, Trails } from '../trails';

const LEADER_S = 60;
const SMALLEST_PX = 27;
const LARGEST_PX = 40;

/** Smaller symbols where the whole site is in view, so that a swarm stays a swarm of dots. */
export const symbolPx = (zoom: number): number =>
  Math.min(LARGEST_PX, Math.max(SMALLEST_PX, 36 + 7 * (zoom - 8.6)));

interface Binary {
  value: Float32Array | Float64Array | Uint8Array;
  size: number;
  normalized?: boolean;
}

/** The renderer uploads an attribute again only where its `{value, size}` object is a new one. */
const binary = (value: Binary['value'], size: number): Binary => ({ value, size });

export class TrackLayers {
  private readonly atlas = drawAtlas();
  private icons = new Float32Array(0);
  private tails = new Float64Array(0);
  private hazardRows = new Uint32Array(0);
  private leaderFrom = new Float64Array(0);
  private leaderTo = new Float64Array(0);
  private hazardCount = 0;
  private iconAttribute = binary(this.icons, 7);
  private angleAttribute = binary(this.icons, 1);
  private tailAttribute = binary(this.tails, 2);
  private trailLayer: Layer | null = null;
  private hasTails = false;

  /** Take a new frame: which symbol each row has, which rows get a leader line. */
  load(frame: Frame, motion: Motion): void {
    const n = frame.count;
    if (this.icons.length < 7 * n) this.grow(Math.ceil(n * 1.5) + 64);
    this.hazardCount = 0;
    for (let i = 0; i < n; i++) {
      writeIcon(this.icons, i, frame.objectClass[i]!, frame.flags[i]!);
      if ((frame.flags[i]! & FLAG_HAZARDOUS) !== 0) this.hazardRows[this.hazardCount++] = i;
    }
    this.iconAttribute = binary(this.icons, 7);
    this.angleAttribute = binary(motion.angles, 1);
  }

  /** Rebuild the trails; `null` takes them away. */
  loadTrails(frame: Frame, motion: Motion, trails: Trails | null): void {
    this.hasTails = trails !== null;
    if (!trails) {
      this.trailLayer = null;
      return;
    }
    this.trailLayer = trailLayer(trails.segments(frame, TRAIL, TRAIL_HAZARD));
    this.loadTails(frame, motion, trails);
  }

  /** The piece between a trail's newest sample and the symbol, which moves on every picture. */
  loadTails(frame: Frame, motion: Motion, trails: Trails): void {
    for (let i = 0; i < frame.count; i++) {
      if (trails.newest(frame.number[i]!, this.tails, 2 * i)) continue;
      this.tails[2 * i] = motion.positions[2 * i]!;
      this.tails[2 * i + 1] = motion.positions[2 * i + 1]!;
    }
    this.tailAttribute = binary(this.tails, 2);
  }

  layers(motion: Motion, zoom: number): Layer[] {
    const positions = binary(motion.positions, 2);
    const out: Layer[] = [];
    if (this.trailLayer) out.push(this.trailLayer);
    if (this.hasTails) out.push(this.tailLayer(motion.count, positions));
    out.push(this.leaderLayer(motion), this.symbolLayer(motion.count, positions, symbolPx(zoom)));
    return out;
  }

  private symbolLayer(length: number, positions: Binary, sizePx: number): Layer {
    return new IconLayer({
      id: 'tracks',
      data: {
        length,
        attributes: {
          getPosition: positions,
          getAngle: this.angleAttribute,
          // Handed over under the attribute's own name: no accessor runs for a track.
          instanceIconDefs: this.iconAttribute,
        },
      },
      iconAtlas: this.atlas as unknown as string,
      iconMapping: {},
      getColor: [255, 255, 255, 255],
      getSize: sizePx,
      sizeUnits: 'pixels',
      // Mipmaps blur small symbols; two texels a pixel need none.
      textureParameters: { minFilter: 'linear', magFilter: 'linear', mipmapFilter: 'none' },
    });
  }

  private tailLayer(length: number, positions: Binary): Layer {
    return new LineLayer({
      id: 'tails',
      data: {
        length,
        attributes: { getSourcePosition: this.tailAttribute, getTargetPosition: positions },
      },
      getColor: [...TRAIL],
      getWidth: 1.2,
      antialiasing: true,
    });
  }

  private leaderLayer(motion: Motion): Layer {
    const n = this.hazardCount;
    for (let k = 0; k < n; k++) {
      motion.leader(this.hazardRows[k]!, LEADER_S, this.leaderFrom, this.leaderTo, 2 * k);
    }
    return new LineLayer({
      id: 'leaders',
      data: {
        length: n,
        attributes: {
          getSourcePosition: binary(this.leaderFrom, 2),
          getTargetPosition: binary(this.leaderTo, 2),
        },
      },
      getColor: [255, 140, 110, 220],
      getWidth: 1.5,
      antialiasing: true,
    });
  }

  private grow(capacity: number): void {
    this.icons = new Float32Array(7 * capacity);
    this.tails = new Float64Array(2 * capacity);
    this.hazardRows = new Uint32Array(capacity);
    this.leaderFrom = new Float64Array(2 * capacity);
    this.leaderTo = new Float64Array(2 * capacity);
  }
}

function trailLayer(segments: Segments): Layer {
  return new LineLayer({
    id: 'trails',
    data: {
      length: segments.count,
      attributes: {
        getSourcePosition: binary(segments.source, 2),
        getTargetPosition: binary(segments.target, 2),
        getColor: { ...binary(segments.colour, 4), normalized: true },
      },
    },
    getWidth: 1.2,
      antialiasing: true,
  });
}
