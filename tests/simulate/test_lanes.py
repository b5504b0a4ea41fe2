"""What runs in vector lanes is exact to the last digits, and does run in them."""

import platform

import numba as nb
import numpy as np
import pytest

from tests.simulate.made import fleet_of
from tocsin.simulate import kernels_sensors_draws, kernels_sensors_meet
from tocsin.simulate.draws import (
    FIRST,
    Purpose,
    instants,
    normals,
    reference_normals,
    reference_uniforms,
    uniforms,
)
from tocsin.simulate.kernels_lanes import elementary

RNG = np.random.default_rng(5)


def test_elementary_functions_equal_the_librarys():
    y = RNG.normal(size=50_000) * 10.0 ** RNG.uniform(-9.0, 9.0, 50_000)
    x = RNG.uniform(0.0, 1.0, 50_000)
    x[:200] = (np.arange(200) + 0.5) / 2.0**32
    x[200:400] = 1.0 - x[:200]
    for sign in (1.0, -1.0):
        out = np.empty((4, len(x)))
        elementary(y, sign * x, out)
        assert abs(out[0] - np.arctan2(y, sign * x)).max() < 1e-15
        assert out[1] == pytest.approx(np.log(x), rel=4e-16, abs=0.0)
        assert abs(out[2] - np.sin(2.0 * np.pi * x)).max() < 1e-15
        assert abs(out[3] - np.cos(2.0 * np.pi * x)).max() < 1e-15


def test_angles_on_the_axes_are_exact():
    y, x = np.array([0.0, 0, 1, -1, 1, -1, 0]), np.array([1.0, -1, 0, 0, -1, -1, 0])
    out = np.empty((4, len(x)))
    elementary(y, x, out)
    assert out[0].tolist() == np.arctan2(y, x).tolist()


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 300])
def test_draws_equal_their_plain_twins_whatever_the_block(count):
    key = fleet_of(count).key if count else np.zeros((0, 2), np.uint64)
    when = instants(np.arange(count) - 7, count)
    expected = reference_uniforms(key, Purpose.ECHO, when, 9)
    assert uniforms(key, Purpose.ECHO, when, 9).tolist() == expected.tolist()
    there = reference_normals(key, Purpose.GUSTS, when, 9)
    assert normals(key, Purpose.GUSTS, when, 9) == pytest.approx(there, rel=1e-14, abs=1e-14)


def test_each_encounter_has_draws_of_its_own():
    key, when = fleet_of(70).key, instants(3, 70)
    rows = [np.empty((70, 4)) for _ in range(3)]
    for encounter, out in zip((FIRST, np.zeros(70, int), np.arange(70) % 2), rows, strict=True):
        kernels_sensors_draws.normal_rows(key, when, 3, 1, encounter, out)
    assert (rows[0] == rows[1]).all()
    assert (rows[2] == rows[0]).all(axis=1).tolist() == [k % 2 == 0 for k in range(70)]


@pytest.mark.skipif(
    nb.config.DISABLE_JIT or platform.machine() not in ("x86_64", "AMD64"),
    reason="reads x86 assembly of compiled code",
)
@pytest.mark.parametrize(
    ("kernel", "scalars"),
    [
        (kernels_sensors_meet._follow, (0.25,)),
        (kernels_sensors_meet._look, (0.25, 1e-8)),
        (kernels_sensors_draws._normals, ()),
    ],
    ids=["follow", "look", "normals"],
)
def test_lanes_are_vectors(kernel, scalars):
    """Nothing but the assembly tells that a loop was not vectorised; it costs several times."""
    again = nb.njit(nogil=True, error_model="numpy")(kernel.py_func)
    again(RNG.uniform(0.1, 0.9, 64 * 40), *scalars)
    (text,) = again.inspect_asm().values()
    packed, single = text.count("divpd"), text.count("divsd")
    assert packed > 0
    assert packed > single
