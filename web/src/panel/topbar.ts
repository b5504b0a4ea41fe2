/** The top bar: whose picture this is, whether it is an exercise, and what time it is there. */
import { clockText, dateText } from '../format';
import type { Store } from '../store';
import { SPEEDS, type Commands } from './commands';
import { Undelivered } from './undelivered';
import { button, byId, h, icon, ICONS, setText } from './dom';

export class TopBar {
  private readonly site = h('span', { class: 'site-name' }, '');
  private readonly mode = h('span', { class: 'chip', 'data-testid': 'mode' }, '');
  private readonly status = h('strong', { class: 'status', 'data-testid': 'status-badge' }, '');
  private readonly time = h('span', { class: 'clock-time', 'data-testid': 'clock' }, '--:--:--');
  private readonly date = h('span', { class: 'clock-date' }, '');
  private readonly controls = h('div', { class: 'clock-controls', role: 'group', 'aria-label': 'Clock' });
  private readonly pause: HTMLButtonElement;
  private readonly speeds: HTMLButtonElement[];

  constructor(
    private readonly store: Store,
    commands: Commands,
  ) {
    this.pause = button('Pause (space)', '', commands.togglePause, {
      class: 'pause',
      'data-testid': 'pause',
    });
    this.speeds = SPEEDS.map(({ label, speed, testId }) =>
      button(speed ? `Speed ${label}` : 'As fast as possible', label, () => commands.setSpeed(speed), {
        'data-testid': testId,
        'aria-pressed': 'false',
      }),
    );
    this.controls.append(this.pause, h('div', { class: 'segments' }, ...this.speeds));
    byId('topbar').append(
      h('div', { class: 'brand' }, icon(ICONS.bell, 'brand-mark'), h('h1', {}, 'TOCSIN')),
      h('div', { class: 'site' }, this.site, this.mode),
      this.status,
      new Undelivered(store).element,
      h('div', { class: 'spacer' }),
      h('div', { class: 'clock' }, this.time, h('span', { class: 'clock-side' }, h('span', {}, 'UTC'), this.date)),
      this.controls,
      button('Keys and help (?)', '?', () => commands.toggleHelp(), { class: 'square help-button' }),
      button('Show or hide the panel (P)', icon(ICONS.panel), () => commands.togglePanel(), {
        class: 'square',
        'data-testid': 'panel-toggle',
      }),
    );
    store.on('site', () => this.siteChanged());
    store.on(['clock', 'site'], () => this.clockChanged());
    this.clockChanged();
  }

  tick(nowMs: number | null): void {
    setText(this.time, nowMs === null ? '--:--:--' : clockText(nowMs));
    setText(this.date, nowMs === null ? '' : dateText(nowMs));
  }

  private siteChanged(): void {
    const { site } = this.store;
    if (!site) return;
    setText(this.site, site.name);
    this.site.title = site.name;
    setText(this.mode, site.mode.toUpperCase());
    setText(this.status, site.status.toUpperCase());
    this.status.dataset['status'] = site.status;
    this.status.title =
      site.status === 'Actual'
        ? 'Messages from here are real public warnings.'
        : `Messages from here carry the CAP status ${site.status}: they are not real warnings.`;
    document.title = `${site.name} · Tocsin`;
  }

  private clockChanged(): void {
    const { clock, site } = this.store;
    const controllable = clock?.controllable ?? site?.clock.controllable ?? false;
    this.controls.hidden = !controllable;
    if (!clock) return;
    this.pause.replaceChildren(icon(clock.paused ? ICONS.play : ICONS.pause));
    this.pause.setAttribute('aria-label', clock.paused ? 'Run (space)' : 'Pause (space)');
    this.pause.title = clock.paused ? 'Run (space)' : 'Pause (space)';
    this.pause.setAttribute('aria-pressed', String(clock.paused));
    this.time.classList.toggle('paused', clock.paused);
    this.speeds.forEach((speed, i) =>
      speed.setAttribute('aria-pressed', String(SPEEDS[i]!.speed === clock.speed)),
    );
  }
}
