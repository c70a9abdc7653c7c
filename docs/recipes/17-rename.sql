-- Rename a stream, or a column
--
-- There is no `RENAME`. Another stream can be declared over the same topic under the new name: it has the same records. Columns get
-- their new names in a query, whose topic has them then.
CREATE STREAM ordrs (item STRING, prc INTEGER) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1);
INSERT INTO ordrs VALUES ('tea', 4);

CREATE STREAM orders (item STRING, prc INTEGER) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON');
DROP STREAM ordrs;
CREATE STREAM orders_named AS SELECT item, prc AS price FROM orders;

SELECT item, price FROM orders_named EMIT CHANGES;
