-- Delete a stream and all that hangs on it
--
-- What others read can't be dropped before them: the message names the queries that do. With `CASCADE` they go first, and what they make, and so on;
-- `EXPLAIN` in front lists what would go. `DELETE TOPIC` takes the records too.
CREATE STREAM orders (item STRING, price INTEGER) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM large AS SELECT item, price FROM orders WHERE price > 30;
CREATE TABLE counts AS SELECT item, COUNT(*) AS n FROM large GROUP BY item;

EXPLAIN DROP STREAM orders CASCADE DELETE TOPIC;
DROP STREAM orders CASCADE DELETE TOPIC;
