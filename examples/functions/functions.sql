-- Functions written in Rust: rust/titles.rs, built into titles.wasm.
CREATE FUNCTION slug (title STRING) RETURNS STRING LANGUAGE WASM AS 'titles.wasm';
CREATE FUNCTION distance (a STRING, b STRING) RETURNS INT LANGUAGE WASM AS 'titles.wasm';

CREATE STREAM offers (id STRING KEY, title STRING) WITH (KAFKA_TOPIC='offers', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM named AS
  SELECT id, slug(title) AS slug, distance(title, 'The Go Programming Language') AS far
  FROM offers;

INSERT INTO offers (id, title) VALUES ('1', 'The Go Programming Language');
INSERT INTO offers (id, title) VALUES ('2', 'Über die Programmierung: Go');
INSERT INTO offers (id, title) VALUES ('3', '???');

SELECT * FROM named EMIT CHANGES LIMIT 3;
