-- Delete a stream and all that hangs on it
--
-- What others read can't be dropped before them: the message names the queries that do. There is no `CASCADE`, so go from the end of the chain to its
-- beginning. `DELETE TOPIC` takes the records too.
CREATE STREAM orders (item STRING, price INTEGER) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM large AS SELECT item, price FROM orders WHERE price > 30;
CREATE TABLE counts AS SELECT item, COUNT(*) AS n FROM large GROUP BY item;

DROP TABLE counts DELETE TOPIC;
DROP STREAM large DELETE TOPIC;
DROP STREAM orders DELETE TOPIC;

