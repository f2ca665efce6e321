SELECT country, count() AS hits
FROM visits
WHERE 1
{% if defined(country) %}
    AND country = {{String(country, description='ISO code', example='ES')}}
{% end %}
{% if defined(from_day) and defined(to_day) %}
    AND day BETWEEN {{Date(from_day)}} AND {{Date(to_day)}}
{% elif defined(from_day) %}
    AND day >= {{Date(from_day)}}
{% end %}
    AND device IN {{Array(devices, 'String', 'phone,desktop')}}
    AND {{sql_and(status__in=Array(status, 'Int32', defined=False), ms__gt=Float64(slow, 0.5))}}
GROUP BY country
ORDER BY {{Int(order, 2)}} DESC
LIMIT {{Int32(page, 0) * Int32(size, 20)}}, {{Int32(size, 20)}}
