-- Export to a file
--
-- A sink connector writes rows as they come and goes on; path is relative to the script. What a table holds now comes from a pull query:
-- `weir cli -e "SELECT * FROM totals;" --output CSV > totals.csv`.
CREATE STREAM orders (item STRING, price INTEGER) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE SINK CONNECTOR orders_csv WITH ('connector.class'='file', 'from'='orders', 'path'='out/orders.csv', 'format'='csv', 'exists'='replace');
CREATE TABLE totals AS SELECT item, COUNT(*) AS n, SUM(price) AS earned FROM orders GROUP BY item;

INSERT INTO orders VALUES ('tea', 4);
INSERT INTO orders VALUES ('cup, small', 7);
INSERT INTO orders VALUES ('tea', 4);

SELECT item, n, earned FROM totals ORDER BY item;
