"""A project of any number of datafiles, as real ones look: event tables, endpoints with filters,
chains of nodes, materialised views. The same number gives the same texts."""

from __future__ import annotations

from collections.abc import Iterator

TOPICS = ("orders", "visits", "payments", "sensors", "messages", "sessions", "deliveries", "quotes")
NUMBERS = ("amount", "duration", "weight", "score", "size")
LABELS = ("country", "device", "channel", "plan", "status")


def make_project(count: int) -> dict[str, str]:
    """`count` datafiles by path: for each data source two endpoints; every eighth data source has a
    materialised view with its target instead of one of them."""
    files: dict[str, str] = {}
    for number, family in enumerate(_families()):
        files.update(family)
        if len(files) >= count or number > count:
            break
    return dict(list(files.items())[:count])


def _families() -> Iterator[dict[str, str]]:
    number = 0
    while True:
        name = f"{TOPICS[number % len(TOPICS)]}_{number}"
        value, label = NUMBERS[number % len(NUMBERS)], LABELS[number % len(LABELS)]
        family = {
            f"datasources/{name}.datasource": _datasource(name, value, label),
            f"endpoints/{name}_list.pipe": _listing(name, value, label),
        }
        if number % 8 == 0:
            family[f"datasources/{name}_daily.datasource"] = _target(name, label)
            family[f"materializations/{name}_to_daily.pipe"] = _materialization(name, value, label)
        else:
            family[f"endpoints/{name}_top.pipe"] = _top(name, value, label)
        yield family
        number += 1


def _datasource(name: str, value: str, label: str) -> str:
    return f"""DESCRIPTION >
    Events of {name}, as they arrive

TOKEN "{name}_append" APPEND

SCHEMA >
    `timestamp` DateTime64(3) `json:$.timestamp`,
    `id` String `json:$.id`,
    `user_id` String `json:$.user.id`,
    `{label}` LowCardinality(String) `json:$.{label}`,
    `{value}` Float64 `json:$.{value}`,
    `count` Int32 `json:$.count` DEFAULT 1,
    `tags` Array(String) `json:$.tags[:]`,
    `referrer` Nullable(String) `json:$.referrer`,
    `payload` String `json:$`

ENGINE "MergeTree"
ENGINE_PARTITION_KEY "toYYYYMM(timestamp)"
ENGINE_SORTING_KEY "{label}, timestamp, id"
ENGINE_TTL "toDateTime(timestamp) + toIntervalDay(90)"
"""


def _listing(name: str, value: str, label: str) -> str:
    return f"""DESCRIPTION >
    The events of {name}, filtered and paged

TOKEN "{name}_read" READ

NODE filtered
DESCRIPTION >
    What matches every filter
SQL >
    %
    SELECT timestamp, id, user_id, {label}, {value}, count
    FROM {name}
    WHERE timestamp >= {{{{ DateTime(start_date, '2025-01-01 00:00:00', description='From') }}}}
    {{% if defined(end_date) %}}
      AND timestamp < {{{{ DateTime(end_date, description='Before') }}}}
    {{% end %}}
    {{% if defined({label}) %}}
      AND {label} = {{{{ String({label}, description='Only this {label}', required=False) }}}}
    {{% end %}}
    {{% if defined(users) %}}
      AND user_id IN {{{{ Array(users, 'String', description='Only these users') }}}}
    {{% end %}}

NODE page
SQL >
    %
    SELECT *
    FROM filtered
    ORDER BY timestamp DESC, id
    LIMIT {{{{ Int32(limit, 100) }}}}
    OFFSET {{{{ Int32(offset, 0) }}}}

TYPE endpoint
"""


def _top(name: str, value: str, label: str) -> str:
    return f"""TOKEN "{name}_read" READ

NODE totals
SQL >
    %
    SELECT
        toStartOfHour(timestamp) AS hour,
        {label},
        count() AS events,
        uniq(user_id) AS users,
        sum({value}) AS total,
        avg({value}) AS mean,
        countIf({value} > 10) AS large
    FROM {name}
    WHERE timestamp BETWEEN {{{{ DateTime(start, '2025-01-01 00:00:00') }}}}
                        AND {{{{ DateTime(stop, '2026-01-01 00:00:00') }}}}
    GROUP BY hour, {label}

NODE ranked
SQL >
    SELECT
        hour,
        {label},
        events,
        users,
        total,
        round(mean, 2) AS mean,
        large / events AS share,
        row_number() OVER (PARTITION BY hour ORDER BY total DESC) AS place
    FROM totals

NODE endpoint
SQL >
    %
    WITH least AS (SELECT min(total) AS total FROM totals)
    SELECT r.*, if(r.total = l.total, 'last', toString(r.place)) AS shown
    FROM ranked AS r
    CROSS JOIN least AS l
    WHERE r.place <= {{{{ UInt8(places, 3) }}}}
    ORDER BY hour, place

TYPE endpoint
"""


def _target(name: str, label: str) -> str:
    return f"""SCHEMA >
    `day` Date,
    `{label}` LowCardinality(String),
    `events` AggregateFunction(count),
    `total` AggregateFunction(sum, Float64),
    `users` AggregateFunction(uniq, String)

ENGINE "AggregatingMergeTree"
ENGINE_PARTITION_KEY "toYear(day)"
ENGINE_SORTING_KEY "day, {label}"
"""


def _materialization(name: str, value: str, label: str) -> str:
    return f"""NODE daily
SQL >
    SELECT
        toDate(timestamp) AS day,
        {label},
        countState() AS events,
        sumState({value}) AS total,
        uniqState(user_id) AS users
    FROM {name}
    GROUP BY day, {label}

TYPE materialized
DATASOURCE {name}_daily
"""
