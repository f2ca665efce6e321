-- {"level": "7"}

SELECT

{_1:UInt8} AS level

, now() AS at





, {_2:UInt8} AS n_1





, {_3:UInt8} AS n_3



-- _1 UInt8 = 7
-- _2 UInt8 = 1
-- _3 UInt8 = 3

-- {"level": "high"}

SELECT


0 AS level, {_1:String} AS reason

, now() AS at





, {_2:UInt8} AS n_1





, {_3:UInt8} AS n_3



-- _1 String = "Error validating 'high' to type UInt8"
-- _2 UInt8 = 1
-- _3 UInt8 = 3
