"""Enumerations: small integers in core tables, their lower-case names in files."""

from __future__ import annotations

from enum import IntEnum


class SensorKind(IntEnum):
    """What a data source is."""

    RADAR = 0
    ADSB_RECEIVER = 1
    PEOPLE = 2
    EXTERNAL = 3
    RF_DETECTOR = 4
    ACOUSTIC = 5


class ReportKind(IntEnum):
    """What one report states."""

    PLOT = 0
    POSITION = 1
    IDENTITY = 2
    SIGHTING = 3
    EXTERNAL_TRACK = 4
    SERVICE = 5
    BEARING = 6


class Dimension(IntEnum):
    """Which part of a plot's position was measured; BEARING: only where it lies from the sensor."""

    BEARING = 1
    HORIZONTAL = 2
    FULL = 3


class TrackStatus(IntEnum):
    """Life of a track; EXTERNAL is another tracker's."""

    TENTATIVE = 0
    CONFIRMED = 1
    COASTING = 2
    EXTERNAL = 3


class ObjectClass(IntEnum):
    """What kind of object it is, by how it moves."""

    UNKNOWN = 0
    AIRLINER = 1
    LIGHT_AIRCRAFT = 2
    HELICOPTER = 3
    BIRD = 4
    BALLOON = 5
    MULTIROTOR = 6
    ONE_WAY_DRONE = 7
    FAST_LOW_FLYER = 8
    BALLISTIC = 9


class Corroboration(IntEnum):
    """Whether a sensor that does not listen to the object's own claims confirms it."""

    NOT_APPLICABLE = 0
    CONFIRMED = 1
    UNCORROBORATED = 2


class Designation(IntEnum):
    """What an operator declared a track to be."""

    NONE = 0
    KNOWN = 1
    UNKNOWN = 2
    HAZARD = 3


class SensorState(IntEnum):
    """Whether a sensor is heard as often as it should be."""

    NEVER = 0
    OK = 1
    LATE = 2
    SILENT = 3


class Stage(IntEnum):
    """Stage of a public warning."""

    QUIET = 0
    PRE_ALERT = 1
    ALERT = 2


class Action(IntEnum):
    """What a warning row does."""

    ISSUE = 0
    UPDATE = 1
    CLEAR = 2
    CANCEL = 3


ENDINGS = (Action.CLEAR, Action.CANCEL)
"""What ends a warning."""


class DeliveryStatus(IntEnum):
    """What became of one message to one recipient; GAVE_UP: it was tried for too long."""

    QUEUED = 0
    DELIVERED = 1
    REFUSED = 2
    GAVE_UP = 3
    SUPERSEDED = 4


class EffectKind(IntEnum):
    """How an object affected a zone."""

    IMPACT = 0
    LOW_PASS = 1


class NoticeKind(IntEnum):
    """What a notice to operators is about."""

    SENSOR_LOST = 0
    SENSOR_BACK = 1
    COVERAGE_LOST = 2
    COVERAGE_BACK = 3
    OVERFLOW = 4
    INPUT_REFUSED = 5
    RUN = 6
    SENSOR_BIASED = 7


class BiasComponent(IntEnum):
    """Which measurement of a sensor a bias is of."""

    RANGE = 0
    AZIMUTH = 1
    ELEVATION = 2
    TIME = 3
