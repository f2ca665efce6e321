-- {"sort": "country"}
-- max_threads 4
-- cache_ttl 1m
SELECT

    `country`
,
    sum(`hits`) as hits,sum(`bytes`) as bytes
FROM visits_live
GROUP BY `country`
ORDER BY `country`

-- {"by": "country, device.kind", "sort": "hits", "measures": "hits", "env": "test"}
-- max_threads 4
-- cache_ttl 1m
SELECT

    `country`,

    `device`.`kind`
,
    sum(`hits`) as hits
FROM visits_test
GROUP BY `country`,`device`.`kind`
ORDER BY `hits`

-- {"by": "a`; DROP TABLE t", "sort": "x y", "env": "live; DROP TABLE t", "measures": "b c"}
-- max_threads 4
-- cache_ttl 1m
SELECT

    `a\`; DROP TABLE t`
,
    sum(`b c`) as `b c`
FROM `visits_live; DROP TABLE t`
GROUP BY `a\`; DROP TABLE t`
ORDER BY `x y`
