"""Land for tests: fractal hills, from a fixed seed."""

import numpy as np

from tocsin.contract import Sensor, SensorKind
from tocsin.geo import Terrain


def fractal(points: int, height_m: float, rough: float = 1.75, seed: int = 3) -> np.ndarray:
    """Return (points, points) heights whose spectrum falls by a power, as that of real land."""
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=(points, points)))
    wave = np.hypot(np.fft.fftfreq(points)[:, None], np.fft.rfftfreq(points)[None])
    wave[0, 0] = 1.0
    land = np.fft.irfft2(noise * wave**-rough, s=(points, points))
    land = (land - land.mean()) / land.std()
    return np.maximum(height_m * (0.75 + land), 0.0).astype(np.float32)


def terrain(
    points: int = 700, half_deg: float = 0.45, height_m: float = 400.0, rough: float = 1.75
) -> Terrain:
    """Return fractal terrain about 46.5 N, 8 E: as many degrees wide as tall, times 1.4."""
    step = 2.0 * half_deg / (points - 1)
    height = fractal(points, height_m, rough)
    return Terrain(46.5 - half_deg, 8.0 - 1.45 * half_deg, step, 1.45 * step, height)


def radar(ground: Terrain | None = None, mast_m: float = 30.0, range_m: float = 40e3) -> Sensor:
    """Return a radar on a mast at the middle of it."""
    below = 0.0
    if ground is not None:
        below = float(ground.height_m(np.array([46.5]), np.array([8.0]))[0])
    return Sensor("r", SensorKind.RADAR, 46.5, 8.0, below + mast_m, range_m=range_m)
