/** Puts the page together: store, stream, map, panel, and one loop that makes time pass. */
import type { MultiPolygon } from 'geojson';
import { ApiError, forgetToken, get, keepToken, Stream } from './api';
import { ScenarioClock } from './clock';
import { parseTime } from './format';
import { addHooks } from './hooks';
import { ChartMap } from './map';
import { announceDecisions } from './panel/announce';
import { Banner, Toast } from './panel/banner';
import { askToken } from './panel/token';
import { Card } from './panel/card';
import { bindKeys, Commands } from './panel/commands';
import { Counters } from './panel/counters';
import { District } from './panel/district';
import { byId } from './panel/dom';
import { addHelp } from './panel/help';
import { addLegend } from './panel/legend';
import { MapTools } from './panel/maptools';
import { Proposals } from './panel/proposals';
import { Notices } from './panel/notices';
import { Sensors } from './panel/sensors';
import { TopBar } from './panel/topbar';
import { Warnings } from './panel/warnings';
import { FIRST_MS, Store } from './store';
import './style.css';
import type { ClockState, Coverage, Notice, Sensor, Site, Summary, WarningRow, ZoneCollection } from './types';

const TEXT_EVERY_MS = 200;

const store = new Store();
const clock = new ScenarioClock();
const map = new ChartMap(byId('chart'), byId('labels') as HTMLCanvasElement, store);
const commands = new Commands(store, map);
const nowMs = (): number | null => (clock.started ? clock.now(performance.now()) : null);

const topBar = new TopBar(store, commands);
const tools = new MapTools(store, commands);
const warnings = new Warnings(store, commands);
const proposals = new Proposals(store, commands);
const sensors = new Sensors(store);
const card = new Card(store, commands);
const toast = new Toast();
new Banner(store);
byId('panel').append(
  new Counters(store).element,
  new Notices(store).element,
  proposals.element,
  warnings.element,
  new District(store, commands).element,
  sensors.element,
);
byId('map-left').append(card.element);

commands.onProblem = toast.show;
commands.toggleLegend = addLegend();
commands.toggleHelp = addHelp();
commands.togglePanel = () => document.body.classList.toggle('no-panel');
map.covered = () => {
  const { left, top } = byId('map').getBoundingClientRect();
  return [card.element, ...document.querySelectorAll('.tools, #map-zoom, #legend')]
    .map((element) => element.getBoundingClientRect())
    .filter((box) => box.width > 0)
    .map((box) => ({ x: box.left - left, y: box.top - top, width: box.width, height: box.height }));
};
// After the card has been laid out, keep what was chosen in sight.
store.on('selection', () =>
  requestAnimationFrame(() => {
    const { selection } = store;
    if (selection?.kind === 'track') map.showTrack(selection.number);
    if (selection?.kind === 'zone') map.showZone(selection.zoneId);
  }),
);
map.onView = (view) => tools.showView(view);
map.onPointer = (place) => tools.showPlace(place);
bindKeys(commands, map);
announceDecisions(store, () => nowMs() ?? 0);
addHooks(store, map, nowMs);
if (window.innerWidth < 760) document.body.classList.add('no-panel');

const ZONES_RETRY_MS = 3000;

/** Everything a fresh or renewed connection has to know; parts that fail are told, the rest is shown. */
async function loadAll(): Promise<void> {
  const site = await get<Site>('site');
  store.setSite(site);
  if (!site.place.coastline || site.mode === 'live') void loadWorld();
  const parts = await Promise.allSettled([
    loadZones(),
    get<{ warnings: WarningRow[] }>('warnings?limit=300').then((a) => store.setWarnings(a.warnings)),
    get<{ notices: Notice[] }>('notices').then((a) => store.setNotices(a.notices)),
    get<{ sensors: Sensor[] }>('sensors').then((a) => store.setSensors(a.sensors)),
    get<ClockState>('clock').then((state) => store.setClock(state)),
    get<Summary>('summary').then((summary) => store.apply({ type: 'summary', ...summary })),
    loadCoverage(),
  ]);
  const failed = parts.find((part) => part.status === 'rejected');
  if (failed) toast.show(String(failed.reason));
}

/** Without zones the page cannot say who is warned, so it does not rest until it has them. */
let zonesRetry = 0;
async function loadZones(): Promise<void> {
  clearTimeout(zonesRetry);
  try {
    store.setZones(await get<ZoneCollection>('zones'));
  } catch (error) {
    store.loseZones();
    zonesRetry = window.setTimeout(() => void loadZones().catch(() => undefined), ZONES_RETRY_MS);
    throw error;
  }
}

let world: Promise<void> | null = null;
function loadWorld(): Promise<void> {
  world ??= fetch('./land-50m.json')
    .then((response) => response.json())
    .then((land: MultiPolygon) => map.setWorld(land));
  return world;
}

async function loadCoverage(): Promise<void> {
  const { blind, heightM } = store.options;
  if (!blind) return;
  const coverage = await get<Coverage>(`coverage?height_m=${heightM}`);
  if (store.options.heightM === heightM) store.setCoverage(coverage);
}

let shownHeight = store.options.heightM;
store.on('view-options', () => {
  if (store.options.blind && (shownHeight !== store.options.heightM || !store.coverage)) {
    shownHeight = store.options.heightM;
    void loadCoverage().catch((error: unknown) => toast.show(String(error)));
  }
});
store.on('coverage-stale', () => {
  store.coverage = null;
  void loadCoverage().catch((error: unknown) => toast.show(String(error)));
});

const paused = (): boolean => store.clock?.paused ?? false;
const speed = (): number => store.clock?.speed ?? 1;

store.on('clock', () => {
  const now = parseTime(store.clock?.now);
  // A run that has not begun reports the first seconds of 1970: no time is better.
  if (now !== null && now > FIRST_MS) clock.sync(now, speed(), paused(), performance.now());
});
store.on('frame', () => clock.frame(store.frame!.atMs, speed(), paused(), performance.now()));

function freeze(state: 'lost' | 'silent'): void {
  if (store.connection.state === state) return;
  clock.freeze(performance.now());
  store.setConnection({ state, frozenAtMs: nowMs() });
}

/** The banner goes only when the whole picture has been read anew. */
function catchUp(): void {
  loadAll()
    .then(() => store.setConnection({ state: 'open', frozenAtMs: null }))
    .catch((error: unknown) => {
      toast.show(error instanceof Error ? error.message : String(error));
      setTimeout(catchUp, 2000);
    });
}

const stream = new Stream({
  opened: catchUp,
  lost: () => freeze('lost'),
  silent: (isSilent) => {
    if (isSilent) freeze('silent');
    else if (store.connection.state === 'silent') store.setConnection({ state: 'open', frozenAtMs: null });
  },
  message: (message) => store.apply(message),
  frame: (frame) => store.setFrame(frame),
  mayBeSilent: paused,
});

let textPerf = 0;
function loop(perf: number): void {
  const now = nowMs();
  map.tick(now ?? 0, clock.currentRate, perf);
  if (perf - textPerf > TEXT_EVERY_MS) {
    textPerf = perf;
    topBar.tick(now);
    warnings.tick(now);
    proposals.tick(now);
    sensors.tick(now);
    card.tick(now, perf);
  }
  requestAnimationFrame(loop);
}

/** A server beyond this machine wants the token for reads too: ask before anything is opened. */
async function admitted(): Promise<void> {
  for (;;) {
    const refused = await get('clock').then(
      () => false,
      (error: unknown) => error instanceof ApiError && error.status === 401,
    );
    if (!refused) return;
    forgetToken();
    const given = await askToken();
    if (given) keepToken(given);
  }
}

void admitted().then(() => stream.connect());
requestAnimationFrame(loop);
