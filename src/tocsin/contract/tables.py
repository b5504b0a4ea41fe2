"""The tables that rooms exchange and that files hold.

Angles: azimuth clockwise from true north, elevation above the sensor's horizontal. Range is slant
range. Range rate is positive receding. ENU at a position is the local frame at that position; the
region frame is the rigid ENU frame at the site's origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from tocsin.contract.enums import (
    Action,
    BiasComponent,
    Corroboration,
    DeliveryStatus,
    Designation,
    Dimension,
    EffectKind,
    NoticeKind,
    ObjectClass,
    ReportKind,
    SensorKind,
    SensorState,
    Stage,
    TrackStatus,
)
from tocsin.contract.table import F64, I8, I32, I64, U32, U64, Bool, Column, Objects, Table

CLASS_COUNT = len(ObjectClass)
MODE_COUNT = 4
"""Motion models of the tracker's largest set."""

MeasuredAt = Annotated[I64, Column("int64", "ns UTC", "when it was so")]
ReceivedAt = Annotated[I64, Column("int64", "ns UTC", "when it reached us", optional=True)]
SensorId = Annotated[Objects, Column("str", doc="sensor or data source, as named in the site")]
Sequence = Annotated[I64, Column("int64", doc="order of arrival from this sensor", optional=True)]
ModeS = Annotated[
    U32, Column("uint32", doc="24-bit Mode S address", validity="mode_s_valid", optional=True)
]
Mode3A = Annotated[
    U32, Column("uint32", doc="Mode 3/A code, 12 bits", validity="mode_3a_valid", optional=True)
]
Valid = Annotated[Bool, Column("bool", doc="whether the integer beside it is present")]
Callsign = Annotated[Objects, Column("str", doc="target identification", optional=True)]
Latitude = Annotated[F64, Column("float64", "deg", "WGS-84 latitude")]
Longitude = Annotated[F64, Column("float64", "deg", "WGS-84 longitude")]
Height = Annotated[F64, Column("float64", "m", "height above the WGS-84 ellipsoid")]
ZoneId = Annotated[Objects, Column("str", doc="zone, as in zones.geojson")]
ModeProbability = Annotated[
    F64,
    Column(
        "float64", "", "by motion model of the tracker's set, in its order; NaN: fewer models",
        shape=(MODE_COUNT,), optional=True,
    ),
]  # fmt: skip
TargetId = Annotated[Objects, Column("str", doc="true object; null: none, a false plot")]


def _m(doc: str) -> Column:
    return Column("float64", "m", doc, optional=True)


def _rad(doc: str) -> Column:
    return Column("float64", "rad", doc, optional=True)


def _mps(doc: str) -> Column:
    return Column("float64", "m/s", doc, optional=True)


@dataclass(frozen=True)
class Frames(Table):
    """Raw bytes with the time they were received."""

    NAME: ClassVar[str] = "frames"

    received_at_ns: Annotated[I64, Column("int64", "ns UTC", "when the bytes reached us")]
    source_id: Annotated[Objects, Column("str", doc="input the bytes came from")]
    payload: Annotated[
        Objects,
        Column("bytes", doc="the bytes: a datagram, or a stream's chunk; null: a new connection"),
    ]
    lost: Annotated[
        Objects, Column("str", doc="what was lost on the way to us; null: nothing", optional=True)
    ]


@dataclass(frozen=True)
class Faults(Table):
    """What could not be decoded or used, and why."""

    NAME: ClassVar[str] = "faults"

    received_at_ns: Annotated[I64, Column("int64", "ns UTC", "when the bytes reached us")]
    source_id: Annotated[Objects, Column("str", doc="input the bytes came from")]
    kind: Annotated[Objects, Column("str", doc="short name of the fault, for counting")]
    offset_bytes: Annotated[I64, Column("int64", "bytes", "place in the input, -1 unknown")]
    detail: Annotated[Objects, Column("str", doc="what was wrong, for people")]


@dataclass(frozen=True)
class Reports(Table):
    """Decoded sensor statements; `plots.parquet` holds this table.

    A report is polar about its sensor, or geographic, or has no position at all (identity).
    """

    NAME: ClassVar[str] = "plots"

    measured_at_ns: MeasuredAt
    received_at_ns: ReceivedAt
    sensor_id: SensorId
    sequence: Sequence
    kind: Annotated[I8, Column("int8", doc="what it states", enum=ReportKind, optional=True)]
    range_m: Annotated[F64, _m("slant range")]
    azimuth_rad: Annotated[F64, _rad("clockwise from true north")]
    elevation_rad: Annotated[F64, _rad("above the sensor's horizontal; null: 2-D")]
    range_rate_mps: Annotated[F64, _mps("positive receding")]
    range_std_m: Annotated[F64, _m("standard deviation; null: the site's")]
    azimuth_std_rad: Annotated[F64, _rad("standard deviation; null: the site's")]
    elevation_std_rad: Annotated[F64, _rad("standard deviation; null: the site's")]
    range_rate_std_mps: Annotated[F64, _mps("standard deviation; null: the site's")]
    latitude_deg: Annotated[F64, Column("float64", "deg", "WGS-84", optional=True)]
    longitude_deg: Annotated[F64, Column("float64", "deg", "WGS-84", optional=True)]
    height_wgs84_m: Annotated[F64, _m("above the ellipsoid")]
    horizontal_std_m: Annotated[F64, _m("standard deviation per horizontal axis")]
    vertical_std_m: Annotated[F64, _m("standard deviation")]
    velocity_east_mps: Annotated[F64, _mps("ENU at the position, as reported")]
    velocity_north_mps: Annotated[F64, _mps("ENU at the position, as reported")]
    velocity_up_mps: Annotated[F64, _mps("ENU at the position, as reported")]
    mode_s: ModeS
    mode_s_valid: Valid
    mode_3a: Mode3A
    mode_3a_valid: Valid
    callsign: Callsign
    altitude_baro_m: Annotated[F64, _m("pressure altitude, 1013.25 hPa")]
    snr_db: Annotated[F64, Column("float64", "dB", "signal to noise", optional=True)]
    track_number: Annotated[
        U32,
        Column(
            "uint32", doc="the sensor's own track", validity="track_number_valid", optional=True
        ),
    ]
    track_number_valid: Valid
    ended: Annotated[Bool, Column("bool", doc="external track's last message", optional=True)]
    origin_id: Annotated[Objects, Column("str", doc="sighting: first observer", optional=True)]
    relayed_from: Annotated[Objects, Column("str", doc="sighting: who relayed it", optional=True)]
    grade: Annotated[Objects, Column("str", doc="sighting: Admiralty A1-F6", optional=True)]


@dataclass(frozen=True)
class Looks(Table):
    """What each sensor swept, empty looks included."""

    NAME: ClassVar[str] = "looks"

    sensor_id: SensorId
    start_ns: Annotated[I64, Column("int64", "ns UTC", "beam at azimuth_from_rad")]
    end_ns: Annotated[I64, Column("int64", "ns UTC", "beam at azimuth_to_rad")]
    azimuth_from_rad: Annotated[F64, Column("float64", "rad", "clockwise from true north")]
    azimuth_to_rad: Annotated[
        F64, Column("float64", "rad", "clockwise; from + 2 pi: a whole revolution")
    ]


@dataclass(frozen=True)
class Plots(Table):
    """Located detections in the region frame, each with its own covariance.

    A plot of dimension HORIZONTAL has no measured height: only the upper-left 2x2 block of its
    covariance means anything, and its height is an assumption for display. One of dimension BEARING
    has neither position nor covariance, but a direction about its sensor with standard deviations.
    """

    NAME: ClassVar[str] = "located_plots"

    measured_at_ns: MeasuredAt
    received_at_ns: ReceivedAt
    sensor: Annotated[I32, Column("int32", doc="index in the site's sensors")]
    sequence: Sequence
    kind: Annotated[I8, Column("int8", doc="what the report stated", enum=ReportKind)]
    dimension: Annotated[I8, Column("int8", doc="what was measured", enum=Dimension)]
    position_m: Annotated[F64, Column("float64", "m", "region frame", shape=(3,))]
    position_cov_m2: Annotated[F64, Column("float64", "m2", "region frame", shape=(3, 3))]
    velocity_mps: Annotated[
        F64, Column("float64", "m/s", "region frame, as reported; NaN: none", shape=(3,))
    ]
    azimuth_rad: Annotated[F64, _rad("about the sensor, for sectors; NaN: no beam")]
    elevation_rad: Annotated[F64, _rad("of a bearing, about the sensor; NaN: not measured")]
    azimuth_std_rad: Annotated[F64, _rad("of a bearing; NaN: no bearing")]
    elevation_std_rad: Annotated[F64, _rad("of a bearing with elevation")]
    range_m: Annotated[F64, _m("about the sensor; NaN: not polar")]
    range_rate_mps: Annotated[F64, _mps("positive receding; NaN: none")]
    range_rate_std_mps: Annotated[F64, _mps("its standard deviation; NaN: not known, not used")]
    false_density: Annotated[
        F64,
        Column(
            "float64",
            "1/m3, 1/m2, 1/rad2, 1/rad",
            "expected false plots per look here: with height, without; of bearings likewise",
        ),
    ]
    mode_s: ModeS
    mode_s_valid: Valid
    mode_3a: Mode3A
    mode_3a_valid: Valid
    callsign: Callsign
    altitude_baro_m: Annotated[F64, _m("pressure altitude")]


@dataclass(frozen=True)
class Associations(Table):
    """Which plot went to which confirmed track: what registration learns from, a tick later.

    Positions are those of the plots, corrected by what is known of their sensor's biases.
    """

    NAME: ClassVar[str] = "associations"

    measured_at_ns: MeasuredAt
    sensor: Annotated[I32, Column("int32", doc="index in the site's sensors")]
    number: Annotated[U32, Column("uint32", doc="track number")]
    probability: Annotated[F64, Column("float64", "", "that the plot is of this track")]
    dimension: Annotated[I8, Column("int8", doc="what was measured", enum=Dimension)]
    range_m: Annotated[F64, _m("the plot's, about the sensor; NaN: not polar")]
    position_m: Annotated[F64, Column("float64", "m", "the plot's, region frame", shape=(3,))]
    position_cov_m2: Annotated[F64, Column("float64", "m2", "the plot's", shape=(3, 3))]
    velocity_mps: Annotated[F64, Column("float64", "m/s", "the track's", shape=(3,))]
    distance2: Annotated[
        F64, Column("float64", "", "squared Mahalanobis distance of the plot from the track")
    ]


@dataclass(frozen=True)
class Biases(Table):
    """What is known of the sensors' biases at one instant; a row for each component.

    A measurement is the true value plus the bias: `applied` is subtracted from what is reported.
    """

    NAME: ClassVar[str] = "biases"

    estimated_at_ns: Annotated[I64, Column("int64", "ns UTC", "when it was estimated")]
    sensor_id: SensorId
    component: Annotated[I8, Column("int8", doc="of which measurement", enum=BiasComponent)]
    bias: Annotated[F64, Column("float64", "m, rad, s", "in all, not what is left of it")]
    std: Annotated[F64, Column("float64", "m, rad, s", "standard deviation of the estimate")]
    significant: Annotated[Bool, Column("bool", doc="whether it is more than its uncertainty")]
    applied: Annotated[F64, Column("float64", "m, rad, s", "what reports are corrected by")]


@dataclass(frozen=True)
class TrackUpdates(Table):
    """State of every live track at one output instant, in the region frame."""

    NAME: ClassVar[str] = "track_updates"

    measured_at_ns: MeasuredAt
    number: Annotated[U32, Column("uint32", doc="track number, never used again")]
    status: Annotated[I8, Column("int8", doc="life of the track", enum=TrackStatus)]
    existence_probability: Annotated[F64, Column("float64", "", "0 to 1")]
    state: Annotated[
        F64, Column("float64", "m, m/s", "position then velocity, region frame", shape=(6,))
    ]
    state_cov: Annotated[
        F64,
        Column("float64", "m2, m2/s, m2/s2", "upper triangle by rows, region frame", shape=(21,)),
    ]
    mode_probability: ModeProbability
    first_at_ns: Annotated[I64, Column("int64", "ns UTC", "first plot")]
    last_plot_at_ns: Annotated[I64, Column("int64", "ns UTC", "latest plot")]
    sensor_bits: Annotated[U64, Column("uint64", doc="bit s: sensor s contributed lately")]
    mode_s: ModeS
    mode_s_valid: Valid
    callsign: Callsign


@dataclass(frozen=True)
class Tracks(Table):
    """The air picture's tracks at one output instant; `tracks.parquet` holds this table."""

    NAME: ClassVar[str] = "tracks"

    measured_at_ns: MeasuredAt
    emitted_at_ns: Annotated[I64, Column("int64", "ns UTC", "when it was put out")]
    track_id: Annotated[Objects, Column("str", doc="stable id")]
    number: Annotated[U32, Column("uint32", doc="stable number for displays", optional=True)]
    status: Annotated[I8, Column("int8", doc="life of the track", enum=TrackStatus)]
    existence_probability: Annotated[F64, Column("float64", "", "0 to 1")]
    latitude_deg: Latitude
    longitude_deg: Longitude
    height_wgs84_m: Height
    velocity_east_mps: Annotated[F64, Column("float64", "m/s", "ENU at the position")]
    velocity_north_mps: Annotated[F64, Column("float64", "m/s", "ENU at the position")]
    velocity_up_mps: Annotated[F64, Column("float64", "m/s", "ENU at the position")]
    state_cov_m_mps: Annotated[
        F64,
        Column("float64", "m2, m2/s, m2/s2", "upper triangle by rows, local ENU", shape=(21,)),
    ]
    mode_probability: ModeProbability
    class_probability: Annotated[
        F64,
        Column("float64", "", "by object class code", shape=(CLASS_COUNT,), optional=True),
    ]
    object_class: Annotated[
        I8, Column("int8", doc="most probable class", enum=ObjectClass, optional=True)
    ]
    corroborated: Annotated[
        I8, Column("int8", doc="radar confirms the claim", enum=Corroboration, optional=True)
    ]
    designation: Annotated[
        I8, Column("int8", doc="by an operator", enum=Designation, optional=True)
    ]
    hazardous: Annotated[Bool, Column("bool", doc="can hurt people below", optional=True)]
    mode_s: ModeS
    mode_s_valid: Valid
    callsign: Callsign
    sensor_count: Annotated[I32, Column("int32", doc="sensors that contribute", optional=True)]
    sensor_ids: Annotated[Objects, Column("strs", doc="those sensors", optional=True)]
    first_at_ns: Annotated[I64, Column("int64", "ns UTC", "first plot", optional=True)]
    last_plot_at_ns: Annotated[I64, Column("int64", "ns UTC", "latest plot", optional=True)]


@dataclass(frozen=True)
class Innovations(Table):
    """How far each plot lay from where its track was predicted; `innovations.parquet` holds it.

    One row for each plot that a track was updated with, and for each track that took part of one.
    """

    NAME: ClassVar[str] = "innovations"

    measured_at_ns: MeasuredAt
    track_id: Annotated[Objects, Column("str", doc="as in tracks.parquet")]
    sensor_id: SensorId
    dimension: Annotated[I8, Column("int8", doc="of the measurement: its degrees of freedom")]
    distance2: Annotated[
        F64, Column("float64", "", "squared Mahalanobis distance: innovation over its covariance")
    ]
    probability: Annotated[F64, Column("float64", "", "of the association; 0 to 1")]


@dataclass(frozen=True)
class SensorHealth(Table):
    """How each sensor is heard at one instant."""

    NAME: ClassVar[str] = "sensor_health"

    measured_at_ns: MeasuredAt
    sensor_id: SensorId
    kind: Annotated[I8, Column("int8", doc="what it is", enum=SensorKind)]
    state: Annotated[I8, Column("int8", doc="is it heard", enum=SensorState)]
    last_heard_ns: Annotated[I64, Column("int64", "ns UTC", "0: never")]
    reports_per_s: Annotated[F64, Column("float64", "1/s", "over the last minute")]
    reports_total: Annotated[I64, Column("int64", doc="since start")]
    faults_total: Annotated[I64, Column("int64", doc="since start")]
    bearings_total: Annotated[
        I64,
        Column("int64", doc="of the reports, bearings: a direction without a range", optional=True),
    ]


@dataclass(frozen=True)
class Truth(Table):
    """Where every true object was; `truth.parquet` holds this table."""

    NAME: ClassVar[str] = "truth"

    measured_at_ns: MeasuredAt
    target_id: TargetId
    object_class: Annotated[I8, Column("int8", doc="what it is", enum=ObjectClass)]
    latitude_deg: Latitude
    longitude_deg: Longitude
    height_wgs84_m: Height
    velocity_east_mps: Annotated[F64, Column("float64", "m/s", "ENU at the position")]
    velocity_north_mps: Annotated[F64, Column("float64", "m/s", "ENU at the position")]
    velocity_up_mps: Annotated[F64, Column("float64", "m/s", "ENU at the position")]


@dataclass(frozen=True)
class Origins(Table):
    """The true object behind each plot row; never given to a tracker."""

    NAME: ClassVar[str] = "origins"

    target_id: TargetId
    merged_ids: Annotated[
        Objects,
        Column("strs", doc="weaker objects in the same resolution cell", optional=True),
    ]


@dataclass(frozen=True)
class Effects(Table):
    """Which zones were truly affected by which object, and when."""

    NAME: ClassVar[str] = "effects"

    target_id: TargetId
    zone_id: ZoneId
    kind: Annotated[I8, Column("int8", doc="how", enum=EffectKind)]
    first_ns: Annotated[I64, Column("int64", "ns UTC", "first instant")]
    last_ns: Annotated[I64, Column("int64", "ns UTC", "last instant")]


@dataclass(frozen=True)
class Warnings(Table):
    """Decisions of the public-warning lifecycle; `warnings.parquet` holds this table."""

    NAME: ClassVar[str] = "warnings"

    decided_at_ns: Annotated[I64, Column("int64", "ns UTC", "when it was decided")]
    published_at_ns: Annotated[
        I64, Column("int64", "ns UTC", "when it went out; 0: not yet", optional=True)
    ]
    zone_id: ZoneId
    warning_id: Annotated[Objects, Column("str", doc="one per zone, class and occasion")]
    action: Annotated[I8, Column("int8", doc="what it does", enum=Action)]
    stage: Annotated[I8, Column("int8", doc="stage after it", enum=Stage)]
    threat_class: Annotated[I8, Column("int8", doc="what is coming", enum=ObjectClass)]
    probability: Annotated[F64, Column("float64", "", "that the zone is affected")]
    arrival_p10_ns: Annotated[I64, Column("int64", "ns UTC", "0: no estimate")]
    arrival_p50_ns: Annotated[I64, Column("int64", "ns UTC", "0: no estimate")]
    arrival_p90_ns: Annotated[I64, Column("int64", "ns UTC", "0: no estimate")]
    expires_at_ns: Annotated[I64, Column("int64", "ns UTC", "renewed or cleared before")]
    track_ids: Annotated[Objects, Column("strs", doc="the tracks it rests on")]
    released_by: Annotated[Objects, Column("str", doc="automatic, or an operator's name")]
    cap_identifier: Annotated[Objects, Column("str", doc="CAP message that carries it")]
    reason: Annotated[Objects, Column("str", doc="why, for a duty officer")]


@dataclass(frozen=True)
class Pending(Table):
    """What awaits an operator or was ordered by one, zone by zone: all of it, each tick."""

    NAME: ClassVar[str] = "pending"

    zone_id: ZoneId
    warning_id: Annotated[Objects, Column("str", doc="of the warning, or that it will have")]
    stage: Annotated[I8, Column("int8", doc="stage that is published", enum=Stage)]
    proposed_stage: Annotated[I8, Column("int8", doc="stage that awaits release", enum=Stage)]
    proposed_at_ns: Annotated[I64, Column("int64", "ns UTC", "since when; 0: nothing awaits")]
    due_at_ns: Annotated[I64, Column("int64", "ns UTC", "when it goes out by itself; 0: never")]
    held_until_ns: Annotated[I64, Column("int64", "ns UTC", "nothing changes by itself; 0: no")]
    extended_until_ns: Annotated[I64, Column("int64", "ns UTC", "the stage is kept; 0: no")]
    threat_class: Annotated[I8, Column("int8", doc="what is coming", enum=ObjectClass)]
    probability: Annotated[F64, Column("float64", "", "that the zone is affected")]
    arrival_p10_ns: Annotated[I64, Column("int64", "ns UTC", "0: no estimate")]
    arrival_p50_ns: Annotated[I64, Column("int64", "ns UTC", "0: no estimate")]
    arrival_p90_ns: Annotated[I64, Column("int64", "ns UTC", "0: no estimate")]
    track_ids: Annotated[Objects, Column("strs", doc="the tracks it rests on")]
    reason: Annotated[Objects, Column("str", doc="why, for a duty officer")]


@dataclass(frozen=True)
class Designated(Table):
    """Which tracks operators designated, and why: all that live, each tick."""

    NAME: ClassVar[str] = "designated"

    designated_at_ns: Annotated[I64, Column("int64", "ns UTC", "when")]
    track_id: Annotated[Objects, Column("str", doc="as in tracks.parquet")]
    designation: Annotated[I8, Column("int8", doc="what it was declared", enum=Designation)]
    author: Annotated[Objects, Column("str", doc="who")]
    reason: Annotated[Objects, Column("str", doc="why; empty: not said")]


@dataclass(frozen=True)
class Forecasts(Table):
    """Per zone and threat class: how probably and when it will be affected."""

    NAME: ClassVar[str] = "forecasts"

    made_at_ns: Annotated[I64, Column("int64", "ns UTC", "when the forecast was made")]
    zone_id: ZoneId
    threat_class: Annotated[I8, Column("int8", doc="what is coming", enum=ObjectClass)]
    probability: Annotated[F64, Column("float64", "", "affected within the horizon")]
    arrival_p10_ns: Annotated[I64, Column("int64", "ns UTC", "0: no estimate")]
    arrival_p50_ns: Annotated[I64, Column("int64", "ns UTC", "0: no estimate")]
    arrival_p90_ns: Annotated[I64, Column("int64", "ns UTC", "0: no estimate")]
    track_ids: Annotated[Objects, Column("strs", doc="contributing tracks, strongest first")]


@dataclass(frozen=True)
class Notices(Table):
    """What operators must know about sensors and coverage; `notices.parquet` holds this table."""

    NAME: ClassVar[str] = "notices"

    decided_at_ns: Annotated[I64, Column("int64", "ns UTC", "when it was decided")]
    notice_id: Annotated[Objects, Column("str", doc="one per occasion")]
    kind: Annotated[I8, Column("int8", doc="what about", enum=NoticeKind)]
    sensor_id: Annotated[Objects, Column("str", doc="null: none", optional=True)]
    zone_ids: Annotated[Objects, Column("strs", doc="zones concerned", optional=True)]
    text: Annotated[Objects, Column("str", doc="plain words")]


@dataclass(frozen=True)
class Deliveries(Table):
    """Who was told what when, and who confirmed it; `deliveries.parquet` holds this table.

    One row for each message and recipient. All times but the decision's are this machine's.
    """

    NAME: ClassVar[str] = "deliveries"

    decided_at_ns: Annotated[I64, Column("int64", "ns UTC", "when the message was decided")]
    queued_at_ns: Annotated[I64, Column("int64", "ns UTC", "when it began to wait for sending")]
    sent_at_ns: Annotated[I64, Column("int64", "ns UTC", "the latest attempt; 0: none yet")]
    acknowledged_at_ns: Annotated[I64, Column("int64", "ns UTC", "confirmed by it; 0: never")]
    cap_identifier: Annotated[Objects, Column("str", doc="message; the idempotency key")]
    warning_id: Annotated[Objects, Column("str", doc="warning that it belongs to")]
    zone_id: ZoneId
    action: Annotated[I8, Column("int8", doc="what the message does", enum=Action)]
    stage: Annotated[I8, Column("int8", doc="stage after it", enum=Stage)]
    recipient: Annotated[Objects, Column("str", doc="name of the [[delivery]] in the site file")]
    status: Annotated[I8, Column("int8", doc="what became of it", enum=DeliveryStatus)]
    attempts: Annotated[I32, Column("int32", "", "how often it was sent")]
    last_error: Annotated[Objects, Column("str", doc="why the latest failed", optional=True)]


@dataclass(frozen=True)
class OperatorActions(Table):
    """What operators did: clock control, designation, release; journalled like any input."""

    NAME: ClassVar[str] = "operator_actions"

    received_at_ns: Annotated[I64, Column("int64", "ns UTC", "when it was accepted")]
    author: Annotated[Objects, Column("str", doc="who")]
    verb: Annotated[Objects, Column("str", doc="clock, designate, release, hold, cancel ...")]
    subject: Annotated[Objects, Column("str", doc="track, zone or warning concerned")]
    detail: Annotated[Objects, Column("str", doc="JSON of the rest: role, reason ...")]


TABLES: dict[str, type[Table]] = {
    cls.NAME: cls
    for cls in (
        Frames,
        Faults,
        Reports,
        Looks,
        Plots,
        Associations,
        Biases,
        TrackUpdates,
        Tracks,
        Innovations,
        SensorHealth,
        Truth,
        Origins,
        Effects,
        Warnings,
        Pending,
        Designated,
        Forecasts,
        Notices,
        Deliveries,
        OperatorActions,
    )
}
