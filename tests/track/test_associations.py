"""Which plots the tracker says that confirmed tracks took."""

import numpy as np
import pytest

from tests.track.scenes import REGION, T0_NS, Line, radar, sweep
from tocsin.contract import NS, Associations
from tocsin.track import TrackConfig, start, step_in_full


def told(apart_m: float) -> tuple[Associations, np.ndarray]:
    """Return the associations of two who fly abreast, and the times of their plots."""
    rng, sensors = np.random.default_rng(4), (radar(false_plots_per_look=1.0),)
    pair = [Line((20e3 + k * apart_m, -15e3, 4e3), (0.0, 150.0, 0.0)) for k in range(2)]
    scan = sweep(rng, pair, sensors, 0, 200.0, pd=0.95)
    state, parts = start(TrackConfig(REGION, sensors, associations=True)), []
    for second in range(1, 206):
        now_ns = T0_NS + second * NS

        def lately(at_ns, now_ns=now_ns):
            return (at_ns > now_ns - NS) & (at_ns <= now_ns)

        plots = scan.plots.take(lately(scan.plots.measured_at_ns))
        state, out = step_in_full(state, plots, scan.looks.take(lately(scan.looks.end_ns)), now_ns)
        parts.append(out.associations)
    own = scan.plots.measured_at_ns[scan.origin >= 0]
    return Associations.concat(parts), own[own > T0_NS + 40 * NS]


@pytest.mark.parametrize("apart_m", [150.0, 20e3])
def test_plots_of_confirmed_tracks_are_told_contested_or_not(apart_m: float) -> None:
    rows, own = told(apart_m)
    assert np.isin(own, rows.measured_at_ns).mean() > 0.95
    assert len(np.unique(rows.measured_at_ns)) == len(rows)
    assert ((rows.probability > 0.5) & (rows.probability <= 1.0)).all()
    # Whose a contested plot is, nobody knows: it tells nothing of biases or innovations.
    contested = np.isnan(rows.distance2)
    assert np.array_equal(contested, np.isnan(rows.velocity_mps).all(axis=1))
    assert contested.mean() > 0.5 if apart_m < 1e3 else not contested.any()
