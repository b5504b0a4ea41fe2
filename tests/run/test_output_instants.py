"""At which instants a recording's tracks are put out."""

import numpy as np
import pytest

from tocsin.contract import NS, Reports, Sensor, SensorKind
from tocsin.run.offline import _output_period_s

RADAR = Sensor("r", SensorKind.RADAR, 50.0, 10.0, period_s=4.0)


def reports(times_s: np.ndarray) -> Reports:
    """Return the reports of one radar at some times."""
    at_ns = np.round(times_s * NS).astype(np.int64)
    return Reports.build(len(at_ns), measured_at_ns=at_ns, sensor_id=["r"] * len(at_ns))


def beam(stamp_s: float) -> np.ndarray:
    """Return the times of 2,000 plots a turn in six turns, rounded down."""
    times_s = np.sort(np.random.default_rng(5).uniform(0.0, 24.0, 12_000))
    return np.asarray(np.floor(times_s / stamp_s) * stamp_s)


@pytest.mark.parametrize(
    ("times_s", "sensors", "expected"),
    [
        (np.repeat(np.arange(6) * 4.0, 5), (RADAR,), None),
        (np.repeat(np.arange(20) * 1.0, 5), (), None),
        (beam(1e-9), (RADAR,), 1.0),
        (beam(1 / 128), (RADAR,), 1.0),
        (beam(1 / 128), (), 1.0),
        (beam(1.0), (RADAR,), 1.0),
    ],
    ids=["scans", "scans of a stranger", "own times", "1/128 s", "a stranger's", "1 s"],
)
def test_only_whole_scans_give_instants(
    times_s: np.ndarray, sensors: tuple[Sensor, ...], expected: float | None
) -> None:
    assert _output_period_s(reports(times_s), sensors) == expected
