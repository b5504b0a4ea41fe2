"""What confirms a track, and what takes that back while it has few plots."""

import numpy as np
import pytest

from tests.track.scenes import REGION, T0_NS, listener, radar
from tocsin.contract import NS, TrackStatus
from tocsin.track import TrackConfig, start
from tocsin.track.kernels_contest import Hypotheses
from tocsin.track.output import put_out
from tocsin.track.state import Bank

CONFIG = TrackConfig(REGION, (radar(), listener()))
NOW_S = 100
TENTATIVE, CONFIRMED, COASTING = TrackStatus.TENTATIVE, TrackStatus.CONFIRMED, TrackStatus.COASTING


def tracks(plots, existence, heard_s):
    """Return confirmed tracks, far apart; `heard_s`: (n, 2) by radar and receiver, 0: never."""
    n = len(plots)
    bank = Bank.empty(n, 2, len(CONFIG.models.models))
    bank.state[:, :, 0] = np.arange(n)[:, None] * 10e3
    bank.state[:, :, 2] = 3000.0
    bank.cov[:, :, [0, 6, 11]], bank.cov[:, :, [15, 18, 20]] = 50.0**2, 5.0**2
    bank.time_ns[:] = T0_NS + NOW_S * NS
    bank.existence[:], bank.plots[:], bank.confirmed[:] = existence, plots, True
    bank.number[:] = np.arange(1, n + 1)
    heard = np.array(heard_s)
    bank.heard_ns[:] = np.where(heard > 0, T0_NS + heard * NS, 0)
    bank.last_plot_at_ns[:] = bank.heard_ns.max(axis=1)
    return start(CONFIG)._replace(bank=bank)


def status(state):
    """Return each track's status now."""
    return put_out(state, T0_NS + NOW_S * NS)[1].updates.status.tolist()


@pytest.mark.parametrize(
    ("existence", "heard_s", "few", "many"),
    [
        (0.95, (97, 0), CONFIRMED, CONFIRMED),
        (0.75, (97, 0), TENTATIVE, CONFIRMED),
        (0.95, (93, 0), COASTING, COASTING),
        (0.95, (92, 0), TENTATIVE, COASTING),
        (0.95, (90, 92), COASTING, COASTING),
    ],
    ids=["heard", "not sure", "missed once", "missed twice", "told of by what does not sweep"],
)
def test_few_plots_confirm_only_while_nothing_speaks_against_them(existence, heard_s, few, many):
    enough = CONFIG.firm_plots
    state = tracks([enough - 1, enough], existence, [heard_s] * 2)
    assert status(state) == [few, many]


def test_a_withdrawn_track_is_confirmed_again_by_its_next_plot():
    state = tracks([4], 0.95, [(92, 0)])
    assert status(state) == [TENTATIVE]
    state.bank.heard_ns[0, 0] = state.bank.last_plot_at_ns[0] = T0_NS + 99 * NS
    assert status(state) == [CONFIRMED]


def contested(weights, plots=4):
    """Return two numbers for one object: each hypothesis knows it under another."""
    state = tracks([plots, plots], 1.0, [(99, 0)] * 2)
    bank = state.bank
    bank.state[:, :, 0] = 0.0
    bank.cluster[:], bank.confirmed[:], bank.weight[:] = 0, False, weights
    hypotheses = Hypotheses(
        np.array([0, 2]), np.array(weights), np.array([0, 1, 2]), np.array([0, 1]),
        np.array([[2500.0, 0.0, 0.0, 2500.0, 0.0, 2500.0]]),
    )  # fmt: skip
    return state._replace(hypotheses=hypotheses)


def test_what_all_hypotheses_hold_is_confirmed_whatever_they_call_it():
    assert status(contested((0.6, 0.4))) == [CONFIRMED]


def test_one_plot_confirms_nothing_however_sure_the_hypotheses_are():
    assert status(contested((0.6, 0.4), plots=1)) == [TENTATIVE]
