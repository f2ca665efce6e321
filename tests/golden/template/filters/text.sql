-- {}
SELECT country, count() AS hits
FROM visits
WHERE 1


    AND device IN ['phone','desktop']
    AND ms > toFloat64('0.5')
GROUP BY country
ORDER BY 2 DESC
LIMIT 0, toInt32('20')

-- {"country": "ES", "from_day": "2031-01-01", "to_day": "2031-02-01", "status": "200,404"}
SELECT country, count() AS hits
FROM visits
WHERE 1

    AND country = 'ES'


    AND day BETWEEN '2031-01-01' AND '2031-02-01'

    AND device IN ['phone','desktop']
    AND status in [200,404] and ms > toFloat64('0.5')
GROUP BY country
ORDER BY 2 DESC
LIMIT 0, toInt32('20')

-- {"country": "' OR 1=1 --", "from_day": "2031-01-01", "devices": "it's,50%", "page": "3"}
SELECT country, count() AS hits
FROM visits
WHERE 1

    AND country = '\' OR 1=1 --'


    AND day >= '2031-01-01'

    AND device IN ['it\'s','50\\\%']
    AND ms > toFloat64('0.5')
GROUP BY country
ORDER BY 2 DESC
LIMIT 60, toInt32('20')

-- {"from_day": "soon"}
-- type_validation at 315: Template Syntax Error: Error validating 'soon' to type Date

-- {"status": ["500"], "size": "1000", "slow": "2"}
SELECT country, count() AS hits
FROM visits
WHERE 1


    AND device IN ['phone','desktop']
    AND status in [500] and ms > toFloat64('2.0')
GROUP BY country
ORDER BY 2 DESC
LIMIT 0, toInt32('1000')
