{% if not defined(words) %}
    {{custom_error({'error': 'give some words'}, 422)}}
{% end %}
{# every word must occur #}
{% set terms = [w.strip().lower() for w in words.split(' ') if w.strip()] %}
SELECT title, '100%' AS full -- {{words}}
FROM docs
WHERE {% for t in terms %}lower(title) LIKE concat('%', {{sql_unescape(t, '_')}}, '%') AND {% end %}
    length(title) > {{len(terms)}}
{% if JSON(options, '{}').get('recent') == True %}
    AND day > {{JSON(options)['since']}}
{% end %}
