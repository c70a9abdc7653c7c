-- Functions written in Go: ../go/money.go. Build money.wasm first: ../build.
CREATE FUNCTION cents (amount STRING) RETURNS BIGINT LANGUAGE WASM AS '../money.wasm';
CREATE FUNCTION price (cents BIGINT, currency STRING) RETURNS STRING LANGUAGE WASM AS '../money.wasm';

CREATE STREAM offers (id STRING KEY, amount STRING) WITH (KAFKA_TOPIC='offers', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM priced AS SELECT id, price(2 * cents(amount), 'EUR') AS two FROM offers;

INSERT INTO offers (id, amount) VALUES ('1', '1,234.50 EUR');
INSERT INTO offers (id, amount) VALUES ('2', '29');
INSERT INTO offers (id, amount) VALUES ('3', 'much');

SELECT * FROM priced EMIT CHANGES LIMIT 3;
