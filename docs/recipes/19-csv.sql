-- Read a CSV file
--
-- A connector loads the file, and the stream names its columns in their order. `csv.header` leaves the first line out; `'follow'='true'` goes
-- on as the file grows; path may be a pattern, and files may be gzipped. Columns have to be named: they are not taken from the file's head.
CREATE STREAM orders (ts TIMESTAMP, item STRING, price DECIMAL(6, 2))
  WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='DELIMITED', PARTITIONS=1, TIMESTAMP='ts');

CREATE SOURCE CONNECTOR orders_file WITH (
  'connector.class'='file', 'path'='data/orders.csv', 'format'='csv', 'csv.header'='true', 'topic'='orders');

CREATE TABLE per_item AS SELECT item, COUNT(*) AS n, SUM(price) AS earned FROM orders GROUP BY item;

SELECT item, n, earned FROM per_item ORDER BY earned DESC;
