-- How far behind is a query?
--
-- `SHOW QUERIES EXTENDED;` and `DESCRIBE name EXTENDED;` say for each query how many records it has still to read, `weir_query_lag` of `/metrics` says it to
-- Prometheus. Since results carry the time of what they come from, SQL can tell how old what is read is, too.
CREATE STREAM orders (item STRING, ts TIMESTAMP) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1, TIMESTAMP='ts');
CREATE TABLE newest AS SELECT 'orders' AS source, MAX(ts) AS latest, COUNT(*) AS read FROM orders GROUP BY 'orders';

INSERT INTO orders VALUES ('tea', '2026-03-01T10:00:00');
INSERT INTO orders VALUES ('cup', '2026-03-01T10:05:00');

SELECT source, latest, read FROM newest;
