-- {}
SELECT country, count() AS hits
FROM visits
WHERE 1


    AND device IN {_1:Array(String)}
    AND ms > {_2:Float64}
GROUP BY country
ORDER BY 2 DESC
LIMIT {_3:UInt8}, {_4:Int32}
-- _1 Array(String) = ['phone', 'desktop']
-- _2 Float64 = 0.5
-- _3 UInt8 = 0
-- _4 Int32 = 20

-- {"country": "ES", "from_day": "2031-01-01", "to_day": "2031-02-01", "status": "200,404"}
SELECT country, count() AS hits
FROM visits
WHERE 1

    AND country = {_1:String}


    AND day BETWEEN {_2:String} AND {_3:String}

    AND device IN {_4:Array(String)}
    AND status in {_5:Array(UInt16)} and ms > {_6:Float64}
GROUP BY country
ORDER BY 2 DESC
LIMIT {_7:UInt8}, {_8:Int32}
-- _1 String = 'ES'
-- _2 String = '2031-01-01'
-- _3 String = '2031-02-01'
-- _4 Array(String) = ['phone', 'desktop']
-- _5 Array(UInt16) = [200, 404]
-- _6 Float64 = 0.5
-- _7 UInt8 = 0
-- _8 Int32 = 20

-- {"country": "' OR 1=1 --", "from_day": "2031-01-01", "devices": "it's,50%", "page": "3"}
SELECT country, count() AS hits
FROM visits
WHERE 1

    AND country = {_1:String}


    AND day >= {_2:String}

    AND device IN {_3:Array(String)}
    AND ms > {_4:Float64}
GROUP BY country
ORDER BY 2 DESC
LIMIT {_5:UInt8}, {_6:Int32}
-- _1 String = "' OR 1=1 --"
-- _2 String = '2031-01-01'
-- _3 Array(String) = ["it's", '50\\\\%']
-- _4 Float64 = 0.5
-- _5 UInt8 = 60
-- _6 Int32 = 20

-- {"status": ["500"], "size": "1000", "slow": "2"}
SELECT country, count() AS hits
FROM visits
WHERE 1


    AND device IN {_1:Array(String)}
    AND status in {_2:Array(UInt16)} and ms > {_3:Float64}
GROUP BY country
ORDER BY 2 DESC
LIMIT {_4:UInt8}, {_5:Int32}
-- _1 Array(String) = ['phone', 'desktop']
-- _2 Array(UInt16) = [500]
-- _3 Float64 = 2.0
-- _4 UInt8 = 0
-- _5 Int32 = 1000
