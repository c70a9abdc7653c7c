-- Flatten arrays
--
-- EXPLODE makes a row of each element; several in one statement go side by side.
CREATE STREAM baskets (id INTEGER KEY, lines ARRAY<STRUCT<sku STRING, pieces INTEGER>>)
  WITH (KAFKA_TOPIC='baskets', VALUE_FORMAT='JSON', PARTITIONS=1);

CREATE STREAM basket_lines AS
  SELECT id, EXPLODE(lines)->sku AS sku, EXPLODE(lines)->pieces AS pieces FROM baskets;

INSERT INTO baskets VALUES (1, ARRAY[STRUCT(sku := 'T1', pieces := 2), STRUCT(sku := 'K1', pieces := 1)]);
INSERT INTO baskets VALUES (2, ARRAY[STRUCT(sku := 'T1', pieces := 5)]);

SELECT id, sku, pieces FROM basket_lines EMIT CHANGES;
