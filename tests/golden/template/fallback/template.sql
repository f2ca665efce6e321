{% whitespace single %}
SELECT
{% try %}
    {{UInt8(level)}} AS level
{% except ValueError as reason %}
    0 AS level, {{reason}} AS reason
{% finally %}
    , now() AS at
{% end %}
{% set n = 0 %}
{% while n < 5 %}
    {% set n += 1 %}
    {% if n == 2 %}{% continue %}{% elif n == 4 %}{% break %}{% end %}
    , {{n}} AS n_{{Int(n)}}
{% end %}
