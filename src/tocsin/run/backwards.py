"""Tracks of a whole recording once more, with what came after each instant."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tocsin import track
from tocsin.contract import F64, InputError, Tracks, TrackUpdates
from tocsin.geo import rotate_state_covariance
from tocsin.run.outputs import TableFile
from tocsin.run.pipeline import Pipeline, TickOut


class Backwards:
    """Keep what the tracker put out, and write it smoothed once the recording has ended."""

    def __init__(self) -> None:
        """Start empty."""
        self._updates: list[TrackUpdates] = []
        self._modes: list[F64] = []
        self._tracks: list[Tracks] = []

    def add(self, pipeline: Pipeline, out: TickOut) -> None:
        """Keep one tick."""
        if len(out.updates) == 0:
            return
        # The picture's rows begin with the tracker's, in the same order; then come external ones.
        rows = out.tracks.take(slice(0, len(out.updates)))
        self._updates.append(out.updates)
        self._modes.append(track.modes(pipeline.state.track, out.updates.number))
        self._tracks.append(rows)

    def write(self, pipeline: Pipeline, path: Path, steps: int | None = None) -> None:
        """Write the tracks, smoothed.

        Args:
            pipeline: that put them out.
            path: file.
            steps: output instants that each one looks ahead; None: to the track's end.

        Raises:
            InputError: the file cannot be written.
        """
        config = pipeline.state.track.config
        updates = TrackUpdates.concat([TrackUpdates.empty(), *self._updates])
        models = len(config.models.models)
        mode = np.concatenate([np.zeros((0, models)), *self._modes])
        tracks = Tracks.concat([Tracks.empty(), *self._tracks])
        better = track.smooth(updates, mode, config.models, steps)
        try:
            file = TableFile(Tracks, path)
        except OSError as error:
            raise InputError(path, f"cannot be written: {error}", "choose another -o") from error
        file.add(_moved(tracks, better, pipeline))
        file.close()


def _moved(tracks: Tracks, updates: TrackUpdates, pipeline: Pipeline) -> Tracks:
    """Return tracks where the updates, in the same order, say they were."""
    region = pipeline.state.track.config.region
    latitude, longitude, height = region.to_geodetic(updates.state[:, :3])
    local = region.local_rotation(latitude, longitude)
    velocity = np.einsum("nij,nj->ni", local, updates.state[:, 3:])
    return tracks.replace(
        latitude_deg=latitude,
        longitude_deg=longitude,
        height_wgs84_m=height,
        velocity_east_mps=velocity[:, 0],
        velocity_north_mps=velocity[:, 1],
        velocity_up_mps=velocity[:, 2],
        state_cov_m_mps=rotate_state_covariance(updates.state_cov, local),
    )
