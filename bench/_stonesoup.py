"""Stone Soup on a scene: GNN by 2-D assignment and JPDA, with its tree gating.

The set-up follows the library's own tutorials: a Kalman filter (extended where range and azimuth
are measured), a multi-measurement initiator, deletion after missed scans; JPDA by efficient
hypothesis management (EHM2). It is given exactly the case's models and plots. Import this module
only where `stonesoup` (and `rtree`, for `-tpr`) is installed.

Source: Stone Soup 1.9; `DetectionKDTreeMixIn` and `TPRTreeMixIn` are its tree gating.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
from scipy.special import chdtr
from stonesoup.dataassociator.neighbour import GNNWith2DAssignment
from stonesoup.dataassociator.probability import JPDAwithEHM2
from stonesoup.dataassociator.tree import DetectionKDTreeMixIn, TPRTreeMixIn
from stonesoup.deleter.time import UpdateTimeStepsDeleter
from stonesoup.hypothesiser.distance import DistanceHypothesiser
from stonesoup.hypothesiser.probability import PDAHypothesiser
from stonesoup.initiator.simple import MultiMeasurementInitiator
from stonesoup.measures import Mahalanobis
from stonesoup.models.measurement.linear import LinearGaussian
from stonesoup.models.measurement.nonlinear import (
    CartesianToBearingRange,
    CartesianToElevationBearingRange,
)
from stonesoup.models.transition.linear import (
    CombinedLinearGaussianTransitionModel,
    ConstantVelocity,
)
from stonesoup.predictor.kalman import KalmanPredictor
from stonesoup.tracker.simple import MultiTargetMixtureTracker, MultiTargetTracker
from stonesoup.types.angle import Bearing, Elevation
from stonesoup.types.detection import Detection
from stonesoup.types.state import GaussianState, StateVector
from stonesoup.updater.kalman import ExtendedKalmanUpdater, KalmanUpdater

from bench._scenes import Estimate, Readout, Scan, Scene
from tocsin.contract import F64

EPOCH = datetime(2026, 1, 1)  # noqa: DTZ001  the library computes with naive times
_HORIZON_SCANS = 3.0


class _KdGnn(DetectionKDTreeMixIn, GNNWith2DAssignment):  # type: ignore[misc]  # untyped library
    """GNN whose candidates come from a k-d tree of the detections."""


class _TprGnn(TPRTreeMixIn, GNNWith2DAssignment):  # type: ignore[misc]  # untyped library
    """GNN whose candidates come from a TPR tree of the tracks."""


class _KdJpda(DetectionKDTreeMixIn, JPDAwithEHM2):  # type: ignore[misc]  # untyped library
    """JPDA whose candidates come from a k-d tree of the detections."""


class _TprJpda(TPRTreeMixIn, JPDAwithEHM2):  # type: ignore[misc]  # untyped library
    """JPDA whose candidates come from a TPR tree of the tracks."""


_PLAIN = {"gnn": GNNWith2DAssignment, "jpda": JPDAwithEHM2}
_KD = {"gnn": _KdGnn, "jpda": _KdJpda}
_TPR = {"gnn": _TprGnn, "jpda": _TprJpda}


def stone_soup(scene: Scene, method: str, gating: str) -> Iterator[Readout]:
    """Return an iterator over the library's estimates, scan by scan.

    Args:
        scene: what to track; its detections are made at once, outside of the measured time.
        method: gnn or jpda.
        gating: kd (positions only), tpr, or empty for none.
    """
    parts = _Parts(scene)
    detections = [parts.detections(scan) for scan in scene.scans]
    tracker = (MultiTargetTracker if method == "gnn" else MultiTargetMixtureTracker)(
        initiator=parts.initiator(gating),
        deleter=UpdateTimeStepsDeleter(scene.case.stonesoup.delete_after),
        detector=iter(detections),
        data_associator=parts.associator(method, gating),
        updater=parts.updater,
    )
    numbers: dict[str, int] = {}
    return (partial(_read, tracks, parts.place, numbers) for _, tracks in tracker)


def _read(tracks: Any, place: list[int], numbers: dict[str, int]) -> Estimate:
    track = [numbers.setdefault(track.id, len(numbers)) for track in tracks]
    d = len(place)
    columns = place + [k + 1 for k in place]
    rows = np.array([np.ravel(track.state.mean)[columns] for track in tracks], float)
    state = rows.reshape(-1, 2 * d)
    return Estimate(np.array(track, np.int64), state[:, :d], state[:, d:])


class _Parts:
    """Make the library's components from a case's models."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.models = scene, scene.case.models
        self.d = len(scene.field.low_m)
        self.place = list(range(0, 2 * self.d, 2))
        wander = [ConstantVelocity(self.models.process_noise_m2ps3)] * self.d
        self.predictor = KalmanPredictor(CombinedLinearGaussianTransitionModel(wander))
        radars = scene.field.radars_m if len(scene.field.radars_m) else np.zeros((1, self.d))
        self.measured = [self._measurement(radar) for radar in radars]
        linear = self.models.measurement == "position"
        self.updater = (KalmanUpdater if linear else ExtendedKalmanUpdater)(self.measured[0])

    def _measurement(self, radar: F64) -> Any:
        variance = np.square(self.models.std)
        if self.models.measurement == "position":
            return LinearGaussian(2 * self.d, self.place, np.diag(variance))
        kind = CartesianToBearingRange if self.d == 2 else CartesianToElevationBearingRange
        # The library's order: elevation, bearing, range.
        covar = np.diag(variance[::-1])
        return kind(2 * self.d, self.place, covar, translation_offset=radar.reshape(-1, 1))

    def detections(self, scan: Scan) -> tuple[datetime, set[Any]]:
        """Return a scan's plots as the library's detections."""
        at = EPOCH + timedelta(seconds=scan.truth.at_s)
        return at, {
            Detection(self._vector(row), timestamp=at, measurement_model=self.measured[radar])
            for row, radar in zip(scan.measured, scan.radar.tolist(), strict=True)
        }

    def _vector(self, row: F64) -> Any:
        if self.models.measurement == "position":
            return StateVector(row.reshape(-1, 1))
        # Bearings of the library run anticlockwise from east.
        angles = [Bearing(np.pi / 2.0 - row[1])]
        if self.d == 3:
            angles.insert(0, Elevation(row[2]))
        return StateVector([*angles, row[0]])

    def _distance(self) -> Any:
        gate = self.scene.case.stonesoup.gate
        return DistanceHypothesiser(
            self.predictor, self.updater, Mahalanobis(), missed_distance=gate
        )

    def associator(self, method: str, gating: str) -> Any:
        """Return the association of a method, with or without a tree."""
        hypothesiser = self._distance()
        if method == "jpda":
            hypothesiser = PDAHypothesiser(
                self.predictor,
                self.updater,
                clutter_spatial_density=self.scene.false_density,
                prob_detect=self.models.detection_probability,
                prob_gate=float(chdtr(self.d, self.scene.case.stonesoup.gate**2)),
            )
        if gating == "kd":
            return _KD[method](
                hypothesiser, self.predictor, self.updater, max_distance=self._reach_m()
            )
        if gating == "tpr":
            return _TPR[method](
                hypothesiser,
                measurement_model=self.measured[0],
                horizon_time=timedelta(seconds=_HORIZON_SCANS * self.models.period_s),
                pos_mapping=self.place,
                vel_mapping=[k + 1 for k in self.place],
            )
        return _PLAIN[method](hypothesiser)

    def _reach_m(self) -> float:
        """Return how far from its prediction a plot of a new track may lie."""
        m = self.models
        spread2 = 2.0 * m.std[0] ** 2 + (m.birth_speed_std_mps * m.period_s) ** 2
        return float(self.scene.case.stonesoup.gate * np.sqrt(spread2))

    def initiator(self, gating: str) -> Any:
        """Return what starts tracks: as many updates as the case asks for."""
        variance = [self.models.std[0] ** 2, self.models.birth_speed_std_mps**2] * self.d
        prior = GaussianState([[0.0]] * 2 * self.d, np.diag(variance), timestamp=EPOCH)
        return MultiMeasurementInitiator(
            prior_state=prior,
            measurement_model=None,
            deleter=UpdateTimeStepsDeleter(self.scene.case.stonesoup.drop_after),
            data_associator=self.associator("gnn", gating),
            updater=self.updater,
            min_points=self.scene.case.stonesoup.min_points,
        )
