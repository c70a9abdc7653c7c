-- The cheapest flight of every batch of offers. A batch is one gzipped CSV file, of 3 to 20,000 offers.

-- Queries that only look (SELECT ... EMIT CHANGES) begin with the oldest row, not with the next one.
SET 'auto.offset.reset' = 'earliest';

-- 1. The offers as they are in the files. The connector puts two headers on every record that this needs: the file it is
--    from, and how many offers that file has.
CREATE STREAM offer_lines (
    id INTEGER, airline STRING, flight STRING, source_city STRING, departure_time STRING, stops STRING,
    arrival_time STRING, destination_city STRING, class STRING, duration DOUBLE, days_left INTEGER, price INTEGER,
    batch BYTES HEADER('weir.file'),
    lines BYTES HEADER('weir.lines'))
  WITH (KAFKA_TOPIC = 'offer_lines', VALUE_FORMAT = 'DELIMITED', PARTITIONS = 4);

CREATE SOURCE CONNECTOR offer_files WITH (
  'connector.class' = 'file',
  'path'       = 'data/*.csv.gz',
  'format'     = 'csv',
  'csv.header' = 'true',
  'topic'      = 'offer_lines'
);

-- 2. The same as Avro, with the batch as text and as the key: a batch stays in one partition, in its order, so that the
--    first of several cheapest offers is the first in the file. The schema of this topic, and of each one below, is in
--    the schema registry.
CREATE STREAM offers
  WITH (KAFKA_TOPIC = 'offers', VALUE_FORMAT = 'AVRO', PARTITIONS = 4) AS
  SELECT
    FROM_BYTES(batch, 'utf8') AS batch,
    CAST(FROM_BYTES(lines, 'utf8') AS INTEGER) AS lines,
    id, airline, flight, source_city, destination_city, class, duration, days_left, price
  FROM offer_lines
  PARTITION BY FROM_BYTES(batch, 'utf8')
  EMIT CHANGES;

-- 3. The lowest price of each batch so far: it falls while the batch is read.
CREATE TABLE cheapest
  WITH (KAFKA_TOPIC = 'cheapest', VALUE_FORMAT = 'AVRO', PARTITIONS = 4) AS
  SELECT batch, MIN(price) AS price
  FROM offers
  GROUP BY batch
  EMIT CHANGES;

-- 4. The offer that has this price: the first one, where several have it.
CREATE TABLE cheapest_offer
  WITH (KAFKA_TOPIC = 'cheapest_offer', VALUE_FORMAT = 'AVRO', PARTITIONS = 4) AS
  SELECT batch, MIN_BY(id, price) AS id, MIN_BY(airline, price) AS airline, MIN(price) AS price
  FROM offers
  GROUP BY batch
  EMIT CHANGES;

-- 5. The same for every route of each batch. A key of three columns needs a format that has a place for each.
CREATE TABLE cheapest_on_route
  WITH (KAFKA_TOPIC = 'cheapest_on_route', KEY_FORMAT = 'JSON', VALUE_FORMAT = 'AVRO', PARTITIONS = 4) AS
  SELECT batch, source_city, destination_city,
    MIN_BY(id, price) AS id, MIN_BY(airline, price) AS airline, MIN(price) AS price
  FROM offers
  GROUP BY batch, source_city, destination_city
  EMIT CHANGES;

-- 6. One answer per batch, once its last offer is in: there are as many as the file has.
CREATE TABLE batch_result
  WITH (KAFKA_TOPIC = 'batch_result', VALUE_FORMAT = 'AVRO', PARTITIONS = 4) AS
  SELECT batch, COUNT(*) AS offers, MIN_BY(id, price) AS id, MIN_BY(airline, price) AS airline, MIN(price) AS price
  FROM offers
  GROUP BY batch
  HAVING COUNT(*) = LATEST_BY_OFFSET(lines)
  EMIT CHANGES;

-- 7. The answers, as they come.
SELECT batch, offers, id, airline, price FROM batch_result EMIT CHANGES;
