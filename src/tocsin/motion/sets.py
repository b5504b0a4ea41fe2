"""Which models an interacting filter runs for each class of object, and how modes change.

Every set that flies has the same four models: quiet and busy constant velocity, and a turn to
either side at one rate, whose noise across the course covers the other rates. What falls has a fall
without drag, one with it, and a busy one for what else it may do. What has no class yet flies, or
falls while it is too fast or too high to fly. `docs/decisions/0008` says how the figures of
UNKNOWN, AIRLINER, MULTIROTOR, ONE_WAY_DRONE, FAST_LOW_FLYER and AGILE were found, `tests/motion`
holds those of BALLISTIC; those of the other classes are theirs, scaled to the limits of
`tocsin.motion.classes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I64, ObjectClass
from tocsin.motion.ballistic import DRAG_AREA_M2PKG, DRAG_AREA_SPREAD
from tocsin.motion.falling import Drag
from tocsin.motion.imm import Chain
from tocsin.motion.kernels_imm import CV, FALL, TURN
from tocsin.motion.models import Noise

DRAG_ERROR_S = 5.0
"""How long the drag of a falling object stays wrong in one way: about a scale height at Mach 4."""


class Model(NamedTuple):
    """Describe one model of a set.

    Args:
        share: of the time that an object of the class spends in it.
        noise: of the acceleration; a falling object's floor holds for all three axes.
        turn_radps: rate of turn, positive to the right.
        drag: None unless it falls.
    """

    share: float
    noise: Noise
    turn_radps: float = 0.0
    drag: Drag | None = None


class Arrays(NamedTuple):
    """Hold a set as `kernels_imm` wants it; surplus models have no share.

    Where the set has another for what falls, that one's models follow: K is M, or twice as much.

    Args:
        kind: (K,) CV, TURN or FALL.
        noise: (K, 4).
        extra: (K, 3) rate of turn; drag area over mass; its relative variance times seconds.
        rate_ps: (K,) of the chain.
        share: (K,) of the chain; the first M also what a new track starts with.
    """

    kind: I64
    noise: F64
    extra: F64
    rate_ps: F64
    share: F64


@dataclass(frozen=True)
class ModelSet:
    """Hold the models of an interacting filter.

    Args:
        memory_s: mean time until the mode is drawn anew by the shares.
        models: their shares add up to 1.
        falling: what holds instead while an object is too fast or too high to fly, see `falls`;
            None: nothing else.
    """

    memory_s: float
    models: tuple[Model, ...]
    falling: ModelSet | None = None

    def chain(self) -> Chain:
        """Return the chain of their modes."""
        return Chain(1.0 / self.memory_s, np.array([model.share for model in self.models]))

    def arrays(self, count: int) -> Arrays:
        """Return the set as arrays of ``count`` models, at least as many as it has of either kind.

        Args:
            count: M, of each kind.
        """
        own = self._padded(count)
        if self.falling is None:
            return own
        both = zip(own, self.falling._padded(count), strict=True)
        return Arrays(*(np.concatenate(pair) for pair in both))

    def _padded(self, count: int) -> Arrays:
        chain, own = self.chain(), len(self.models)
        models = [*self.models, *[self.models[0]] * (count - own)]
        return Arrays(
            kind=np.array([_kind(model) for model in models]),
            noise=np.array([model.noise.array() for model in models]),
            extra=np.array([_extra(model) for model in models]),
            rate_ps=np.full(count, chain.rate_ps),
            share=np.concatenate([chain.share, np.zeros(count - own)]),
        )


def _kind(model: Model) -> int:
    if model.drag is not None:
        return FALL
    return TURN if model.turn_radps else CV


def _extra(model: Model) -> tuple[float, float, float]:
    if model.drag is None:
        return model.turn_radps, 0.0, 0.0
    return 0.0, model.drag.drag_area_m2pkg, model.drag.drag_share2_s


def _flying(
    memory_s: float, quiet: Model, busy: Model, turn: Model, falling: ModelSet | None = None
) -> ModelSet:
    left = turn._replace(turn_radps=-turn.turn_radps)
    return ModelSet(memory_s, (quiet, busy, turn, left), falling)


def _fall(share: float, noise_m2ps3: float, drag_area_m2pkg: float) -> Model:
    drag = Drag(drag_area_m2pkg, DRAG_AREA_SPREAD**2 * DRAG_ERROR_S, noise_m2ps3)
    return Model(share, Noise(noise_m2ps3, 0.0, 0.0, noise_m2ps3), drag=drag)


_BALLISTIC = ModelSet(
    60.0,
    (
        _fall(0.475, 0.3, 0.0),
        _fall(0.475, 0.3, DRAG_AREA_M2PKG),
        _fall(0.05, 30.0, DRAG_AREA_M2PKG),
    ),
)


AGILE = _flying(
    9.0,
    Model(0.5, Noise(0.05, 0.0, 0.0, 0.016)),
    Model(0.38, Noise(0.8, 0.0, 0.0, 66.0)),
    Model(0.06, Noise(1.8, 0.007, 0.0015, 31.0), 0.154),
)
"""Aircraft that turn with up to 7 g; no class of its own."""

SETS: Mapping[ObjectClass, ModelSet] = MappingProxyType(
    {
        ObjectClass.UNKNOWN: _flying(
            15.0,
            Model(0.74, Noise(0.3, 0.0, 0.0, 0.0085)),
            Model(0.01, Noise(0.4, 0.0, 0.0, 24.0)),
            Model(0.125, Noise(8.0, 0.01, 0.0017, 1.0), 0.12),
            falling=_BALLISTIC,
        ),
        ObjectClass.AIRLINER: _flying(
            30.0,
            Model(0.92, Noise(0.02, 0.0, 0.0, 0.004)),
            Model(0.076, Noise(0.66, 0.0, 0.0, 0.32)),
            Model(0.002, Noise(1.5, 0.00085, 0.0011, 0.063), 0.005),
        ),
        ObjectClass.LIGHT_AIRCRAFT: _flying(
            20.0,
            Model(0.75, Noise(0.05, 0.0, 0.0, 0.01)),
            Model(0.05, Noise(0.7, 0.0, 0.0, 1.0)),
            Model(0.1, Noise(0.5, 0.001, 0.0002, 0.1), 0.06),
        ),
        ObjectClass.HELICOPTER: _flying(
            12.0,
            Model(0.5, Noise(0.05, 0.0, 0.0, 0.02)),
            Model(0.1, Noise(3.0, 0.0, 0.0, 2.0)),
            Model(0.2, Noise(1.0, 0.002, 0.0004, 0.5), 0.15),
        ),
        ObjectClass.BIRD: _flying(
            10.0,
            Model(0.4, Noise(0.05, 0.0, 0.0, 0.02)),
            Model(0.1, Noise(1.5, 0.0, 0.0, 0.5)),
            Model(0.25, Noise(0.5, 0.003, 0.0005, 0.1), 0.3),
        ),
        ObjectClass.BALLOON: ModelSet(
            60.0,
            (
                Model(0.8, Noise(0.005, 0.0, 0.0, 0.005)),
                Model(0.2, Noise(0.2, 0.0, 0.0, 0.1)),
            ),
        ),
        ObjectClass.MULTIROTOR: _flying(
            8.0,
            Model(0.46, Noise(0.015, 0.0, 0.0, 0.025)),
            Model(0.15, Noise(5.5, 0.0, 0.0, 0.2)),
            Model(0.195, Noise(0.75, 0.005, 0.0035, 0.05), 1.0),
        ),
        ObjectClass.ONE_WAY_DRONE: _flying(
            13.0,
            Model(0.69, Noise(0.05, 0.0, 0.0, 0.01)),
            Model(0.01, Noise(0.7, 0.00014, 0.000025, 1.7)),
            Model(0.15, Noise(1.0, 0.002, 0.00035, 0.04), 0.128),
        ),
        ObjectClass.FAST_LOW_FLYER: _flying(
            14.0,
            Model(0.75, Noise(0.02, 0.0, 0.0, 0.023)),
            Model(0.01, Noise(0.8, 0.0, 0.0, 1.35)),
            Model(0.12, Noise(1.9, 0.0019, 0.00032, 0.43), 0.065),
        ),
        ObjectClass.BALLISTIC: _BALLISTIC,
    }
)
"""Sets by class; UNKNOWN holds for whatever has no class yet."""

MOST_MODELS = max(len(models.models) for models in SETS.values())
"""Models of the largest set."""
