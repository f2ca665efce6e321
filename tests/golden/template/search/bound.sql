-- {"words": "Big  data_base 50%"}



SELECT title, '100%' AS full -- 'Big  data_base 50\%'
FROM docs
WHERE lower(title) LIKE concat('%', {_1:String}, '%') AND lower(title) LIKE concat('%', {_2:String}, '%') AND lower(title) LIKE concat('%', {_3:String}, '%') AND 
    length(title) > {_4:UInt8}

-- _1 String = 'big'
-- _2 String = 'data_base'
-- _3 String = '50\\%'
-- _4 UInt8 = 3

-- {"words": "it's", "options": "{\"recent\": true, \"since\": \"2031-01-01\"}"}



SELECT title, '100%' AS full -- 'it\'s'
FROM docs
WHERE lower(title) LIKE concat('%', {_1:String}, '%') AND 
    length(title) > {_2:UInt8}

    AND day > {_3:String}

-- _1 String = "it's"
-- _2 UInt8 = 1
-- _3 String = '2031-01-01'
