"""Kernels of the exact assignment over sparse pairs; the tests hold them to dense assignment.

Every truth (row) is paired with a track (column) or left alone at a fixed cost. Shortest augmenting
paths with prices: a row that finds its nearest column free takes it; any other searches, by
Dijkstra's method over reduced costs, for the cheapest way to a free column or to a row that is
better left alone. A search touches only its own cluster, and ends as soon as nothing within reach
can be cheaper, so that the cost grows with the number of contests and not with the cube of n.

Source: R. Jonker, A. Volgenant, Computing 38 (1987) 325-340.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from tocsin.contract import F64, I64, Bool

ALONE = -1


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _push(keys: F64, items: I64, size: int, key: float, item: int) -> None:
    """Put an item on the heap of the given size."""
    i = size
    while i > 0 and keys[(i - 1) >> 1] > key:
        keys[i] = keys[(i - 1) >> 1]
        items[i] = items[(i - 1) >> 1]
        i = (i - 1) >> 1
    keys[i] = key
    items[i] = item


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _pop(keys: F64, items: I64, size: int) -> None:
    """Take the smallest item, which is at 0, off the heap of the given size."""
    key, item = keys[size - 1], items[size - 1]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size - 1:
            break
        if child + 1 < size - 1 and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[i], items[i] = keys[child], items[child]
        i = child
    keys[i] = key
    items[i] = item


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _search(
    source: int,
    start: I64,
    column: I64,
    cost: F64,
    alone: float,
    potential: F64,
    price: F64,
    owner: I64,
    reached: F64,
    via: I64,
    settled: Bool,
    touched: I64,
    keys: F64,
    items: I64,
) -> tuple[float, int, int, int]:
    """Find the cheapest way from a row: its length, end column or else end row, columns touched."""
    best, end_column, end_row = np.inf, ALONE, ALONE
    count, size = 0, 0
    row, reach = source, 0.0
    while True:
        if reach + alone - potential[row] < best:
            best, end_column, end_row = reach + alone - potential[row], ALONE, row
        for e in range(start[row], start[row + 1]):
            if reach + cost[e] - potential[row] >= best:
                break  # prices are never above zero, and the rest of the row costs no less
            j = column[e]
            there = reach + cost[e] - potential[row] - price[j]
            if settled[j] or there >= best or there >= reached[j]:
                continue
            if reached[j] == np.inf:
                touched[count] = j
                count += 1
            reached[j] = there
            via[j] = e
            if owner[j] == ALONE:
                best, end_column = there, j
            else:
                _push(keys, items, size, there, j)
                size += 1
        while size > 0 and settled[items[0]]:
            _pop(keys, items, size)
            size -= 1
        if size == 0 or keys[0] >= best:
            return best, end_column, end_row, count
        reach, j = keys[0], items[0]
        _pop(keys, items, size)
        size -= 1
        settled[j] = True
        row = owner[j]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _reprice(
    best: float,
    count: int,
    touched: I64,
    owner: I64,
    potential: F64,
    price: F64,
    reached: F64,
    settled: Bool,
) -> None:
    """Make the way found tight, every reduced cost staying above zero; forget the search."""
    for k in range(count):
        j = touched[k]
        if settled[j]:
            potential[owner[j]] += best - reached[j]
            price[j] -= best - reached[j]
        reached[j] = np.inf
        settled[j] = False


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _augment(
    end_column: int, end_row: int, column: I64, row_of_edge: I64, via: I64, pair: I64, owner: I64
) -> None:
    """Walk the way back, each row taking the edge by which its new column was reached."""
    j = end_column
    if j == ALONE:
        if pair[end_row] != ALONE:
            j = column[pair[end_row]]
        pair[end_row] = ALONE
    while j != ALONE:
        e = via[j]
        row = row_of_edge[e]
        before = pair[row]
        pair[row] = e
        owner[j] = row
        j = ALONE if before == ALONE else column[before]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def assign(start: I64, column: I64, cost: F64, alone: float, columns: int) -> I64:
    """Return for each row the edge of its pair, or -1, at the least total cost.

    Args:
        start: (rows + 1,) edges of row i are start[i] to start[i + 1].
        column: (edges,) column of each edge.
        cost: (edges,) cost of each edge, ascending within each row.
        alone: cost of a row without a pair.
        columns: number of columns.
    """
    rows = start.size - 1
    pair, owner = np.full(rows, ALONE), np.full(columns, ALONE)
    potential, price = np.full(rows, alone), np.zeros(columns)
    reached, via = np.full(columns, np.inf), np.full(columns, ALONE)
    settled, touched = np.zeros(columns, np.bool_), np.empty(columns, np.int64)
    keys, items = np.empty(cost.size + 1), np.empty(cost.size + 1, np.int64)
    row_of_edge = np.empty(cost.size, np.int64)
    for i in range(rows):
        row_of_edge[start[i] : start[i + 1]] = i
    for i in range(rows):
        first = start[i]
        if first == start[i + 1] or cost[first] >= alone:
            continue
        if owner[column[first]] == ALONE:
            # Its price is still zero, so nothing in this row is cheaper.
            potential[i], pair[i] = cost[first], first
            owner[column[first]] = i
            continue
        for e in range(first, start[i + 1]):
            if cost[e] >= potential[i]:
                break
            potential[i] = min(potential[i], cost[e] - price[column[e]])
        best, end_column, end_row, count = _search(
            i, start, column, cost, alone, potential, price, owner,
            reached, via, settled, touched, keys, items,
        )  # fmt: skip
        potential[i] += best
        _reprice(best, count, touched, owner, potential, price, reached, settled)
        _augment(end_column, end_row, column, row_of_edge, via, pair, owner)
    return pair


@nb.njit(cache=True, nogil=True, error_model="numpy")
def by_row(row: I64, column: I64, apart: F64, rows: int) -> tuple[I64, I64, F64]:
    """Return edges in order of row, distance and column: starts of rows, columns, distances.

    Args:
        row: (edges,) row of each edge, in any order.
        column: (edges,) column of each edge.
        apart: (edges,) distance of each edge.
        rows: number of rows.
    """
    start = np.zeros(rows + 1, np.int64)
    for e in range(row.size):
        start[row[e] + 1] += 1
    for i in range(rows):
        start[i + 1] += start[i]
    place = start[:-1].copy()
    columns, distances = np.empty(row.size, np.int64), np.empty(row.size)
    for e in range(row.size):
        at = place[row[e]]
        columns[at], distances[at] = column[e], apart[e]
        place[row[e]] += 1
    for i in range(rows):
        _sort(columns[start[i] : start[i + 1]], distances[start[i] : start[i + 1]])
    return start, columns, distances


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _sort(column: I64, apart: F64) -> None:
    """Sort one row in place by distance, then column (Shell's sort)."""
    gap = column.size // 2
    while gap > 0:
        for k in range(gap, column.size):
            value, name, at = apart[k], column[k], k
            while at >= gap and (
                apart[at - gap] > value or (apart[at - gap] == value and column[at - gap] > name)
            ):
                apart[at], column[at] = apart[at - gap], column[at - gap]
                at -= gap
            apart[at], column[at] = value, name
        gap = 1 if gap == 2 else gap * 5 // 11


@nb.njit(cache=True, nogil=True, error_model="numpy")
def match_over_time(
    truths: I64,
    tracks: I64,
    start: I64,
    column: I64,
    apart: F64,
    who: I64,
    track: I64,
    last: I64,
    cutoff: float,
    hysteresis: float,
) -> I64:
    """Return for each truth row the edge of its pair, or -1, instant by instant.

    The pair of the track that was last matched to the same truth is preferred.

    Args:
        truths: (instants + 1,) truth rows of instant t are truths[t] to truths[t + 1].
        tracks: (instants + 1,) track rows of instant t.
        start: (truth rows + 1,) edges of each truth row.
        column: (edges,) track row of each edge.
        apart: (edges,) distance of each edge, ascending within each truth row.
        who: (truth rows,) number of the truth.
        track: (track rows,) number of the track.
        last: (truths,) track last matched to each truth, or -1; changed.
        cutoff: distance beyond which nothing is a pair.
        hysteresis: how much worse a kept pair may be.
    """
    pair = np.full(who.size, ALONE)
    for t in range(truths.size - 1):
        a, b = truths[t], truths[t + 1]
        low, high = start[a], start[b]
        if low == high:
            continue
        cost = apart[low:high] ** 2
        edge = np.arange(low, high)
        for i in range(a, b):
            for e in range(start[i] - low, start[i + 1] - low):
                if track[column[edge[e]]] != last[who[i]]:
                    continue
                kept = cost[e] - hysteresis**2
                this = edge[e]
                while e > start[i] - low and cost[e - 1] > kept:
                    cost[e], edge[e] = cost[e - 1], edge[e - 1]
                    e -= 1
                cost[e], edge[e] = kept, this
                break
        found = assign(
            start[a : b + 1] - low,
            column[edge] - tracks[t],
            cost,
            cutoff**2,
            tracks[t + 1] - tracks[t],
        )
        for i in range(a, b):
            if found[i - a] != ALONE:
                pair[i] = edge[found[i - a]]
                last[who[i]] = track[column[pair[i]]]
    return pair
