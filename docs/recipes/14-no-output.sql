-- Why is there no output?
--
-- Ask in this order. Are there records that can't be read, or rows that can't be computed? They are in `KSQL_PROCESSING_LOG`, with the
-- reason. What became of the rows of each step? `DESCRIBE clean EXTENDED;` says how many came and how many were used, filtered, late or bad. Is there a window
-- that is still open? `EMIT FINAL` waits for a record with a later time, or for `weir.idle.close`. [troubleshooting.md](troubleshooting.md) has more.
CREATE STREAM written (line STRING) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='KAFKA', PARTITIONS=1);
INSERT INTO written VALUES ('{"item":"tea","price":4}');
INSERT INTO written VALUES ('{"item":"cup","price":"seven"}');
INSERT INTO written VALUES ('item=kettle');

CREATE STREAM orders (item STRING, price INTEGER) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON');
CREATE STREAM clean AS SELECT item, price FROM orders WHERE price > 0;

SELECT source_offset AS record, reason FROM KSQL_PROCESSING_LOG;
