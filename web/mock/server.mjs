// Speaks the server's interface with the invented world: `npm run mock [-- PORT]`, then open the page.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import * as world from './world.mjs';

const PORT = Number(process.argv[2] ?? 8808);
const PAGE = new URL('../../src/tocsin/serve/page/', import.meta.url);
const TOKEN = 'mock-token';
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
const TICK_MS = 500;

let now = Date.parse('2031-05-04T02:08:00Z');
const clock = { speed: 1, paused: false };
const warnings = [];
const notices = [];
let warned = 0;
world.populate();

const iso = (ms) => new Date(ms).toISOString();
const clockState = () => ({ now: iso(now), ...clock, controllable: true, mode: 'demo' });
const site = () => ({
  name: 'Isle of Arven', mode: 'demo', status: 'Exercise', origin: world.ORIGIN,
  place: { coastline: world.coastline, towns: world.towns }, clock: { controllable: true }, version: '0.1.0',
});
const summary = () => ({
  plots: Math.round((now - Date.parse('2031-05-04T02:00:00Z')) / 1000) * 412,
  tracks_confirmed: world.tracks.filter((t) => (t.flags & 3) === 1).length,
  warnings_by_action: {}, zones_by_stage: {}, plots_per_s: 412 + 20 * Math.sin(now / 9000), undelivered: [],
});
const sensors = () =>
  world.sensors.map((s) => ({
    sensor_id: s.sensor_id, kind: s.kind, latitude_deg: s.latitude_deg, longitude_deg: s.longitude_deg, height_wgs84_m: 120,
    state: s.silent ? 'silent' : s.sensor_id === 'adsb-hill' ? 'late' : 'ok',
    last_heard: iso(s.silent ? s.silentSince : now - 1500), reports_per_s: s.silent ? 0 : s.kind === 'radar' ? 118.4 : s.kind === 'people' ? 0.1 : 46.2,
    plots_total: 120000, faults_total: s.faults, faults: s.faults ? { bad_checksum: s.faults } : {}, range_m: s.rangeKm ? s.rangeKm * 1000 : null,
  }));

const REASONS = { alert: (n, c) => `${n} ${c}${n > 1 ? 's' : ''} on course for this zone; the expected arrival leaves little more than the time to shelter.`,
  pre_alert: (n, c) => `${n} ${c}${n > 1 ? 's' : ''} may reach this zone; the course is not yet certain.` };

function threat(zone) {
  const hits = world.tracks
    .filter((t) => t.flags & 8)
    .map((t) => {
      const [dx, dy] = [zone.centre[0] - t.east, zone.centre[1] - t.north];
      const a = (t.course * Math.PI) / 180;
      const along = dx * Math.sin(a) + dy * Math.cos(a);
      const across = Math.abs(dx * Math.cos(a) - dy * Math.sin(a));
      return { t, seconds: (along * 1000) / t.speed, across, along };
    })
    .filter((h) => h.along > -2 && h.across < 1.5 + 0.03 * h.along && Math.hypot(zone.centre[0] - h.t.target[0], zone.centre[1] - h.t.target[1]) < 9 && h.along < Math.hypot(h.t.target[0] - h.t.east, h.t.target[1] - h.t.north) + 4);
  const near = hits.filter((h) => h.seconds < 780).sort((x, y) => x.seconds - y.seconds);
  return near[0] ? { ...near[0], n: near.length } : null;
}

function decide() {
  const changed = [];
  for (const zone of world.zones) {
    const p = zone.properties;
    const hit = threat(zone);
    const stage = !hit ? 'quiet' : hit.seconds < 300 ? 'alert' : 'pre_alert';
    const calmer = p.stage === 'alert' && stage === 'pre_alert';
    const next = calmer ? 'alert' : stage;
    const arrival = hit ? now + hit.seconds * 1000 : null;
    const jump = arrival && p.arrival_p50 ? Math.abs(arrival - Date.parse(p.arrival_p50)) : Infinity;
    if (next === p.stage && (next === 'quiet' || jump < 15000)) continue;
    const action = next === 'quiet' ? 'clear' : p.stage === next ? 'update' : 'issue';
    if (p.stage === 'quiet') p.warning_id = `W${++warned}`;
    const cls = hit ? world.CLASS[hit.t.objectClass] : p.threat_class;
    const text = hit ? REASONS[next](hit.n, cls.replaceAll('_', '-').replace('one-way-', 'one-way ')) : 'No hazardous track can reach this zone any more.';
    const probability = hit ? Math.max(0.12, Math.min(0.97, 0.97 - hit.across / 6 - hit.seconds / 3000)) : null;
    const before = p.warning_id;
    Object.assign(p, { stage: next, threat_class: hit ? cls : null, probability,
      arrival_p10: arrival && iso(arrival - 40000), arrival_p50: arrival && iso(arrival), arrival_p90: arrival && iso(arrival + 60000),
      warning_id: next === 'quiet' ? null : before, reason: text });
    changed.push(p);
    const row = { decided_at: iso(now), published_at: iso(now + 200), zone_id: p.zone_id, zone_name: p.name, warning_id: before, action,
      stage: next === 'quiet' ? 'alert' : next, threat_class: cls, probability, arrival_p10: p.arrival_p10, arrival_p50: p.arrival_p50, arrival_p90: p.arrival_p90,
      expires_at: null, track_ids: [], released_by: 'automatic', cap_identifier: null, reason: text };
    warnings.unshift(row);
    send({ type: 'warning', ...row });
  }
  warnings.length = Math.min(warnings.length, 500);
  if (changed.length) send({ type: 'zones', changed });
}

function faults() {
  const east = world.sensors[1];
  const due = now > Date.parse('2031-05-04T02:09:30Z');
  world.sensors[3].faults += world.random() < 0.05 ? 1 : 0;
  if (!due || east.silent) return;
  Object.assign(east, { silent: true, silentSince: now });
  const notice = { at: iso(now), notice_id: 'N1', kind: 'coverage_loss', sensor_id: 'radar-east', zone_ids: ['Z01', 'Z04'],
    text: 'radar-east has been silent for 12 s. Low flyers east of the island cannot be seen below 600 m.', ended_at: null };
  notices.unshift(notice);
  send({ type: 'notice', ...notice });
  send({ type: 'coverage_changed' });
}

function trackRow(t) {
  const [longitude_deg, latitude_deg] = world.place(t);
  const name = world.CLASS[t.objectClass];
  const status = ['tentative', 'confirmed', 'coasting', 'external'][t.flags & 3];
  const identified = (t.flags & 4) !== 0;
  return { track_id: `T-${t.number}`, number: t.number, status, existence_probability: t.existence / 255, latitude_deg, longitude_deg,
    height_wgs84_m: t.height, course_deg: t.course, speed_mps: t.speed, climb_mps: -1.2, object_class: name, class_probability: 0.87,
    mode_s: identified ? (0x39a000 + t.number * 37).toString(16) : null, callsign: identified && t.objectClass === 1 ? `AVN${t.number}` : null,
    corroborated: t.flags & 16 ? 'uncorroborated' : t.flags & 8 ? 'confirmed' : 'not_applicable', designation: t.flags & 8 ? 'hazard' : 'civil',
    sensors: world.sensors.slice(0, t.sensors).map((s) => s.sensor_id), external: (t.flags & 3) === 3 };
}
function trackDetail(t) {
  const row = trackRow(t);
  const reached = world.zones.filter((z) => threat(z)?.t === t).slice(0, 4);
  const rest = { [row.object_class]: 0.87, unknown: 0.08, bird: 0.05 };
  return { ...row, class_probabilities: rest, position_std_m: 140, first_seen: iso(now - 412000), last_plot: iso(now - 2600),
    why: t.flags & 8
      ? [`Flies ${Math.round(t.speed)} m/s at ${Math.round(t.height)} m, steady course for 6 min: like a ${row.object_class.replaceAll('_', ' ')}.`, 'Sends no identity, though two ADS-B receivers cover this place.', 'Two radars confirm it within 150 m.']
      : ['Sends a Mode S address and follows it steadily.', 'Speed and height are those of civil traffic.'],
    zones: reached.map((z) => ({ zone_id: z.properties.zone_id, name: z.properties.name, probability: z.properties.probability, arrival_p50: z.properties.arrival_p50 })) };
}

const routes = {
  site, zones: world.zoneCollection, summary, clock: clockState,
  tracks: () => ({ at: iso(now), tracks: world.tracks.map(trackRow) }),
  warnings: (q) => ({ warnings: warnings.slice(0, Number(q.get('limit') ?? 100)) }),
  notices: () => ({ notices }), sensors: () => ({ sensors: sensors() }),
  coverage: (q) => world.coverage(Number(q.get('height_m') ?? 500)),
};

async function answer(request, response) {
  const url = new URL(request.url, 'http://localhost');
  const json = (body, status = 200) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (url.pathname.startsWith('/api/v1/')) {
    const [what, id] = url.pathname.slice(8).split('/');
    if (request.method === 'POST' && what === 'clock') {
      if (request.headers.authorization !== `Bearer ${TOKEN}`) return json({ error: 'This write needs a token.', status: 401 }, 401);
      let body = '';
      for await (const part of request) body += part;
      Object.assign(clock, JSON.parse(body));
      send({ type: 'clock', ...clockState() });
      return json(clockState());
    }
    if (what === 'tracks' && id) {
      const t = world.tracks.find((track) => String(track.number) === id);
      return t ? json(trackDetail(t)) : json({ error: `There is no track ${id}.`, status: 404 }, 404);
    }
    return routes[what] ? json(routes[what](url.searchParams)) : json({ error: 'not found', status: 404 }, 404);
  }
  try {
    const path = fileURLToPath(new URL(url.pathname === '/' ? 'index.html' : `.${url.pathname}`, PAGE));
    let body = await readFile(path);
    if (path.endsWith('.html')) body = String(body).replace('<title>', `<meta name="tocsin-token" content="${TOKEN}" /><title>`);
    response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' });
    response.end(body);
  } catch {
    json({ error: 'not found', status: 404 }, 404);
  }
}

const server = createServer((request, response) => void answer(request, response));
const stream = new WebSocketServer({ server, path: '/api/v1/stream' });
const send = (message) => {
  const text = JSON.stringify(message);
  for (const client of stream.clients) client.send(text);
};
stream.on('connection', (socket) => {
  for (const message of [{ type: 'hello', mode: 'demo', now: iso(now) }, { type: 'clock', ...clockState() }, { type: 'sensors', sensors: sensors() }, { type: 'summary', ...summary() }]) socket.send(JSON.stringify(message));
  socket.send(world.frame(now));
});

let ticks = 0;
setInterval(() => {
  if (!clock.paused) {
    const seconds = ((clock.speed || 60) * TICK_MS) / 1000;
    now += seconds * 1000;
    world.move(seconds);
    decide();
    faults();
    const bytes = world.frame(now);
    for (const client of stream.clients) client.send(bytes);
  }
  if (ticks++ % 2 === 0) send({ type: 'clock', ...clockState() });
  if (ticks % 4 === 0) {
    send({ type: 'sensors', sensors: sensors() });
    send({ type: 'summary', ...summary() });
  }
}, TICK_MS);
server.listen(PORT, '127.0.0.1', () => console.log(`mock server on http://127.0.0.1:${PORT}/`));
