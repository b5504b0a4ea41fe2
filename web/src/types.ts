/** JSON of `/api/v1`, as written in the server's interface description. */
import type { Feature, FeatureCollection, Geometry, MultiPolygon, Polygon } from 'geojson';

export type Stage = 'quiet' | 'pre_alert' | 'alert';
export type Action = 'issue' | 'update' | 'clear' | 'cancel';
export type SensorState = 'ok' | 'late' | 'silent' | 'never';

export interface Town {
  name: string;
  latitude_deg: number;
  longitude_deg: number;
  population: number;
}

export interface Site {
  name: string;
  mode: 'live' | 'demo' | 'replay';
  status: 'Exercise' | 'Test' | 'Actual';
  origin: { latitude_deg: number; longitude_deg: number };
  place: { coastline: Geometry | null; towns: Town[] };
  clock: { controllable: boolean };
  version: string;
}

export interface Proposal {
  warning_id: string;
  stage: Stage;
  proposed_at: string;
  due_at: string | null;
  threat_class: string | null;
  probability: number | null;
  arrival_p10: string | null;
  arrival_p50: string | null;
  arrival_p90: string | null;
  track_ids: string[];
  reason: string;
}

export interface ZoneProperties {
  zone_id: string;
  name: string;
  parent_id: string | null;
  population: number | null;
  time_to_shelter_s: number | null;
  stage: Stage;
  threat_class: string | null;
  probability: number | null;
  arrival_p10: string | null;
  arrival_p50: string | null;
  arrival_p90: string | null;
  warning_id: string | null;
  reason: string | null;
  kind: 'zone' | 'district';
  inherited_stage: Stage;
  inherited_share: number;
  expires_at: string | null;
  released_by: string | null;
  proposal: Proposal | null;
  held_until: string | null;
  extended_until: string | null;
}

export type Verb = 'release' | 'hold' | 'extend' | 'cancel' | 'all-clear';

export type ZoneFeature = Feature<Polygon | MultiPolygon, ZoneProperties>;
export type ZoneCollection = FeatureCollection<Polygon | MultiPolygon, ZoneProperties>;

export interface WarningRow {
  decided_at: string;
  published_at: string | null;
  zone_id: string;
  zone_name: string;
  warning_id: string;
  action: Action;
  stage: Stage;
  threat_class: string | null;
  probability: number | null;
  arrival_p10: string | null;
  arrival_p50: string | null;
  arrival_p90: string | null;
  expires_at: string | null;
  track_ids: string[];
  released_by: string | null;
  cap_identifier: string | null;
  reason: string | null;
}

export interface Notice {
  at: string;
  notice_id: string;
  kind: string;
  sensor_id: string | null;
  zone_ids: string[];
  text: string;
  ended_at: string | null;
}

export interface Sensor {
  sensor_id: string;
  kind: 'radar' | 'adsb_receiver' | 'people' | 'external';
  latitude_deg: number | null;
  longitude_deg: number | null;
  height_wgs84_m: number | null;
  state: SensorState;
  last_heard: string | null;
  reports_per_s: number | null;
  plots_total: number;
  faults_total: number;
  faults: Record<string, number>;
  range_m: number | null;
}

export interface ClockState {
  now: string;
  speed: number;
  paused: boolean;
  controllable: boolean;
  mode: string;
}

/** Messages that a recipient lacks, and why; one row of the summary. */
export interface Undelivered {
  recipient: string;
  unreachable: boolean;
  waiting: number;
  refused: number;
  gave_up: number;
  last_error: string | null;
}

export interface Summary {
  plots: number;
  tracks_confirmed: number;
  warnings_by_action: Partial<Record<Action, number>>;
  zones_by_stage: Partial<Record<Stage, number>>;
  plots_per_s: number;
  undelivered: Undelivered[];
}

export interface TrackDetail {
  track_id: string;
  number: number;
  status: string;
  existence_probability: number;
  latitude_deg: number;
  longitude_deg: number;
  height_wgs84_m: number | null;
  course_deg: number;
  speed_mps: number;
  climb_mps: number | null;
  object_class: string;
  class_probability: number | null;
  mode_s: string | null;
  callsign: string | null;
  corroborated: 'confirmed' | 'uncorroborated' | 'not_applicable';
  designation: string | null;
  sensors: string[];
  external: boolean;
  why: string[];
  class_probabilities: Record<string, number>;
  zones: { zone_id: string; name: string; probability: number; arrival_p50: string | null }[];
  position_std_m: number | null;
  first_seen: string | null;
  last_plot: string | null;
}

export interface CoverageProperties {
  kind: 'covered' | 'blind' | 'unknown';
  height_m: number;
  sensor_id: string | null;
}

export type Coverage = FeatureCollection<Polygon | MultiPolygon, CoverageProperties>;

export type StreamMessage =
  | { type: 'hello'; mode: string; now: string }
  | ({ type: 'clock' } & ClockState)
  | { type: 'zones'; changed: ZoneProperties[] }
  | ({ type: 'warning' } & WarningRow)
  | ({ type: 'notice' } & Notice)
  | { type: 'sensors'; sensors: Sensor[] }
  | { type: 'coverage_changed' }
  | ({ type: 'summary' } & Summary);
