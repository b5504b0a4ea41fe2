/** What stands on the map: layer switches, zoom, scale and place under the pointer. */
import { degreesText, distanceText } from '../format';
import { scaleBar, type View } from '../mercator';
import type { Store } from '../store';
import { HEIGHTS_M, type Commands } from './commands';
import { button, byId, h, icon, ICONS, setText } from './dom';

export class MapTools {
  private readonly blind: HTMLButtonElement;
  private readonly trails: HTMLButtonElement;
  private readonly heights: HTMLButtonElement[];
  private readonly bar = h('span', { class: 'scale-bar' });
  private readonly length = h('span', { class: 'scale-length' });
  private readonly place = h('span', { class: 'place', 'data-testid': 'cursor-place' });

  constructor(
    private readonly store: Store,
    commands: Commands,
  ) {
    const pressed = { 'aria-pressed': 'false' };
    this.blind = button('Blind areas (B)', 'Blind areas', commands.toggleBlind, {
      ...pressed,
      'data-testid': 'toggle-blind',
    });
    this.trails = button('Trails of 3 minutes (T)', 'Trails', commands.toggleTrails, {
      ...pressed,
      'data-testid': 'toggle-trails',
    });
    const legend = button('Legend (L)', 'Legend', () => commands.toggleLegend(), {
      'data-testid': 'toggle-legend',
    });
    this.heights = HEIGHTS_M.map((height) =>
      button(`Blind areas at ${height} m above sea level`, String(height), () => commands.setHeight(height), {
        ...pressed,
        'data-testid': `height-${height}`,
      }),
    );
    byId('map-left').append(
      h(
        'div',
        { class: 'tools', role: 'group', 'aria-label': 'Layers' },
        this.blind,
        h('div', { class: 'segments', role: 'group', 'aria-label': 'Height' }, ...this.heights, h('span', { class: 'unit' }, 'm')),
        this.trails,
        legend,
      ),
    );
    byId('map-zoom').append(
      button('Zoom in (+)', icon(ICONS.plus), commands.zoomIn, { class: 'square' }),
      button('Zoom out (−)', icon(ICONS.minus), commands.zoomOut, { class: 'square' }),
      button('Show the whole site (F)', icon(ICONS.fit), commands.fit, { class: 'square', 'data-testid': 'fit' }),
    );
    byId('map-bottom').append(h('span', { class: 'scale' }, this.bar, this.length), this.place);
    store.on('view-options', () => this.changed());
    this.changed();
  }

  showView(view: View): void {
    const { metres, pixels } = scaleBar(view, 120);
    this.bar.style.width = `${pixels.toFixed(1)}px`;
    setText(this.length, distanceText(metres));
  }

  showPlace(place: [number, number] | null): void {
    setText(this.place, place ? degreesText(place[1], place[0]) : '');
  }

  private changed(): void {
    const { blind, heightM, trails } = this.store.options;
    this.blind.setAttribute('aria-pressed', String(blind));
    this.trails.setAttribute('aria-pressed', String(trails));
    this.heights.forEach((height, i) => {
      height.setAttribute('aria-pressed', String(HEIGHTS_M[i] === heightM));
      height.classList.toggle('dim', !blind);
    });
  }
}
