"""The radar equation, with what the air takes from the echo on its way.

Source: M. I. Skolnik, Introduction to Radar Systems, 3rd ed., sections 1.2 and 2.1; gas by
Recommendation ITU-R P.676-10, annex 2 (approximate, at most 54 GHz here); rain by Recommendation
ITU-R P.838-3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize.elementwise import find_root

from tocsin.contract import F64
from tocsin.radar.detection import required_snr

BOLTZMANN = 1.380649e-23
LIGHT_MPS = 299_792_458.0
ROOM_K = 290.0
CLEAR_PD = 0.9
"""`clear_range_m` is where a target of 1 m2 is detected this often."""
_DRY_SCALE_M, _WET_SCALE_M = 6_000.0, 2_000.0
"""Heights over which dry air and vapour thin out, near enough for targets above the sensor."""


@dataclass(frozen=True)
class RadarEquation:
    """Hold a monostatic radar, as the radar equation sees it.

    Args:
        power_w: peak, at the transmitter.
        gain_db: of the antenna, sending and receiving alike.
        frequency_hz: carrier, 100 MHz to 54 GHz.
        bandwidth_hz: of the receiver before compression; one over the pulse's length where matched.
        noise_figure_db: of the receiver.
        losses_db: all that is lost besides the air: lines, beam shape, processing.
        compression: gain in signal to noise by pulse compression (time times bandwidth).
        antenna_temperature_k: noise that the antenna picks up.
        vertical: polarisation, for rain.
    """

    power_w: float
    gain_db: float
    frequency_hz: float
    bandwidth_hz: float
    noise_figure_db: float = 3.0
    losses_db: float = 8.0
    compression: float = 1.0
    antenna_temperature_k: float = ROOM_K
    vertical: bool = False

    @property
    def wavelength_m(self) -> float:
        """Return the wavelength of the carrier."""
        return LIGHT_MPS / self.frequency_hz

    @property
    def noise_w(self) -> float:
        """Return the noise power, referred to the antenna."""
        receiver_k = ROOM_K * (float(10.0 ** (self.noise_figure_db / 10.0)) - 1.0)
        return BOLTZMANN * (self.antenna_temperature_k + receiver_k) * self.bandwidth_hz

    def snr(
        self,
        range_m: float | F64,
        rcs_m2: float | F64,
        rain_mm_per_h: float = 0.0,
        above_m: float | F64 = 0.0,
        rain_path_m: float = np.inf,
    ) -> F64:
        """Return the signal-to-noise ratio of one pulse, linear.

        Args:
            range_m: slant range, any shape.
            rcs_m2: radar cross-section, broadcast against it.
            rain_mm_per_h: falling on the way.
            above_m: height of the target above the radar: thin air takes less.
            rain_path_m: how much of the way the rain falls on.
        """
        along = np.asarray(range_m, float)
        gain = 10.0 ** ((2.0 * self.gain_db - self.losses_db) / 10.0) * self.compression
        constant = self.power_w * gain * self.wavelength_m**2 / ((4.0 * np.pi) ** 3 * self.noise_w)
        with np.errstate(divide="ignore"):
            clear = constant * np.asarray(rcs_m2, float) / along**4
        loss_db = 2.0 * self.one_way_db(along, rain_mm_per_h, above_m, rain_path_m)
        return np.asarray(clear * 10.0 ** (-loss_db / 10.0))

    def one_way_db(
        self,
        range_m: F64,
        rain_mm_per_h: float = 0.0,
        above_m: float | F64 = 0.0,
        rain_path_m: float = np.inf,
    ) -> F64:
        """Return what gas and rain take on the way there; parameters as in `snr`."""
        dry, wet = gas_db_per_km(self.frequency_hz)
        gas = dry * _thin(above_m, _DRY_SCALE_M) + wet * _thin(above_m, _WET_SCALE_M)
        rain = rain_db_per_km(self.frequency_hz, rain_mm_per_h, self.vertical)
        return np.asarray((gas * range_m + rain * np.minimum(range_m, rain_path_m)) / 1000.0)

    def detection_range_m(
        self,
        rcs_m2: float | F64,
        wanted_pd: float = CLEAR_PD,
        pulses: int = 1,
        false_alarm_probability: float = 1e-6,
        swerling: int = 1,
        rain_mm_per_h: float = 0.0,
    ) -> F64:
        """Return the range at which a target near the ground is detected as often as wanted.

        Args:
            rcs_m2: radar cross-section, any shape.
            wanted_pd: probability of detection.
            pulses: as in `detection_probability`.
            false_alarm_probability: likewise.
            swerling: likewise.
            rain_mm_per_h: on the whole way.
        """
        needed = required_snr(wanted_pd, pulses, false_alarm_probability, swerling)
        rcs = np.asarray(rcs_m2, float)

        def excess(log_range: F64, area: F64) -> F64:
            return np.log(self.snr(np.exp(log_range), area, rain_mm_per_h)) - np.log(needed)

        bracket = (np.zeros_like(rcs), np.full_like(rcs, np.log(1e8)))
        return np.asarray(np.exp(find_root(excess, bracket, args=(rcs,)).x))


def _thin(above_m: float | F64, scale_m: float) -> F64:
    """Return the mean density on the way up to a height, over that at the ground."""
    height = np.maximum(np.asarray(above_m, float), 1e-3) / scale_m
    return np.asarray(-np.expm1(-height) / height)


def scaled_range_m(
    clear_range_m: float | F64,
    rcs_m2: float | F64,
    wanted_pd: float = CLEAR_PD,
    pulses: int = 1,
    false_alarm_probability: float = 1e-6,
    swerling: int = 1,
) -> F64:
    """Return where a target is detected as often as wanted, from where 1 m2 is nine times in ten.

    By the fourth power of range alone: without gas and rain.

    Args:
        clear_range_m: where a target of 1 m2 is detected with `CLEAR_PD`.
        rcs_m2: of the target.
        wanted_pd: probability of detection.
        pulses: as in `detection_probability`.
        false_alarm_probability: likewise.
        swerling: likewise.

    >>> round(float(scaled_range_m(100e3, 0.01)))
    31623
    """
    law = (pulses, false_alarm_probability, swerling)
    weaker = required_snr(CLEAR_PD, *law) / required_snr(wanted_pd, *law)
    return np.asarray(clear_range_m * (np.asarray(rcs_m2) * weaker) ** 0.25)


def gas_db_per_km(
    frequency_hz: float,
    pressure_hpa: float = 1013.25,
    temperature_k: float = 288.15,
    vapour_g_per_m3: float = 7.5,
) -> tuple[float, float]:
    """Return what dry air and water vapour take, one way.

    Args:
        frequency_hz: 100 MHz to 54 GHz.
        pressure_hpa: of the air.
        temperature_k: likewise.
        vapour_g_per_m3: density of water vapour.

    Raises:
        ValueError: a frequency that the approximation does not cover.

    Source: Recommendation ITU-R P.676-10, annex 2, equations 22a and 23a.
    """
    f = frequency_hz / 1e9
    if not 0.1 <= f <= 54.0:
        raise ValueError(f"{f} GHz: attenuation by gas is known here from 0.1 to 54 GHz")
    p, t = pressure_hpa / 1013.0, 288.0 / temperature_k
    return _dry(f, p, t), _vapour(f, p, t, vapour_g_per_m3)


def _dry(f: float, p: float, t: float) -> float:
    def part(a: float, b: float, c: float, d: float) -> float:
        return float(p**a * t**b * np.exp(c * (1.0 - p) + d * (1.0 - t)))

    x1 = part(0.0717, -1.8132, 0.0156, -1.6515)
    x2 = part(0.5146, -4.6368, -0.1921, -5.7416)
    x3 = part(0.3414, -6.5851, 0.2130, -8.5854)
    low = 7.2 * t**2.8 / (f * f + 0.34 * p * p * t**1.6)
    line = 0.62 * x3 / ((54.0 - f) ** (1.16 * x1) + 0.83 * x2)
    return float((low + line) * f * f * p * p * 1e-3)


# Strength, growth with cold, line in GHz, width; centre of the wing's correction, 0: none.
_VAPOUR_LINES = (
    (3.98, 2.23, 22.235, 9.42, 22.0),
    (11.96, 0.7, 183.31, 11.14, 0.0),
    (0.081, 6.44, 321.226, 6.29, 0.0),
    (3.66, 1.6, 325.153, 9.22, 0.0),
    (25.37, 1.09, 380.0, 0.0, 0.0),
    (17.4, 1.46, 448.0, 0.0, 0.0),
    (844.6, 0.17, 557.0, 0.0, 557.0),
    (290.0, 0.41, 752.0, 0.0, 752.0),
)


def _vapour(f: float, p: float, t: float, density: float) -> float:
    n1 = 0.955 * p * t**0.68 + 0.006 * density
    n2 = 0.735 * p * t**0.5 + 0.0353 * t**4 * density

    def wing(line: float) -> float:
        return 1.0 + ((f - line) / (f + line)) ** 2

    total = 8.3328e4 * n2 * np.exp(0.99 * (1.0 - t)) / (f - 1780.0) ** 2 * wing(1780.0)
    for strength, cold, line, width, centre in _VAPOUR_LINES:
        shape = np.exp(cold * (1.0 - t)) / ((f - line) ** 2 + width * n1 * n1)
        total += strength * n1 * shape * (wing(centre) if centre else 1.0)
    return float(total * f * f * t**2.5 * density * 1e-4)


# For log10 k and for alpha, horizontal then vertical: (height, middle, width) of each bell over
# log10 of the frequency in GHz; slope and offset.
_RAIN = (
    (
        (
            (-5.33980, -0.10008, 1.13098),
            (-0.35351, 1.26970, 0.45400),
            (-0.23789, 0.86036, 0.15354),
            (-0.94158, 0.64552, 0.16817),
        ),
        (-0.18961, 0.71147),
    ),
    (
        (
            (-0.14318, 1.82442, -0.55187),
            (0.29591, 0.77564, 0.19822),
            (0.32177, 0.63773, 0.13164),
            (-5.37610, -0.96230, 1.47828),
            (16.1721, -3.29980, 3.43990),
        ),
        (0.67849, -1.95537),
    ),
    (
        (
            (-3.80595, 0.56934, 0.81061),
            (-3.44965, -0.22911, 0.51059),
            (-0.39902, 0.73042, 0.11899),
            (0.50167, 1.07319, 0.27195),
        ),
        (-0.16398, 0.63297),
    ),
    (
        (
            (-0.07771, 2.33840, -0.76284),
            (0.56727, 0.95545, 0.54039),
            (-0.20238, 1.14520, 0.26809),
            (-48.2991, 0.791669, 0.116226),
            (48.5833, 0.791459, 0.116479),
        ),
        (-0.053739, 0.83433),
    ),
)


def rain_law(frequency_hz: float, vertical: bool = False) -> tuple[float, float]:
    """Return k and alpha of rain's attenuation ``k R ** alpha`` in dB/km on a level path.

    Args:
        frequency_hz: 1 to 1000 GHz; below, where rain takes next to nothing, as at 1 GHz.
        vertical: polarisation.

    Source: Recommendation ITU-R P.838-3, tables 1 to 4.
    """
    x = np.log10(max(frequency_hz / 1e9, 1.0))

    def curve(bells: tuple[tuple[float, float, float], ...], line: tuple[float, float]) -> float:
        sum_ = sum(a * np.exp(-(((x - b) / c) ** 2)) for a, b, c in bells)
        return float(sum_ + line[0] * x + line[1])

    first = 2 if vertical else 0
    return float(10.0 ** curve(*_RAIN[first])), curve(*_RAIN[first + 1])


def rain_db_per_km(frequency_hz: float, rain_mm_per_h: float, vertical: bool = False) -> float:
    """Return what rain takes, one way; parameters as in `rain_law`."""
    if rain_mm_per_h <= 0.0:
        return 0.0
    k, alpha = rain_law(frequency_hz, vertical)
    return float(k * rain_mm_per_h**alpha)
