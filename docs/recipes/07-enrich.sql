-- Enrich a table with another
--
-- Both sides are tables here: when a product changes its name, all rows that name it change, by a foreign key.
CREATE TABLE products (sku STRING PRIMARY KEY, name STRING, shelf STRING)
  WITH (KAFKA_TOPIC='products', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE stock (id INTEGER PRIMARY KEY, product STRING, pieces INTEGER)
  WITH (KAFKA_TOPIC='stock', VALUE_FORMAT='JSON', PARTITIONS=1);

CREATE TABLE shelves AS
  SELECT s.id, s.product, p.name, p.shelf, s.pieces
  FROM stock s LEFT JOIN products p ON s.product = p.sku;

INSERT INTO products VALUES ('T1', 'tea', 'A3');
INSERT INTO products VALUES ('K1', 'kettle', 'B1');
INSERT INTO stock VALUES (1, 'T1', 40);
INSERT INTO stock VALUES (2, 'K1', 3);
INSERT INTO stock VALUES (3, 'X9', 1);
INSERT INTO products VALUES ('T1', 'green tea', 'A4');

SELECT id, product, name, shelf, pieces FROM shelves ORDER BY id;
