-- {"words": "Big  data_base 50%"}



SELECT title, '100%' AS full -- 'Big  data_base 50\%'
FROM docs
WHERE lower(title) LIKE concat('%', 'big', '%') AND lower(title) LIKE concat('%', 'data_base', '%') AND lower(title) LIKE concat('%', '50\%', '%') AND 
    length(title) > 3


-- {"words": "it's", "options": "{\"recent\": true, \"since\": \"2031-01-01\"}"}



SELECT title, '100%' AS full -- 'it\'s'
FROM docs
WHERE lower(title) LIKE concat('%', 'it\'s', '%') AND 
    length(title) > 1

    AND day > '2031-01-01'


-- {"words": "x", "options": "{\"recent\": true}"}
-- missing_key at 452: Template Syntax Error: there is no key 'since'

-- {}
-- custom_error at 32: {'error': 'give some words'}
