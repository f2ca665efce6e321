"""The ends of aggregates whose value no SQL gives: of the list of a group's rows, one call a group.

Funnels and event patterns walk through the events of a group; pictures (`sparkbar`) and
downsampling (`histogram`, `largestTriangleThreeBuckets`) through its points.
"""

from __future__ import annotations

import heapq
import math
import operator
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from struct import pack, unpack
from typing import Any

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.values import python_udf


def _each(name: str, parameters: tuple[str, ...], returns: str, function: Any) -> Udf:
    """A function of one group's lists and constants."""
    return python_udf(name, parameters, returns, function, is_of_group=True)


# Events --------------------------------------------------------------------------------------


def window_funnel(
    times: Sequence[int], bits: Sequence[int], window: int, count: int, modes: str
) -> int:
    """How many events of the chain happened in order within the window.

    Bit i of a row says that its condition i holds.
    """
    wanted = modes.split()
    in_order, increasing = "strict_order" in wanted, "strict_increase" in wanted
    deduplicated = "strict_deduplication" in wanted or "strict" in wanted
    events: list[tuple[int, int]] = []
    for time, mask in zip(times, bits, strict=True):
        if mask:
            events += [(time, i + 1) for i in range(count) if mask >> i & 1]
        elif in_order:
            events.append((time, 0))
    if not events:
        return 0
    if not in_order and count == 1:
        return 1
    events.sort()
    reached: list[tuple[int, int] | None] = [None] * count
    """(time of the chain's first event, time of this one) of the last event of each level."""
    for i, (time, event) in enumerate(events):
        level = event - 1
        if level == -1:
            if reached[0] is not None:
                break
        elif level == 0:
            reached[0] = (time, time)
        elif deduplicated and reached[level] is not None:
            return events[i - 1][1]
        elif in_order and reached[0] is not None and reached[level - 1] is None:
            return reached.index(None)
        elif (before := reached[level - 1]) is not None:
            first, previous = before
            if first + window >= time and (not increasing or previous < time):
                reached[level] = (first, time)
                if event == count:
                    return count
    return max((i + 1 for i, at in enumerate(reached) if at is not None), default=0)


_COMPARE = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
}


def sequence(times: Sequence[int], bits: Sequence[int], pattern: str, mode: str) -> list[int]:
    """`match`: [0 or 1]; `count`: [matches without overlap]; `events`: the times of the events of
    a match, [] if there is none."""
    events = sorted(
        ((time, mask) for time, mask in zip(times, bits, strict=True) if mask),
        key=operator.itemgetter(0),
    )
    actions = pattern.split(" ")
    if mode == "count":
        at, count = 0, 0
        while at < len(events):
            matched = _match(events, actions, at)
            if matched is None:
                break
            at = matched[0]
            count += 1
        return [count]
    matched = _match(events, actions, 0)
    if mode == "match":
        return [int(matched is not None)]
    return matched[1] if matched else []


def _match(
    events: Sequence[tuple[int, int]], actions: Sequence[str], start: int
) -> tuple[int, list[int]] | None:
    """Where a match that begins at `start` or later ends, and the times of its events."""
    stack: list[tuple[int, int, int, tuple[int, ...]]] = []
    action, event, base = 0, start, start
    seen: tuple[int, ...] = ()

    def backtrack() -> bool:
        nonlocal action, event, base, seen
        while stack:
            action, event, base, seen = stack.pop()
            event += 1
            if event < len(events):
                return True
        return False

    while action < len(actions) and event < len(events):
        step = actions[action]
        time, mask = events[event]
        if step == "*":
            stack.append((action, event, base, seen))
            base = event
            action += 1
        elif step == ".":
            base = event
            action, event = action + 1, event + 1
        elif step[0] == "e":
            if mask >> (int(step[1:]) - 1) & 1:
                base = event
                seen = (*seen, time)
                action, event = action + 1, event + 1
            elif not backtrack():
                break
        else:
            name = step[1:].rstrip("0123456789")
            passed = time - events[base][0]
            if _COMPARE[name](passed, int(step[1 + len(name) :])):
                stack.append((action, event, base, seen))
                base = event
                action += 1
            elif name in ("<", "<="):
                if not backtrack():
                    break
            else:
                event += 1
                if event == len(events) and not backtrack():
                    break
    while action < len(actions) and actions[action] == "*":
        action += 1
    return (event, list(seen)) if action == len(actions) else None


# Numbers -------------------------------------------------------------------------------------


def moving_sum(values: Sequence[Any], window: int) -> list[Any]:
    """At each place, the sum of the values up to it, of the last `window` ones if that is not 0."""
    found: list[Any] = []
    total: Any = 0
    for i, value in enumerate(values):
        total += value
        if window and i >= window:
            total -= values[i - window]
        found.append(total)
    return found


def bucket_quantile(bounds: Sequence[float], counts: Sequence[float], level: float) -> float:
    """A quantile of buckets by their upper bounds, each with the count of all that is not above it:
    linear within a bucket, the first of which begins at 0; nan unless the last is infinite."""
    together: dict[float, float] = {}
    for bound, count in sorted(zip(bounds, counts, strict=True)):
        together[bound] = together.get(bound, 0.0) + count
    ends, totals = list(together), list(together.values())
    if len(ends) < 2 or ends[-1] != math.inf or not totals[-1]:
        return math.nan
    rank = level * totals[-1]
    at = bisect_left(totals, rank)
    if at == len(ends) - 1:
        return ends[-2]
    if at == 0 and ends[0] <= 0:
        return ends[0]
    start, below = (ends[at - 1], totals[at - 1]) if at else (0.0, 0.0)
    inside = totals[at] - below
    return start + (ends[at] - start) * (rank - below) / inside if inside else math.nan


def weighted(
    values: Sequence[float], weights: Sequence[float], level: float, rule: str
) -> float | None:
    """A weighted quantile; None where the rule finds none because all weights are 0.

    `reaching`, `passing`: the position (from 1) of the value at which the weights reach the share,
    or pass it; `middles`: linear between the middles of the weights; `repeated`: as if every value
    stood there as often as its weight says; `centroids`: TDigest's rule over the values.
    """
    order = sorted(range(len(values)), key=lambda i: values[i])
    total = sum(weights)
    if not total and rule in ("passing", "repeated", "centroids"):
        return None
    if rule in ("reaching", "passing"):
        wanted = math.ceil(level * total) if rule == "reaching" else math.floor(level * total)
        upto = 0.0
        for i in order:
            upto += weights[i]
            if upto >= wanted if rule == "reaching" else upto > wanted:
                return i + 1
        return order[-1] + 1
    if rule == "centroids":
        return _centroids([(values[i], weights[i]) for i in order if weights[i] > 0], level)
    merged: dict[float, float] = {}
    for i in order:
        merged[values[i]] = merged.get(values[i], 0.0) + weights[i]
    if rule == "middles":
        return _between_middles(merged, total, level)
    place = level * (total - 1)
    low, high = (_expanded(merged, math.floor(place)), _expanded(merged, math.ceil(place)))
    return low * (1 - (place - math.floor(place))) + high * (place - math.floor(place))


def _expanded(merged: Mapping[float, float], index: int) -> float:
    """The value at a place (from 0) of the row of values, each as often as it weighs."""
    upto = 0.0
    for value, weight in merged.items():
        upto += weight
        if upto > index:
            return value
    return max(merged)


def _between_middles(merged: Mapping[float, float], total: float, level: float) -> float:
    before: tuple[float, float] | None = None
    upto = value = 0.0
    for value, weight in merged.items():
        middle = (upto + weight / 2) / total if total else 0.0
        upto += weight
        if middle >= level:
            if before is None:
                return value
            last, place = before
            return last + (value - last) * (level - place) / (middle - place)
        before = (value, middle)
    return value


def _centroids(points: Sequence[tuple[float, float]], level: float) -> float:
    # A centroid's mean is a Float32.
    means = [unpack("f", pack("f", value))[0] for value, _ in points]
    wanted = level * sum(weight for _, weight in points)
    upto = place = 0.0
    for i, (_, weight) in enumerate(points):
        here = upto + weight / 2
        if here >= wanted:
            before = points[i - 1][1] if i else weight
            left = place + (0.5 if before == 1 else 0.0)
            right = here - (0.5 if weight == 1 else 0.0)
            last = means[i - 1] if i else means[0]
            if wanted <= left:
                return float(last)
            if wanted >= right:
                return float(means[i])
            return float(last + (means[i] - last) * (wanted - left) / (right - left))
        upto += weight
        place = here
    return float(means[-1])


# Samples -------------------------------------------------------------------------------------


def sample(count: int, size: int, seed: int) -> list[int]:
    """The positions (from 1) of a reservoir sample: ClickHouse's, whose numbers are pcg32_fast."""
    state = seed | 3
    kept = list(range(1, min(count, size) + 1))
    for seen in range(size + 1, count + 1):
        mixed = state ^ (state >> 22)
        number = (mixed >> (22 + (state >> 61))) & 0xFFFFFFFF
        state = state * 6364136223846793005 & 0xFFFFFFFFFFFFFFFF
        if number % seen < size:
            kept[number % seen] = seen
    return kept


# Tables of counts ----------------------------------------------------------------------------


def association(a: Sequence[str], b: Sequence[str], counts: Sequence[float], name: str) -> float:
    """How two columns go together, from how often each pair of their values occurs."""
    rows: dict[str, float] = {}
    columns: dict[str, float] = {}
    for x, y, n in zip(a, b, counts, strict=True):
        rows[x] = rows.get(x, 0.0) + n
        columns[y] = columns.get(y, 0.0) + n
    total = math.fsum(counts)
    pairs = list(zip(a, b, counts, strict=True))
    if name == "theilsU":
        own = math.fsum(n * math.log(n / total) for n in rows.values())
        given = math.fsum(n * math.log(n / columns[y]) for _, y, n in pairs)
        return 1 - given / own if own else math.nan
    phi = max(0.0, math.fsum(n * n / (rows[x] * columns[y]) for x, y, n in pairs) - 1)
    if name == "contingency":
        return math.sqrt(phi / (phi + 1))
    p, q = len(rows), len(columns)
    if name == "cramersVBiasCorrected":
        if total < 2:
            return math.nan
        phi = max(0.0, phi - (p - 1) * (q - 1) / (total - 1))
        least = min(p - (p - 1) ** 2 / (total - 1), q - (q - 1) ** 2 / (total - 1)) - 1
    else:
        least = min(p, q) - 1
    return math.sqrt(phi / least) if least else math.nan


# Intervals and ranks -------------------------------------------------------------------------


def most_open(starts: Sequence[float], ends: Sequence[float]) -> list[float]:
    """How many intervals lie over one place at most, and the first such place; where one ends
    another may begin."""
    steps = sorted([(at, 1) for at in starts] + [(at, -1) for at in ends])
    most = place = 0.0
    count = 0
    for at, step in steps:
        count += step
        if count > most:
            most, place = float(count), at
    return [most, place]


def covered(starts: Sequence[float], ends: Sequence[float]) -> float:
    """The length of what the intervals cover together; their ends may come first."""
    return sum(end - start for start, end in _overlapping(starts, ends))


def covered_32(starts: Sequence[float], ends: Sequence[float]) -> float:
    """The same of Float32: so is the length of each piece that is covered."""
    pieces = (pack("f", end - start) for start, end in _overlapping(starts, ends))
    return sum((float(unpack("f", piece)[0]) for piece in pieces), 0.0)


def _overlapping(starts: Sequence[float], ends: Sequence[float]) -> list[tuple[float, float]]:
    """The intervals in order, those that overlap as one."""
    found: list[tuple[float, float]] = []
    pairs = zip(starts, ends, strict=True)
    for start, end in sorted((min(pair), max(pair)) for pair in pairs):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    found = [0.0] * len(values)
    at = 0
    while at < len(order):
        end = at
        while end + 1 < len(order) and values[order[end + 1]] == values[order[at]]:
            end += 1
        for i in order[at : end + 1]:
            found[i] = (at + end) / 2 + 1
        at = end + 1
    return found


def rank_correlation(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's coefficient, by the differences of ranks."""
    n = len(x)
    if n < 2:
        return math.nan
    squares = sum((a - b) ** 2 for a, b in zip(ranks(x), ranks(y), strict=True))
    return 1 - 6 * squares / (n * (n * n - 1))


def gini(values: Sequence[float]) -> float:
    """The Gini coefficient of inequality."""
    total = sum(values)
    if not total:
        return math.nan
    lifted = sum((2 * i + 1) * value for i, value in enumerate(sorted(values)))
    return lifted / (len(values) * total) - 1


# Points --------------------------------------------------------------------------------------

_WHOLE = "DECIMAL(38, 0)[]"
_BINS = 'STRUCT("1" DOUBLE, "2" DOUBLE, "3" DOUBLE)[]'


def histogram(values: Sequence[float], bins: int) -> list[dict[str, float]]:
    """Bins (from, to, height) that follow the values: whenever there are twice as many points as
    `bins`, the nearest are joined until there are that many."""
    points: list[tuple[float, float]] = []
    for value in values:
        points.append((value, 1.0))
        if len(points) >= 2 * bins:
            points = _joined(sorted(points), bins)
    points = _joined(sorted(points), bins)
    found = []
    for i, (mean, weight) in enumerate(points):
        before = points[i - 1] if i else None
        after = points[i + 1] if i + 1 < len(points) else None
        low = (before[0] + mean) / 2 if before else min(values)
        high = (mean + after[0]) / 2 if after else max(values)
        height = (6 * weight + (before or points[i])[1] + (after or points[i])[1]) / 8
        found.append({"1": low, "2": high, "3": height})
    return found


def _joined(points: list[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """Sorted points, the nearest joined until there are `most`."""
    following = list(range(1, len(points) + 1))
    preceding = list(range(-1, len(points) - 1))
    gone = [False] * len(points)
    queue = [(points[i + 1][0] - points[i][0], i) for i in range(len(points) - 1)]
    heapq.heapify(queue)
    left = len(points)
    while left > most and queue:
        distance, i = heapq.heappop(queue)
        j = following[i]
        if gone[i] or j >= len(points) or points[j][0] - points[i][0] != distance:
            continue
        (a, v), (b, w) = points[i], points[j]
        points[i] = ((a * v + b * w) / (v + w), v + w)
        gone[j] = True
        following[i] = following[j]
        if following[i] < len(points):
            preceding[following[i]] = i
            heapq.heappush(queue, (points[following[i]][0] - points[i][0], i))
        if preceding[i] >= 0:
            heapq.heappush(queue, (points[i][0] - points[preceding[i]][0], preceding[i]))
        left -= 1
    return [point for point, is_gone in zip(points, gone, strict=True) if not is_gone]


def largest_triangles(x: Sequence[float], y: Sequence[float], count: int) -> list[int]:
    """The positions (from 1) of `count` points that keep the line's shape best."""
    size = len(x)
    if count >= size:
        return list(range(1, size + 1))
    if count <= 2:
        return [1, size][:count]
    chosen = [0]
    every = (size - 2) / (count - 2)
    for i in range(count - 2):
        start, end = int(i * every) + 1, int((i + 1) * every) + 1
        last = min(int((i + 2) * every) + 1, size)
        following = range(end, last)
        mean_x = sum(x[k] for k in following) / len(following)
        mean_y = sum(y[k] for k in following) / len(following)
        ax, ay = x[chosen[-1]], y[chosen[-1]]
        areas = [
            abs((ax - mean_x) * (y[k] - ay) - (ax - x[k]) * (mean_y - ay))
            for k in range(start, end)
        ]
        chosen.append(start + areas.index(max(areas)))
    return [k + 1 for k in [*chosen, size - 1]]


HEAD_SIZE = 50_000
"""Values that the Greenwald-Khanna summary takes in at once."""


def greenwald_khanna(
    values: Sequence[float], accuracy: int, levels: Sequence[float]
) -> list[float]:
    """Quantiles from a summary whose ranks are off by at most 1/accuracy of the count.

    A sample is (value, g, delta): g ranks lie between it and the one before, delta more are
    uncertain.
    """
    error = 1.0 / accuracy
    sampled: list[tuple[float, int, int]] = []
    count = 0
    for start in range(0, len(values), HEAD_SIZE):
        head = sorted(values[start : start + HEAD_SIZE])
        merged: list[tuple[float, int, int]] = []
        at = 0
        for index, value in enumerate(head):
            while at < len(sampled) and sampled[at][0] <= value:
                merged.append(sampled[at])
                at += 1
            count += 1
            is_last = at == len(sampled) and index == len(head) - 1
            merged.append((value, 1, 0 if not merged or is_last else int(2 * error * count)))
        sampled = [*merged, *sampled[at:]]
        if len(head) == HEAD_SIZE and len(sampled) >= 10_000:
            sampled = _compressed(sampled, 2 * error * count)
    sampled = _compressed(sampled, 2 * error * count)
    off = max(g + delta for _, g, delta in sampled) / 2
    found: dict[float, float] = {}
    index, rank = 0, sampled[0][1]
    for level in sorted(levels):
        if level <= error or level >= 1 - error:
            found[level] = sampled[0 if level <= error else -1][0]
            continue
        wanted = math.ceil(level * count)
        while index < len(sampled) - 1:
            value, _, delta = sampled[index]
            if rank + delta - off <= wanted <= rank + off:
                break
            index += 1
            rank += sampled[index][1]
        found[level] = sampled[index][0]
    return [found[level] for level in levels]


def _compressed(
    sampled: list[tuple[float, int, int]], threshold: float
) -> list[tuple[float, int, int]]:
    if not sampled:
        return []
    kept: list[tuple[float, int, int]] = []
    value, g, delta = sampled[-1]
    for before in reversed(sampled[1:-1]):
        if before[1] + g + delta < threshold:
            g += before[1]
        else:
            kept.append((value, g, delta))
            value, g, delta = before
    kept.append((value, g, delta))
    if len(sampled) > 1 and sampled[0][0] <= value:
        kept.append(sampled[0])
    return kept[::-1]


_BARS = " ▁▂▃▄▅▆▇█"


def sparkbar(
    x: Sequence[float],
    y: Sequence[float],
    width: int,
    low: float | None,
    high: float | None,
    whole: bool,
) -> str:
    """A bar for each of `width` parts of the axis: the mean of the values in it, a `whole` number
    if the values are. One bar where the axis has one place."""
    totals: dict[float, float] = {}
    for at, value in zip(x, y, strict=True):
        totals[at] = totals.get(at, 0.0) + value
    start = min(totals) if low is None else low
    end = max(totals) if high is None else high
    if start >= end:
        return _BARS[-1]
    inside = {at: value for at, value in totals.items() if start <= at <= end}
    parts: list[list[float]] = [[] for _ in range(width)]
    for at, value in inside.items():
        parts[min(int((at - start) * width / (end - start + 1)), width - 1)].append(value)
    means = [sum(part) / len(part) if part else 0.0 for part in parts]
    means = [mean // 1 for mean in means] if whole else means
    top = max(means, default=0.0)
    return "".join(
        _BARS[int(mean * (len(_BARS) - 2) / top) + 1] if mean > 0 else " " for mean in means
    )


UDFS = (
    _each(
        "mt_window_funnel",
        ("BIGINT[]", "BIGINT[]", "BIGINT", "BIGINT", "VARCHAR"),
        "UTINYINT",
        window_funnel,
    ),
    _each("mt_sequence", ("BIGINT[]", "BIGINT[]", "VARCHAR", "VARCHAR"), "BIGINT[]", sequence),
    _each("mt_quantiles_gk", ("DOUBLE[]", "BIGINT", "DOUBLE[]"), "DOUBLE[]", greenwald_khanna),
    _each("mt_sample", ("BIGINT", "BIGINT", "BIGINT"), "BIGINT[]", sample),
    _each("mt_moving_sum", (_WHOLE, "BIGINT"), _WHOLE, moving_sum),
    _each("mt_moving_sum_double", ("DOUBLE[]", "BIGINT"), "DOUBLE[]", moving_sum),
    _each("mt_bucket_quantile", ("DOUBLE[]", "DOUBLE[]", "DOUBLE"), "DOUBLE", bucket_quantile),
    _each("mt_weighted", ("DOUBLE[]", "DOUBLE[]", "DOUBLE", "VARCHAR"), "DOUBLE", weighted),
    _each(
        "mt_association", ("VARCHAR[]", "VARCHAR[]", "DOUBLE[]", "VARCHAR"), "DOUBLE", association
    ),
    _each("mt_most_open", ("DOUBLE[]", "DOUBLE[]"), "DOUBLE[]", most_open),
    _each("mt_covered", ("DOUBLE[]", "DOUBLE[]"), "DOUBLE", covered),
    _each("mt_covered_32", ("DOUBLE[]", "DOUBLE[]"), "DOUBLE", covered_32),
    _each("mt_rank_correlation", ("DOUBLE[]", "DOUBLE[]"), "DOUBLE", rank_correlation),
    _each("mt_gini", ("DOUBLE[]",), "DOUBLE", gini),
    _each("mt_histogram", ("DOUBLE[]", "BIGINT"), _BINS, histogram),
    _each("mt_lttb", ("DOUBLE[]", "DOUBLE[]", "BIGINT"), "BIGINT[]", largest_triangles),
    _each(
        "mt_sparkbar",
        ("DOUBLE[]", "DOUBLE[]", "BIGINT", "DOUBLE", "DOUBLE", "BOOLEAN"),
        "VARCHAR",
        sparkbar,
    ),
)
