"""Kernels that learn how what flies near flies: the prior of the velocity of new tracks.

The twin stands in the test. A field of cells holds, for each, the velocities of its neighbourhood
as one normal distribution beside the prior of any new object, by expectation-maximisation over
tracks and over the velocities that second plots would tell.

Source: J. Bovy, D. W. Hogg, S. T. Roweis, Annals of Applied Statistics 5 (2011) 1657-1677 (mixtures
from noisy data); the share is that of a Dirichlet process (R. M. Neal, J. Comp. Graph. Stat. 9
(2000) 249-265), the weights of pairs those of R. J. Fitzgerald (1986, "cheap JPDA").
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from tocsin.contract import F64, I64, Bool
from tocsin.motion.kernels_jit import lean

if TYPE_CHECKING:
    from tocsin.track.state import Bank, Picture

_CELL = 100.0
"""Velocities in a cell, about, those that pairs tell among them; a neighbourhood is nine cells."""
_ROUNDS = 8
_PRIOR = 4.0
"""Objects that the prior of a neighbourhood's spread is worth: one more than it has numbers."""
_LEAST = 16.0
"""Fewer objects that fly alike tell nothing: one of them is then too much of its own evidence."""
_TIGHT = 1.5
"""Variances of both components, over that of one in the prior: from 2 on nothing is learned."""
_TWO_PI = 2.0 * math.pi
_AXES = (0, 1, 3, 4)
_PACKED = (0, 1, 3, 4, 6, 8, 9, 15, 16, 18)
_AT = np.array(
    [
        [0, 1, 2, 3, 4, 5],
        [1, 6, 7, 8, 9, 10],
        [2, 7, 11, 12, 13, 14],
        [3, 8, 12, 15, 16, 17],
        [4, 9, 13, 16, 18, 19],
        [5, 10, 14, 17, 19, 20],
    ]
)
"""Places of a packed covariance."""
X, Y, U, V, UU, UV, VV, WEIGHT, ALIKE = range(9)
"""Columns of an item: where, a horizontal velocity and its covariance, weight, and the probability
that it is of those that fly alike."""
SHARE, COUNT = 5, 6
"""Columns of the field after mean and covariance of a velocity (5): share of those alike, count."""


@lean()
def _normal(u: float, v: float, uu: float, uv: float, vv: float) -> float:
    """Return the density of a normal distribution in the plane."""
    det = uu * vv - uv * uv
    far2 = (vv * u * u - 2.0 * uv * u * v + uu * v * v) / det
    return math.exp(-0.5 * far2) / (_TWO_PI * math.sqrt(det))


@lean()
def _horizontal(bank: Bank, i: int, out: F64) -> None:
    """Fill in a row's east, north and their rates, and the covariance of these, over its models."""
    for c in range(14):
        out[c] = 0.0
    for m in range(bank.mode.shape[1]):
        for a in range(4):
            out[a] += bank.mode[i, m] * bank.state[i, m, _AXES[a]]
    for m in range(bank.mode.shape[1]):
        c = 4
        for a in range(4):
            for b in range(a, 4):
                off = bank.state[i, m, _AXES[a]] - out[a]
                off *= bank.state[i, m, _AXES[b]] - out[b]
                out[c] += bank.mode[i, m] * (bank.cov[i, m, _PACKED[c - 4]] + off)
                c += 1


@lean()
def _told(row: F64, plots: Picture, j: int, dt: float, speed2: float, item: F64) -> bool:
    """Fill in the velocity that a plot would tell of a row, its prior taken out; say if it does.

    Args:
        row: see `_horizontal`.
        plots: the look's plots.
        j: which.
        dt: seconds from the row's time to the plot's.
        speed2: variance of each component in the prior.
        item: out.
    """
    xx, xy, xu, xv, yy, yu, yv, uu, uv, vv = row[4:14]
    a = xx + dt * (2.0 * xu + dt * uu) + plots.cov[j, 0]
    b = xy + dt * (xv + yu + dt * uv) + plots.cov[j, 1]
    d = yy + dt * (2.0 * yv + dt * vv) + plots.cov[j, 3]
    ua, ub, va, vb = xu + dt * uu, yu + dt * uv, xv + dt * uv, yv + dt * vv
    det = a * d - b * b
    kua, kub = (ua * d - ub * b) / det, (ub * a - ua * b) / det
    kva, kvb = (va * d - vb * b) / det, (vb * a - va * b) / det
    east = plots.position_m[j, 0] - row[0] - dt * row[2]
    north = plots.position_m[j, 1] - row[1] - dt * row[3]
    u, v = row[2] + kua * east + kub * north, row[3] + kva * east + kvb * north
    uu, uv, vv = uu - kua * ua - kub * ub, uv - kua * va - kub * vb, vv - kva * va - kvb * vb
    det = uu * vv - uv * uv
    iu, iv = (vv * u - uv * v) / det, (uu * v - uv * u) / det
    puu, puv, pvv = vv / det - 1.0 / speed2, -uv / det, uu / det - 1.0 / speed2
    det = puu * pvv - puv * puv
    if puu <= 0.0 or det * speed2 * speed2 < 1e-4:
        return False
    item[X], item[Y] = row[0], row[1]
    item[U], item[V] = (pvv * iu - puv * iv) / det, (puu * iv - puv * iu) / det
    item[UU], item[UV], item[VV] = pvv / det, -puv / det, puu / det
    return True


@lean()
def _list(
    bank: Bank,
    rows: I64,
    start: I64,
    plot: I64,
    plots: Picture,
    speed2: float,
    row: F64,
    item: F64,
    pair: I64,
) -> int:
    """List tracks with their velocities, and what pairs would tell; return how many."""
    n = 0
    for k in range(rows.size):
        i = rows[k]
        if bank.poisson[i] or (bank.plots[i] == 1 and start[k] == start[k + 1]):
            continue
        _horizontal(bank, i, row)
        if bank.plots[i] > 1:
            for c in range(4):
                item[n, c] = row[c]
            item[n, UU], item[n, UV], item[n, VV] = row[11], row[12], row[13]
            item[n, WEIGHT], item[n, ALIKE], pair[n] = bank.existence[i] * bank.weight[i], 1.0, -1
            n += 1
            continue
        for e in range(start[k], start[k + 1]):
            dt = (plots.time_ns[plot[e]] - bank.time_ns[i]) * 1e-9
            if _told(row, plots, plot[e], dt, speed2, item[n]):
                pair[n], item[n, ALIKE], item[n, WEIGHT] = e, 1.0, 0.0
                n += 1
    return n


@lean()
def _weigh(
    bank: Bank,
    rows: I64,
    start: I64,
    plot: I64,
    ratio: F64,
    factor: F64,
    pair: I64,
    n: int,
    item: F64,
    of_row: F64,
    of_plot: F64,
    owner: I64,
) -> None:
    """Fill in how probable the listed pairs are: each beside its row's others and its plot's."""
    for j in range(of_plot.size):
        of_plot[j] = 0.0
    for k in range(rows.size):
        of_row[k] = 0.0
        for e in range(start[k], start[k + 1]):
            of_row[k] += ratio[e] * factor[e]
            of_plot[plot[e]] += ratio[e] * factor[e] * bank.weight[rows[k]]
            owner[e] = k
    for a in range(n):
        e = pair[a]
        if e >= 0:
            held, own = bank.weight[rows[owner[e]]], ratio[e] * factor[e]
            item[a, WEIGHT] = held * own / (1.0 + of_row[owner[e]] + of_plot[plot[e]] - own * held)


@lean()
def _cell(x: float, y: float, grid: F64) -> int:
    """Return the cell of a place; the grid has an empty cell all round, also for what is beyond."""
    cx = min(max(int((x - grid[0]) / grid[2] + 1.0), 0), int(grid[3]) - 1)
    cy = min(max(int((y - grid[1]) / grid[2] + 1.0), 0), int(grid[4]) - 1)
    return int(cx * int(grid[4]) + cy)


@lean()
def _gather(item: F64, n: int, cell: I64, field: F64, first: bool, own: F64) -> None:
    """Sum up weights, velocities and their squares by cell."""
    for c in range(own.shape[0]):
        for x in range(7):
            own[c, x] = 0.0
    for a in range(n):
        c, w = cell[a], item[a, WEIGHT] * item[a, ALIKE]
        own[c, 6] += item[a, WEIGHT]
        if w <= 0.0:
            continue
        u, v, suu, suv, svv = item[a, U], item[a, V], 0.0, 0.0, 0.0
        if not first:
            # The velocity itself, given what was measured and how the others fly.
            fu, fv, fuu, fuv, fvv = field[c, :5]
            auu, auv, avv = fuu + item[a, UU], fuv + item[a, UV], fvv + item[a, VV]
            det = auu * avv - auv * auv
            kuu, kuv = (fuu * avv - fuv * auv) / det, (fuv * auu - fuu * auv) / det
            kvu, kvv = (fuv * avv - fvv * auv) / det, (fvv * auu - fuv * auv) / det
            du, dv = u - fu, v - fv
            u, v = fu + kuu * du + kuv * dv, fv + kvu * du + kvv * dv
            suu, suv = fuu - kuu * fuu - kuv * fuv, fuv - kuu * fuv - kuv * fvv
            svv = fvv - kvu * fuv - kvv * fvv
        own[c, 0] += w
        own[c, 1] += w * u
        own[c, 2] += w * v
        own[c, 3] += w * (suu + u * u)
        own[c, 4] += w * (suv + u * v)
        own[c, 5] += w * (svv + v * v)


@lean()
def _learn(own: F64, grid: F64, speed2: float, s: F64, field: F64) -> None:
    """Fill in each neighbourhood's mean, predictive covariance, share and count."""
    nx, ny = int(grid[3]), int(grid[4])
    for cx in range(1, nx - 1):
        for cy in range(1, ny - 1):
            for x in range(7):
                s[x] = 0.0
                for near in range(9):
                    s[x] += own[(cx - 1 + near // 3) * ny + cy - 1 + near % 3, x]
            c, n = cx * ny + cy, s[0]
            u, v = s[1] / max(n, 1e-9), s[2] / max(n, 1e-9)
            scale = (1.0 + 1.0 / (1.0 + n)) / (_PRIOR + n)
            field[c, 0], field[c, 1] = u, v
            field[c, 2] = scale * (_PRIOR * speed2 + max(s[3] - n * u * u, 0.0))
            field[c, 3] = scale * (s[4] - n * u * v)
            field[c, 4] = scale * (_PRIOR * speed2 + max(s[5] - n * v * v, 0.0))
            field[c, SHARE], field[c, COUNT] = n / (s[6] + 1.0), n


@lean()
def _judge(item: F64, n: int, cell: I64, pair: I64, field: F64, speed2: float, factor: F64) -> None:
    """Fill in who flies as the neighbourhood does, and what that makes of the pairs' ratios."""
    for a in range(n):
        f, u, v = field[cell[a]], item[a, U], item[a, V]
        uu, uv, vv = item[a, UU], item[a, UV], item[a, VV]
        alike = f[SHARE] * _normal(u - f[0], v - f[1], uu + f[2], uv + f[3], vv + f[4])
        any_ = _normal(u, v, uu + speed2, uv, vv + speed2)
        item[a, ALIKE] = alike / (alike + (1.0 - f[SHARE]) * any_ + 1e-300)
        if pair[a] >= 0:
            factor[pair[a]] = 1.0 - f[SHARE] + alike / max(any_, 1e-300)


@lean()
def _settled(
    item: F64, n: int, cell: I64, pair: I64, field: F64, speed2: float, here: Bool
) -> bool:
    """Say whether tracks outweigh what pairs tell, and fly alike in no cell of a pair."""
    known = told = 0.0
    for a in range(n):
        if pair[a] < 0:
            known += item[a, WEIGHT]
        else:
            told += item[a, WEIGHT]
            here[cell[a]] = True
    for c in range(here.size):
        if here[c] and field[c, COUNT] >= _LEAST and field[c, 2] + field[c, 4] < _TIGHT * speed2:
            return False
    return known > told


@nb.njit(cache=True, nogil=True, error_model="numpy")
def flocks(
    bank: Bank, rows: I64, start: I64, plot: I64, ratio: F64, plots: Picture, speed2: float
) -> tuple[F64, F64, F64]:
    """Learn the velocities of neighbourhoods; weigh second plots by them.

    Args:
        bank: the rows, advanced to the look.
        rows: (k,) the tracks of this look.
        start: (k + 1,) first pair of each.
        plot: plot of each pair.
        ratio: its likelihood ratio, by the prior of any object.
        plots: the look's plots.
        speed2: variance of each horizontal velocity component in that prior.

    Returns:
        The grid: west and south edge, side, cells by east and by north, an empty one all round; of
        each cell (cells, 7) mean and covariance of a new velocity, share and count of those that
        fly alike, the share 0 where they are too few; and a factor for each ratio. Without
        anything to be learned no cells, and no factors.
    """
    room = rows.size + plot.size
    item, pair, cell = np.empty((room, 9)), np.empty(room, np.int64), np.empty(room, np.int64)
    grid, nothing = np.zeros(5), np.zeros((0, 7))
    n = _list(bank, rows, start, plot, plots, speed2, np.empty(14), item, pair)
    told = False
    for a in range(n):
        told = told or pair[a] >= 0
    if not told or n < _LEAST:
        return grid, nothing, np.zeros(0)
    _lay(item, n, grid, cell)
    cells = int(grid[3] * grid[4])
    field, own, factor = np.zeros((cells, 7)), np.empty((cells, 7)), np.ones(plot.size)
    of_row, of_plot = np.empty(rows.size), np.empty(plots.time_ns.size)
    owner, s = np.empty(plot.size, np.int64), np.empty(7)
    for turn in range(_ROUNDS):
        _weigh(bank, rows, start, plot, ratio, factor, pair, n, item, of_row, of_plot, owner)
        _gather(item, n, cell, field, turn == 0, own)
        _learn(own, grid, speed2, s, field)
        if turn == 0 and _settled(item, n, cell, pair, field, speed2, np.zeros(cells, np.bool_)):
            return grid, nothing, np.zeros(0)
        if turn + 1 == _ROUNDS:
            for c in range(cells):
                field[c, SHARE] *= field[c, COUNT] >= _LEAST
        _judge(item, n, cell, pair, field, speed2, factor)
    return grid, field, factor


@lean()
def _lay(item: F64, n: int, grid: F64, cell: I64) -> None:
    """Lay a grid over the items, some to a cell, and find the cell of each."""
    west, south, east, north = item[0, X], item[0, Y], item[0, X], item[0, Y]
    for a in range(n):
        west, east = min(west, item[a, X]), max(east, item[a, X])
        south, north = min(south, item[a, Y]), max(north, item[a, Y])
    wide, tall = max(east - west, 1.0), max(north - south, 1.0)
    side = max(math.sqrt(_CELL / n * wide * tall), _CELL / n * max(wide, tall))
    grid[0], grid[1], grid[2] = west, south, side
    grid[3], grid[4] = int(wide / side) + 3, int(tall / side) + 3
    for a in range(n):
        cell[a] = _cell(item[a, X], item[a, Y], grid)


@lean()
def _quotient(f: F64, speed2: float, out: F64) -> bool:
    """Fill in the field's density over the prior's, as a normal one and a factor; say if it is one.

    Args:
        f: a row of the field.
        speed2: see `flocks`.
        out: (6,) mean, covariance, and logarithm of the factor times the odds of flying alike.
    """
    det = f[2] * f[4] - f[3] * f[3]
    if f[SHARE] <= 0.0 or det <= 0.0:
        return False
    puu, puv, pvv = f[4] / det - 1.0 / speed2, -f[3] / det, f[2] / det - 1.0 / speed2
    iu, iv = (f[4] * f[0] - f[3] * f[1]) / det, (f[2] * f[1] - f[3] * f[0]) / det
    det = puu * pvv - puv * puv
    if puu <= 0.0 or det * speed2 * speed2 < 1e-4:
        return False
    out[0], out[1] = (pvv * iu - puv * iv) / det, (puu * iv - puv * iu) / det
    out[2], out[3], out[4] = pvv / det, -puv / det, puu / det
    above = _log_normal(f[0], f[1], f[2], f[3], f[4]) + math.log(_TWO_PI * speed2)
    above -= _log_normal(out[0], out[1], out[2], out[3], out[4])
    out[5] = above + math.log(f[SHARE] / max(1.0 - f[SHARE], 1e-9))
    return True


@lean()
def _log_normal(u: float, v: float, uu: float, uv: float, vv: float) -> float:
    """Return the logarithm of `_normal`."""
    det = uu * vv - uv * uv
    far2 = (vv * u * u - 2.0 * uv * u * v + uu * v * v) / det
    return -0.5 * far2 - math.log(_TWO_PI * math.sqrt(det))


@lean()
def _fly_alike(x: F64, P: F64, more: F64, gain: F64) -> None:
    """Let one Gaussian be the moments of flying as any object may and as the neighbourhood does."""
    uu, uv, vv = P[15] + more[2], P[16] + more[3], P[18] + more[4]
    du, dv = more[0] - x[3], more[1] - x[4]
    odds = math.exp(min(more[5] + _log_normal(du, dv, uu, uv, vv), 50.0))
    alike, det = odds / (1.0 + odds), uu * vv - uv * uv
    for a in range(6):
        cu, cv = P[_AT[a, 3]], P[_AT[a, 4]]
        gain[0, a], gain[1, a] = (cu * vv - cv * uv) / det, (cv * uu - cu * uv) / det
        gain[2, a], gain[3, a], gain[4, a] = gain[0, a] * du + gain[1, a] * dv, cu, cv
    for a in range(6):
        x[a] += alike * gain[2, a]
        for b in range(a, 6):
            less = gain[0, a] * gain[3, b] + gain[1, a] * gain[4, b]
            P[_AT[a, b]] += alike * ((1.0 - alike) * gain[2, a] * gain[2, b] - less)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def fall_in(
    bank: Bank, look: int, sensor: int, since_ns: int, grid: F64, field: F64, speed2: float
) -> None:
    """Give rows that took their second plot in a look what their neighbourhood's velocities say.

    Args:
        bank: the rows, after the look.
        look: its number.
        sensor: whose it is.
        since_ns: its first plot.
        grid: see `flocks`.
        field: likewise.
        speed2: likewise.
    """
    more, gain = np.empty(6), np.empty((5, 6))
    for i in range(bank.existence.size):
        if bank.looked[i] != look or bank.plots[i] != 2 or bank.existence[i] <= 0.0:
            continue
        last_ns = bank.last_plot_at_ns[i]
        if last_ns < since_ns or bank.heard_ns[i, sensor] != last_ns:
            continue
        c = _cell(bank.state[i, 0, 0], bank.state[i, 0, 1], grid)
        if _quotient(field[c], speed2, more):
            for m in range(bank.mode.shape[1]):
                _fly_alike(bank.state[i, m], bank.cov[i, m], more, gain)
