-- The first N
--
-- ORDER BY and LIMIT in a table keep a live list: what leaves it is deleted from its topic. A pull query does the same once, over
-- any table.
CREATE STREAM sales (item STRING, price INTEGER, ts TIMESTAMP)
  WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1, TIMESTAMP='ts');

CREATE TABLE best AS
  SELECT item, COUNT(*) AS sold, SUM(price) AS earned
  FROM sales WINDOW TUMBLING (SIZE 1 HOUR)
  GROUP BY item
  ORDER BY earned DESC LIMIT 2;

CREATE TABLE items AS SELECT item, COUNT(*) AS sold, SUM(price) AS earned FROM sales GROUP BY item;

INSERT INTO sales VALUES ('tea', 4, '2026-03-01T10:05:00');
INSERT INTO sales VALUES ('cup', 7, '2026-03-01T10:06:00');
INSERT INTO sales VALUES ('kettle', 40, '2026-03-01T10:07:00');
INSERT INTO sales VALUES ('tea', 4, '2026-03-01T10:08:00');
INSERT INTO sales VALUES ('tea', 4, '2026-03-01T11:05:00');
INSERT INTO sales VALUES ('cup', 7, '2026-03-01T11:20:00');

SELECT FORMAT_TIMESTAMP(FROM_UNIXTIME(WINDOWSTART), 'HH:mm') AS hour, item, sold, earned FROM best ORDER BY WINDOWSTART, earned DESC;
SELECT item, sold, earned FROM items ORDER BY sold DESC, item LIMIT 2;
