/**
 * Two renderers on one view: what stands still (land, zones, blind areas) is drawn only when it or the view
 * changes, what moves is drawn over it as often as it moves. On a slow renderer that is most of the cost.
 */
import { Deck, LinearInterpolator, MapView, type Layer } from '@deck.gl/core';
import type { View } from './mercator';

const START = { longitude: 0, latitude: 20, zoom: 2 };

export interface SurfaceEvents {
  moved(place: { longitude: number; latitude: number; zoom: number }): void;
  resized(width: number, height: number): void;
  rendered(): void;
  cursor(): string;
}

export class Surface {
  private readonly ground: Deck<MapView>;
  private readonly moving: Deck<MapView>;

  constructor(host: HTMLElement, events: SurfaceEvents) {
    const common = {
      parent: host as HTMLDivElement,
      views: new MapView({ repeat: false }),
      onError: (error: Error) => console.error('map:', error),
    };
    this.ground = new Deck<MapView>({
      ...common,
      id: 'ground',
      deviceProps: { type: 'webgl', webgl: { antialias: true } },
      viewState: START,
      controller: false,
    });
    this.moving = new Deck<MapView>({
      ...common,
      id: 'moving',
      // Symbols and lines smooth their own edges here.
      deviceProps: { type: 'webgl', webgl: { antialias: false } },
      initialViewState: START,
      controller: { dragRotate: false, touchRotate: false, keyboard: false, doubleClickZoom: true },
      onViewStateChange: ({ viewState }) => events.moved(viewState),
      onResize: ({ width, height }) => events.resized(width, height),
      onAfterRender: () => events.rendered(),
      getCursor: ({ isDragging }) => (isDragging ? 'grabbing' : events.cursor()),
    });
  }

  setGround(layers: Layer[]): void {
    this.ground.setProps({ layers });
  }

  setMoving(layers: Layer[]): void {
    this.moving.setProps({ layers });
  }

  /** The ground follows wherever the moving part is. */
  follow({ longitude, latitude, zoom }: View): void {
    this.ground.setProps({ viewState: { longitude, latitude, zoom } });
  }

  go({ longitude, latitude, zoom }: View, transitionMs: number): void {
    const transition =
      transitionMs > 0
        ? {
            transitionDuration: transitionMs,
            transitionInterpolator: new LinearInterpolator(['longitude', 'latitude', 'zoom']),
          }
        : {};
    this.moving.setProps({
      initialViewState: { longitude, latitude, zoom, minZoom: 1, maxZoom: 16, ...transition },
    });
  }
}
