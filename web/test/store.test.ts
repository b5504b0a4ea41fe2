import { beforeEach, describe, expect, it } from 'vitest';
import { sentence } from '../src/panel/announce';
import { sentence as sentence2 } from '../src/panel/district';
import { anchorOf, insidePolygons, Store } from '../src/store';
import type { Notice, Stage, WarningRow, ZoneFeature, ZoneProperties } from '../src/types';

function properties(zone_id: string, stage: Stage = 'quiet', arrival_p50: string | null = null): ZoneProperties {
  return {
    zone_id,
    name: `Zone ${zone_id}`,
    parent_id: null,
    population: 100,
    time_to_shelter_s: 180,
    stage,
    threat_class: null,
    probability: null,
    arrival_p10: null,
    arrival_p50,
    arrival_p90: null,
    warning_id: stage === 'quiet' ? null : `W-${zone_id}`,
    reason: null,
    kind: 'zone',
    inherited_stage: stage,
    inherited_share: stage === 'quiet' ? 0 : 1,
    expires_at: null,
    released_by: null,
    proposal: null,
    held_until: null,
    extended_until: null,
  };
}

function feature(zone_id: string, west: number): ZoneFeature {
  const ring = [[west, 0], [west + 1, 0], [west + 1, 1], [west, 1], [west, 0]];
  return { type: 'Feature', properties: properties(zone_id), geometry: { type: 'Polygon', coordinates: [ring] } };
}

const row = (change: Partial<WarningRow>): WarningRow => ({
  decided_at: '2031-05-04T02:00:00Z',
  published_at: null,
  zone_id: 'a',
  zone_name: 'Zone a',
  warning_id: 'W-a',
  action: 'issue',
  stage: 'alert',
  threat_class: 'one_way_drone',
  probability: 0.7,
  arrival_p10: null,
  arrival_p50: null,
  arrival_p90: null,
  expires_at: null,
  track_ids: [],
  released_by: null,
  cap_identifier: null,
  reason: null,
  ...change,
});

const notice = (notice_id: string, ended_at: string | null): Notice => ({
  at: '2031-05-04T02:00:00Z',
  notice_id,
  kind: 'coverage_loss',
  sensor_id: null,
  zone_ids: [],
  text: 'We cannot see.',
  ended_at,
});

let store: Store;
beforeEach(() => {
  store = new Store();
  store.setZones({ type: 'FeatureCollection', features: [feature('a', 0), feature('b', 1), feature('c', 2)] });
});

describe('zones', () => {
  it('keeps the geometry when the stream changes the stage', () => {
    store.apply({ type: 'zones', changed: [properties('b', 'alert')] });
    expect(store.zonesByStage()).toEqual({ quiet: 2, pre_alert: 0, alert: 1 });
    expect(store.zones.get('b')!.bounds).toEqual([1, 0, 2, 1]);
  });

  it('returns to quiet on a clear', () => {
    store.apply({ type: 'zones', changed: [properties('b', 'alert')] });
    store.apply({ type: 'zones', changed: [properties('b')] });
    expect(store.openWarnings()).toEqual([]);
  });

  it('ignores a zone that it does not know', () => {
    store.apply({ type: 'zones', changed: [properties('x', 'alert')] });
    expect(store.zonesByStage().alert).toBe(0);
  });

  it('lists alerts before pre-alerts, and the soonest first', () => {
    store.apply({
      type: 'zones',
      changed: [
        properties('a', 'pre_alert', '2031-05-04T02:01:00Z'),
        properties('b', 'alert', '2031-05-04T02:09:00Z'),
        properties('c', 'alert', '2031-05-04T02:05:00Z'),
      ],
    });
    expect(store.openWarnings().map((zone) => zone.zone_id)).toEqual(['c', 'b', 'a']);
    store.apply({ type: 'clock', now: '2031-05-04T02:07:00Z', speed: 1, paused: false, controllable: true, mode: 'demo' });
    expect(store.openWarnings().map((zone) => zone.zone_id)).toEqual(['b', 'c', 'a']);
  });
});

describe('warnings', () => {
  it('puts the newest first and tells the listeners', () => {
    let told = 0;
    store.on('decision', () => (told += 1));
    store.apply({ type: 'warning', ...row({ decided_at: '2031-05-04T02:00:00Z' }) });
    store.apply({ type: 'warning', ...row({ decided_at: '2031-05-04T02:01:00Z', action: 'clear' }) });
    expect(told).toBe(2);
    expect(store.warnings.map((w) => w.action)).toEqual(['clear', 'issue']);
    expect(store.recentClears(5)).toHaveLength(1);
  });

  it('dates a stage by its first decision, not by its updates or the stage before', () => {
    store.setWarnings([
      row({ decided_at: '2031-05-04T02:04:00Z', action: 'update' }),
      row({ decided_at: '2031-05-04T02:03:00Z', zone_id: 'b', warning_id: 'W-b' }),
      row({ decided_at: '2031-05-04T02:02:00Z' }),
      row({ decided_at: '2031-05-04T02:01:00Z', stage: 'pre_alert' }),
    ]);
    store.apply({ type: 'zones', changed: [properties('a', 'alert')] });
    expect(store.since(store.zones.get('a')!)).toBe('2031-05-04T02:02:00Z');
  });

  it('has bounded memory', () => {
    for (let i = 0; i < 700; i++) store.apply({ type: 'warning', ...row({ warning_id: `W${i}` }) });
    expect(store.warnings).toHaveLength(500);
    expect(store.warnings[0]!.warning_id).toBe('W699');
  });

  it('speaks of alerts and all-clears', () => {
    const now = Date.parse('2031-05-04T02:00:00Z');
    expect(sentence(row({ arrival_p50: '2031-05-04T02:04:30Z' }), now)).toBe('Alert: Zone a, one-way drone, in 04:30 minutes.');
    expect(sentence(row({ action: 'clear' }), now)).toBe('All clear: Zone a.');
  });
});

describe('notices', () => {
  it('drops an ended one from the open list', () => {
    store.apply({ type: 'notice', ...notice('1', null) });
    store.apply({ type: 'notice', ...notice('2', null) });
    store.apply({ type: 'notice', ...notice('1', '2031-05-04T02:05:00Z') });
    expect(store.openNotices().map((n) => n.notice_id)).toEqual(['2']);
  });

  it('says nothing twice', () => {
    store.setNotices([
      { ...notice('1', null), text: 'radar-1 is silent.' },
      { ...notice('2', null), text: 'radar-1 is silent; the bay cannot be seen.' },
    ]);
    expect(store.openNotices().map((n) => n.notice_id)).toEqual(['2']);
  });
});

describe('geometry', () => {
  it('finds the point inside, holes excepted', () => {
    const outer = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]];
    const hole = [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]];
    expect(insidePolygons([[outer, hole]], 3, 3)).toBe(true);
    expect(insidePolygons([[outer, hole]], 1.5, 1.5)).toBe(false);
    expect(insidePolygons([[outer, hole]], 5, 1)).toBe(false);
  });

  it('anchors the name in the largest part', () => {
    const small = [[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]];
    const large = [[0, 0], [0, 4], [4, 4], [4, 0], [0, 0]];
    expect(anchorOf([[small], [large]])).toEqual([2, 2]);
  });
});

describe('districts and proposals', () => {
  const proposal = (due_at: string | null) => ({
    warning_id: 'P', stage: 'alert' as const, proposed_at: '2031-05-04T02:00:00Z', due_at, threat_class: null, probability: null,
    arrival_p10: null, arrival_p50: null, arrival_p90: null, track_ids: [], reason: 'one drone',
  });

  it('keeps districts off the map and out of the counts, and follows their state', () => {
    const store = new Store();
    const north = { ...feature('North', 0), properties: { ...properties('North'), kind: 'district' as const } };
    const a = feature('a', 0);
    a.properties.parent_id = 'North';
    store.setZones({ type: 'FeatureCollection', features: [a, north] });
    expect([...store.zones.keys()]).toEqual(['a']);
    expect(store.wholes().map((one) => one.zone_id)).toEqual(['North']);
    const changed = { ...north.properties, stage: 'alert' as const, inherited_stage: 'alert' as const, inherited_share: 0.4 };
    store.apply({ type: 'zones', changed: [changed] });
    expect(store.wholes()[0]!.inherited_share).toBe(0.4);
    expect(store.zonesByStage().alert).toBe(0);
    expect(sentence2('alert', 0.4, 400)).toContain('40');
    expect(sentence2('quiet', 0, 400)).toBe('Quiet');
  });

  it('lists what goes out by itself first, and what waits last', () => {
    const store = new Store();
    store.setZones({ type: 'FeatureCollection', features: ['a', 'b', 'c'].map((id) => feature(id, 0)) });
    const row = (id: string, due: string | null) => ({ ...properties(id), proposal: proposal(due) });
    store.apply({ type: 'zones', changed: [row('a', null), row('b', '2031-05-04T02:02:00Z'), row('c', '2031-05-04T02:01:00Z')] });
    expect(store.proposals().map((zone) => zone.zone_id)).toEqual(['c', 'b', 'a']);
    store.apply({ type: 'zones', changed: [properties('c')] });
    expect(store.proposals()).toHaveLength(2);
  });

  it('has not been reported before the run has begun', () => {
    const store = new Store();
    expect(store.reported).toBe(false);
  });
});
