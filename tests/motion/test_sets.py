"""The sets of models: every class has one, and the kernels can run it."""

import numpy as np
import pytest

from tocsin.contract import ObjectClass
from tocsin.motion import kernels_imm
from tocsin.motion.classes import LIMITS
from tocsin.motion.sets import AGILE, MOST_MODELS, SETS


def test_every_class_has_a_set():
    assert set(SETS) == set(ObjectClass)


@pytest.mark.parametrize("models", [*SETS.values(), AGILE])
def test_an_object_is_always_in_some_mode(models):
    assert models.chain().share.sum() == pytest.approx(1.0)
    assert models.chain().share.min() > 0.0


@pytest.mark.parametrize("kind", [kind for kind in LIMITS if kind is not ObjectClass.MULTIROTOR])
def test_no_set_turns_faster_than_its_class(kind):
    assert max(m.turn_radps for m in SETS[kind].models) <= LIMITS[kind].turn_radps


def test_surplus_models_take_no_part():
    models = SETS[ObjectClass.BALLISTIC].arrays(MOST_MODELS)
    assert models.kind.tolist() == [kernels_imm.FALL] * 4
    assert models.share[3] == 0.0
    x, p, mode = (
        np.zeros((4, 6)),
        np.tile(np.eye(6)[np.triu_indices(6)] * 1e4, (4, 1)),
        models.share,
    )
    x[:] = [0.0, 0.0, 5e4, 800.0, 0.0, -500.0]
    mean, wide = np.empty(6), np.empty(21)
    own = SETS[ObjectClass.BALLISTIC].arrays(3)
    few = (x[:3].copy(), p[:3].copy(), own.share.copy())
    kernels_imm.advance(*own, 3.0, *few, mean, wide)
    kernels_imm.advance(*models, 3.0, x, p, mode, mean, wide)
    np.testing.assert_allclose(x[:3], few[0])
    np.testing.assert_allclose(p[:3], few[1])
    np.testing.assert_allclose(mode, [*few[2], 0.0])
