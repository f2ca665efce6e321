-- {"level": "7"}

SELECT

toUInt8('7') AS level

, now() AS at





, 1 AS n_1





, 3 AS n_3




-- {"level": "high"}

SELECT


0 AS level, 'Error validating \'high\' to type UInt8' AS reason

, now() AS at





, 1 AS n_1





, 3 AS n_3



