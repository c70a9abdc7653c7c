-- Backfill
--
-- `CREATE ... AS` reads its topics from the oldest record on, so that a query that is made today has all that the topics still hold. `SET
-- 'auto.offset.reset' = 'latest';` before it leaves the past out.
CREATE STREAM orders (item STRING, price INTEGER) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO orders VALUES ('tea', 4);
INSERT INTO orders VALUES ('cup', 7);

CREATE TABLE whole AS SELECT 'all' AS k, COUNT(*) AS orders, SUM(price) AS earned FROM orders GROUP BY 'all';
INSERT INTO orders VALUES ('tea', 4);

SELECT orders, earned FROM whole;
