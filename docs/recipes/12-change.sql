-- Change a query that runs
--
-- CREATE OR REPLACE changes conditions and columns in place: what has been read stays read, and what was written stays written. Where it
-- can't be done in place, the message says so; with `REPLAY=true` a table is computed anew from the beginning and swapped ([replace.md](replace.md)).
CREATE STREAM orders (item STRING, price INTEGER) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM large AS SELECT item, price FROM orders WHERE price > 50;

INSERT INTO orders VALUES ('kettle', 40);
INSERT INTO orders VALUES ('oven', 400);
SELECT item, price FROM large;

CREATE OR REPLACE STREAM large AS SELECT item, price, price * 0.2 AS vat FROM orders WHERE price > 30;

INSERT INTO orders VALUES ('kettle', 40);
INSERT INTO orders VALUES ('tea', 4);

SELECT item, price, vat FROM large EMIT CHANGES;
