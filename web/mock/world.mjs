// An invented island with invented traffic, only to look at the page without the real server.
// It moves things along straight lines and warns by distance: nothing here is Tocsin's own logic.

let seed = 12345;
export const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const between = (a, b) => a + (b - a) * random();
const pick = (list) => list[Math.floor(random() * list.length)];

export const ORIGIN = { longitude_deg: -30.2, latitude_deg: 41.4 };
const KM_LAT = 1 / 111.2;
const KM_LON = KM_LAT / Math.cos((ORIGIN.latitude_deg * Math.PI) / 180);
const degrees = ([east, north]) => [
  +(ORIGIN.longitude_deg + east * KM_LON).toFixed(5),
  +(ORIGIN.latitude_deg + north * KM_LAT).toFixed(5),
];

// Coastline: a rough ellipse with bays, in km about the origin.
const WAVES = Array.from({ length: 40 }, (_, k) => [between(0, 6.28), between(0.4, 1) / (k + 2) ** 1.1]);
const radius = (a) =>
  34 + 16 * Math.cos(2 * a + 0.5) + 14 * WAVES.reduce((r, [phase, size], k) => r + size * Math.cos((k + 2) * a + phase), 0);
const COAST = Array.from({ length: 360 }, (_, i) => {
  const a = (i / 360) * 2 * Math.PI;
  return [1.15 * radius(a) * Math.cos(a), 0.8 * radius(a) * Math.sin(a)];
});
const ISLET = Array.from({ length: 40 }, (_, i) => {
  const a = (i / 40) * 2 * Math.PI;
  const r = 5 + Math.cos(3 * a) + 0.5 * Math.cos(7 * a + 1);
  return [52 + r * Math.cos(a), 38 + 0.7 * r * Math.sin(a)];
});
const close = (ring) => [...ring, ring[0]];
export const coastline = {
  type: 'MultiPolygon',
  coordinates: [[close(COAST).map(degrees)], [close(ISLET).map(degrees)]],
};

function inside(ring, [x, y]) {
  let hit = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i];
    const [xj, yj] = ring[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) hit = !hit;
  }
  return hit;
}

/** Keep the part of a ring that is nearer to p than to q. */
function nearer(ring, p, q) {
  const side = ([x, y]) =>
    (x - p[0]) ** 2 + (y - p[1]) ** 2 - (x - q[0]) ** 2 - (y - q[1]) ** 2;
  const out = [];
  ring.forEach((a, i) => {
    const b = ring[(i + 1) % ring.length];
    const [sa, sb] = [side(a), side(b)];
    if (sa <= 0) out.push(a);
    if (sa <= 0 !== sb <= 0) out.push([a[0] + ((b[0] - a[0]) * sa) / (sa - sb), a[1] + ((b[1] - a[1]) * sa) / (sa - sb)]);
  });
  return out;
}

const SYLLABLES = ['Ar', 'Bel', 'Cor', 'Dun', 'Esk', 'Fal', 'Gre', 'Hol', 'Ines', 'Kel', 'Lor', 'Mar', 'Nor', 'Ost', 'Pell', 'Quen', 'Ros', 'Sel', 'Tor', 'Ul', 'Ver', 'Wen'];
const ENDINGS = ['mouth', 'wick', 'ford', 'haven', 'stead', 'bridge', 'field', 'ness', 'holm', 'dale', 'gate', 'vik', 'moor'];
const used = new Set();
function name() {
  for (;;) {
    const made = pick(SYLLABLES) + pick(ENDINGS);
    if (!used.has(made)) return used.add(made) && made;
  }
}

const seeds = [];
while (seeds.length < 60) {
  const p = [between(-65, 65), between(-45, 45)];
  const far = seeds.every((q) => Math.hypot(p[0] - q[0], p[1] - q[1]) > 7.2);
  if (inside(COAST, p) && far) seeds.push(p);
}
export const zones = seeds.map((p, i) => {
  const ring = seeds.reduce((r, q) => (q === p ? r : nearer(r, p, q)), COAST);
  return {
    centre: p,
    ring,
    properties: {
      zone_id: `Z${String(i + 1).padStart(2, '0')}`,
      name: name(),
      parent_id: `district-${1 + (i % 5)}`,
      population: Math.round(between(400, 42000)),
      time_to_shelter_s: pick([90, 120, 180, 300]),
      stage: 'quiet',
      threat_class: null,
      probability: null,
      arrival_p10: null,
      arrival_p50: null,
      arrival_p90: null,
      warning_id: null,
      reason: null,
      kind: 'zone', inherited_stage: 'quiet', inherited_share: 0, expires_at: null, released_by: null, proposal: null, held_until: null, extended_until: null,
    },
  };
});
export const zoneCollection = () => ({
  type: 'FeatureCollection',
  features: zones.map(({ ring, properties }) => ({
    type: 'Feature',
    properties,
    geometry: { type: 'Polygon', coordinates: [close(ring).map(degrees)] },
  })),
});
export const towns = zones.slice(0, 14).map(({ centre, properties }) => {
  const [longitude_deg, latitude_deg] = degrees([centre[0] + 1.5, centre[1] - 1]);
  return { name: properties.name, longitude_deg, latitude_deg, population: properties.population };
});

export const sensors = [
  ['radar-north', 'radar', [-8, 24], 120],
  ['radar-east', 'radar', [36, -4], 90],
  ['radar-west', 'radar', [-44, -8], 90],
  ['adsb-harbour', 'adsb_receiver', [10, -18], null],
  ['adsb-hill', 'adsb_receiver', [-20, 5], null],
  ['observers', 'people', [0, 0], null],
].map(([sensor_id, kind, place, rangeKm]) => {
  const [longitude_deg, latitude_deg] = degrees(place);
  return { sensor_id, kind, place, rangeKm, longitude_deg, latitude_deg, faults: 0, silent: false };
});

// Tracks: east and north in km, course in degrees, speed in m/s.
const CIVIL = [1, 1, 1, 1, 2, 2, 3];
const SPEED = [60, 230, 55, 60, 14, 6, 12, 52, 240, 900];
export const tracks = [];
let nextNumber = 101;
function add(objectClass, east, north, course, more = {}) {
  const speed = SPEED[objectClass] * between(0.85, 1.15);
  const height = [900, between(7000, 11500), between(400, 2400), between(150, 900), between(40, 500), 3000, 90, between(90, 350), between(40, 120), 30000][objectClass];
  tracks.push({ number: nextNumber++, objectClass, east, north, course, speed, height, flags: 1, existence: 250, sensors: 2, ...more });
}
export function populate() {
  for (let i = 0; i < 62; i++) {
    const objectClass = pick(CIVIL);
    const identified = random() < 0.85;
    const flags = (random() < 0.08 ? 3 : random() < 0.06 ? 2 : 1) | (identified ? 4 : 0) | (random() < 0.05 ? 16 : 0);
    add(objectClass, between(-120, 120), between(-95, 95), between(0, 360), { flags, sensors: 1 + Math.floor(3 * random()) });
  }
  for (let i = 0; i < 26; i++) add(4, between(-50, 50), between(-40, 40), between(0, 360), { flags: pick([0, 1, 1]), existence: 170 });
  add(5, 20, 40, 90);
  for (let i = 0; i < 10; i++) add(0, between(-80, 80), between(-70, 70), between(0, 360), { flags: pick([0, 0, 1]), existence: 120 });
  for (let wave = 0; wave < 2; wave++) {
    const targets = zones.filter((zone) => (wave === 0 ? zone.centre[0] > 8 : zone.centre[0] < -14)).map((zone) => zone.centre);
    for (let i = 0; i < 20; i++) raider(7, (wave === 0 ? 26 : -26) + between(-22, 22), 62 + wave * 30 + between(-6, 6), pick(targets.slice(0, 9)));
  }
  for (let i = 0; i < 6; i++) raider(8, 120 + between(-10, 25), between(-20, 20), pick(zones).centre);
  for (let i = 0; i < 3; i++) add(6, between(-20, 20), between(-15, 15), between(0, 360), { flags: 1 });
  add(2, 60, -42, 300, { flags: 1 | 4 | 16 });
}
function raider(objectClass, east, north, target) {
  const aimed = (Math.atan2(target[0] - east, target[1] - north) * 180) / Math.PI;
  add(objectClass, east, north, (aimed + 360) % 360, { flags: 1 | 8 | (random() < 0.1 ? 16 : 0), target });
}

export function move(seconds) {
  for (let i = tracks.length - 1; i >= 0; i--) {
    const t = tracks[i];
    const a = (t.course * Math.PI) / 180;
    t.east += (t.speed * seconds * Math.sin(a)) / 1000;
    t.north += (t.speed * seconds * Math.cos(a)) / 1000;
    if (t.objectClass === 4) t.course = (t.course + between(-8, 8) * Math.sqrt(seconds) + 360) % 360;
    if (t.target && Math.hypot(t.east - t.target[0], t.north - t.target[1]) < 0.06 * seconds * t.speed / 50 + 0.4) tracks.splice(i, 1);
    else if (Math.hypot(t.east, t.north) > 150) {
      t.east *= -0.9;
      t.north *= -0.9;
      t.number = nextNumber++;
    }
  }
}

export const CLASS = ['unknown', 'airliner', 'light_aircraft', 'helicopter', 'bird', 'balloon', 'multirotor', 'one_way_drone', 'fast_low_flyer', 'ballistic'];
export const place = (t) => degrees([t.east, t.north]);

export function frame(atMs) {
  const n = tracks.length;
  const bytes = Buffer.alloc(32 + 24 * n);
  bytes.writeUInt32LE(0x4e534354, 0);
  bytes.writeUInt16LE(1, 4);
  bytes.writeUInt16LE(1, 6);
  bytes.writeBigInt64LE(BigInt(Math.round(atMs)) * 1000000n, 8);
  bytes.writeUInt32LE(n, 16);
  tracks.forEach((t, i) => {
    const at = (column, size) => 32 + column * n + size * i;
    bytes.writeUInt32LE(t.number, at(0, 4));
    bytes.writeFloatLE(t.east * KM_LON, at(4, 4));
    bytes.writeFloatLE(t.north * KM_LAT, at(8, 4));
    bytes.writeUInt16LE(Math.round(t.height) + 1000, at(12, 2));
    bytes.writeUInt16LE(Math.round(t.course * 100) % 36000, at(14, 2));
    bytes.writeUInt16LE(Math.round(t.speed * 10), at(16, 2));
    bytes.writeUInt8(t.objectClass, at(20, 1));
    bytes.writeUInt8(t.flags, at(21, 1));
    bytes.writeUInt8(t.existence, at(22, 1));
    bytes.writeUInt8(t.sensors, at(23, 1));
  });
  return bytes;
}

const circle = (centre, km) => {
  const points = Array.from({ length: 72 }, (_, i) => [centre[0] + km * Math.cos((i / 36) * Math.PI), centre[1] + km * Math.sin((i / 36) * Math.PI)]);
  return close(points).map(degrees);
};

export function coverage(heightM) {
  const reach = Math.min(1, 0.28 + Math.sqrt(heightM) / 75);
  const live = sensors.filter((s) => s.kind === 'radar' && !s.silent);
  const covered = live.map((s) => ({ id: s.sensor_id, ring: circle(s.place, s.rangeKm * reach * 0.75) }));
  // The union seen from the middle: along each ray, the furthest point that a radar reaches.
  const hole = Array.from({ length: 180 }, (_, i) => {
    const [dx, dy] = [Math.cos((i / 90) * Math.PI), Math.sin((i / 90) * Math.PI)];
    const far = live.map((s) => {
      const along = s.place[0] * dx + s.place[1] * dy;
      const across = Math.hypot(...s.place) ** 2 - along ** 2;
      const r = s.rangeKm * reach * 0.75;
      return r * r > across ? along + Math.sqrt(r * r - across) : 0;
    });
    const r = Math.max(1, ...far);
    return [r * dx, r * dy];
  });
  const frame = [[-125, -100], [125, -100], [125, 100], [-125, 100]];
  const blind = [[close(frame).map(degrees), close(hole).map(degrees)]];
  const feature = (kind, sensor_id, geometry) => ({ type: 'Feature', properties: { kind, height_m: heightM, sensor_id }, geometry });
  return {
    type: 'FeatureCollection',
    features: [
      ...covered.map(({ id, ring }) => feature('covered', id, { type: 'Polygon', coordinates: [ring] })),
      feature('blind', null, { type: 'MultiPolygon', coordinates: blind }),
    ],
  };
}
