{{max_threads(4)}}{{cache_ttl('1m')}}SELECT
{% for last, name in enumerate_with_last(split_to_array(by, 'country')) %}
    {{column(name)}}{% if not last %},{% end %}
{% end %},
    {{columns(measures, 'hits,bytes', fn='sum')}}
FROM {{table('visits_' + String(env, 'live'))}}
GROUP BY {{columns(by, 'country')}}
ORDER BY {{symbol(sort)}}
