-- Join orders with customers
--
-- Each order meets the customer as the table stands at the order's time. With LEFT JOIN an order without a customer goes on, with
-- NULL for what is missing.
CREATE TABLE customers (id STRING PRIMARY KEY, name STRING, city STRING)
  WITH (KAFKA_TOPIC='customers', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM orders (customer STRING KEY, item STRING, price DECIMAL(6, 2))
  WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1);

INSERT INTO customers (ROWTIME, id, name, city) VALUES (1000, 'c1', 'Ada', 'London');
INSERT INTO customers (ROWTIME, id, name, city) VALUES (1000, 'c2', 'Grace', 'Boston');
INSERT INTO orders (ROWTIME, customer, item, price) VALUES (2000, 'c1', 'tea', 4.50);
INSERT INTO orders (ROWTIME, customer, item, price) VALUES (3000, 'c2', 'teapot', 24.00);
INSERT INTO customers (ROWTIME, id, name, city) VALUES (4000, 'c1', 'Ada', 'Paris');
INSERT INTO orders (ROWTIME, customer, item, price) VALUES (5000, 'c1', 'cup', 7.25);
INSERT INTO orders (ROWTIME, customer, item, price) VALUES (6000, 'c9', 'kettle', 39.90);

CREATE STREAM deliveries AS
  SELECT o.customer, o.item, o.price, c.name, c.city
  FROM orders o LEFT JOIN customers c ON o.customer = c.id;

SELECT customer, item, price, name, city FROM deliveries EMIT CHANGES;
