-- A first look: a stream, a filter, a table, and two ways to ask. The ten records are in this file.

-- 1. A stream is a Kafka topic with named, typed columns. KEY is the record's key.
CREATE STREAM orders (customer STRING KEY, item STRING, price DECIMAL(6, 2))
  WITH (KAFKA_TOPIC = 'orders', VALUE_FORMAT = 'JSON', PARTITIONS = 1);

-- 2. A filter: it runs from now on, and writes each large order to a topic of its own.
CREATE STREAM large_orders AS
  SELECT customer, item, price
  FROM orders
  WHERE price >= 20
  EMIT CHANGES;

-- 3. A table holds one row per key, and changes with every order.
CREATE TABLE customers AS
  SELECT customer, COUNT(*) AS orders, SUM(price) AS total, LATEST_BY_OFFSET(item) AS latest_item
  FROM orders
  GROUP BY customer
  EMIT CHANGES;

INSERT INTO orders (customer, item, price) VALUES ('Ada',   'tea',     4.50);
INSERT INTO orders (customer, item, price) VALUES ('Grace', 'teapot', 24.00);
INSERT INTO orders (customer, item, price) VALUES ('Ada',   'cup',     7.25);
INSERT INTO orders (customer, item, price) VALUES ('Edsger','kettle', 39.90);
INSERT INTO orders (customer, item, price) VALUES ('Ada',   'tea',     4.50);
INSERT INTO orders (customer, item, price) VALUES ('Grace', 'tea',     5.10);
INSERT INTO orders (customer, item, price) VALUES ('Edsger','scales', 52.00);
INSERT INTO orders (customer, item, price) VALUES ('Ada',   'tray',   20.00);
INSERT INTO orders (customer, item, price) VALUES ('Barbara','tea',    4.50);
INSERT INTO orders (customer, item, price) VALUES ('Grace', 'biscuits', 3.75);

-- 4. A pull query: without EMIT CHANGES, the answer as it stands now.
SELECT customer, orders, total, latest_item FROM customers WHERE customer = 'Ada';
SELECT customer, total FROM customers WHERE total > 20;

-- 5. A push query: with EMIT CHANGES, rows as they come.
SELECT customer, item, price FROM large_orders EMIT CHANGES;
