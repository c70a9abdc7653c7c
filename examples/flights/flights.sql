-- The cheapest quote of every bundle of flights. A bundle is gzipped CSV, of 3 to 20,000 quotes, and comes as one record.

-- Queries that only look (SELECT ... EMIT CHANGES) begin with the oldest row, not with the next one.
SET 'auto.offset.reset' = 'earliest';

-- 1. The bundles as they come: here from files, each as one record; on a server, by POST /topics/bundles.
CREATE STREAM bundles (payload BYTES, file BYTES HEADER('weir.file'))
  WITH (KAFKA_TOPIC = 'bundles', VALUE_FORMAT = 'KAFKA', PARTITIONS = 1);

CREATE SOURCE CONNECTOR bundle_files WITH (
  'connector.class' = 'file',
  'path'   = 'data/*.csv.gz',
  'format' = 'bytes',
  'topic'  = 'bundles'
);

-- 2. Unpacked, with a UUID for the batch, its time, and how many quotes it has. Whoever reads this topic reads the same UUID, however often.
CREATE STREAM batches
  WITH (KAFKA_TOPIC = 'compress.payload', VALUE_FORMAT = 'JSON', PARTITIONS = 1) AS
  SELECT
    REPLACE(UUID(), '-', '') AS batchuuid,
    FROM_BYTES(file, 'utf8') AS file,
    FORMAT_TIMESTAMP(FROM_UNIXTIME(ROWTIME), 'yyyy-MM-dd''T''HH:mm:ss') AS batchtime,
    TRIM(FROM_BYTES(GUNZIP(payload), 'utf8')) AS payload,
    ARRAY_LENGTH(SPLIT(TRIM(FROM_BYTES(GUNZIP(payload), 'utf8')), CHR(10))) AS quotes
  FROM bundles
  EMIT CHANGES;

-- 3. The bundle packed again, as raw bytes.
CREATE STREAM batches_compressed
  WITH (KAFKA_TOPIC = 'batch.compressed', VALUE_FORMAT = 'KAFKA', PARTITIONS = 1) AS
  SELECT GZIP(payload) AS payload
  FROM batches
  EMIT CHANGES;

-- 4. A row for each quote, and its fields.
CREATE STREAM quotes
  WITH (KAFKA_TOPIC = 'quotes', VALUE_FORMAT = 'JSON', PARTITIONS = 1) AS
  SELECT batchuuid, file, batchtime, quotes, EXPLODE(SPLIT(payload, CHR(10))) AS line
  FROM batches
  EMIT CHANGES;

CREATE STREAM fields
  WITH (KAFKA_TOPIC = 'fields', VALUE_FORMAT = 'JSON', PARTITIONS = 1) AS
  SELECT batchuuid, file, batchtime, quotes, CSV_PARSE(line) AS f
  FROM quotes
  EMIT CHANGES;

-- 5. The quotes as Avro, each with a UUID of its own.
CREATE STREAM cflight
  WITH (KAFKA_TOPIC = 'cflight.incoming', VALUE_FORMAT = 'AVRO', PARTITIONS = 1) AS
  SELECT
    f[1] AS depiata, f[2] AS arriata, f[3] AS searchdate, CAST(f[4] AS DOUBLE) AS gbpprice, f[5] AS paxclass,
    REPLACE(UUID(), '-', '') AS uuid, batchuuid, batchtime AS `TIMESTAMP`, quotes, file
  FROM fields
  EMIT CHANGES;

-- 6. The cheapest quote of each batch so far, with the row that has it: the first one, where several do.
CREATE TABLE cheapest_so_far
  WITH (KAFKA_TOPIC = 'cheapest_so_far', VALUE_FORMAT = 'AVRO', PARTITIONS = 1) AS
  SELECT batchuuid, MIN_BY(uuid, gbpprice) AS uuid, MIN(gbpprice) AS cheapest_quote
  FROM cflight
  GROUP BY batchuuid
  EMIT CHANGES;

-- 7. The same once for each batch, when its last quote is in.
CREATE TABLE cheapest_flight
  WITH (KAFKA_TOPIC = 'CHEAPEST_FLIGHT', VALUE_FORMAT = 'AVRO', PARTITIONS = 1) AS
  SELECT batchuuid, LATEST_BY_OFFSET(file) AS file, COUNT(*) AS quotes, MIN_BY(uuid, gbpprice) AS uuid,
    MIN_BY(depiata, gbpprice) AS depiata, MIN_BY(arriata, gbpprice) AS arriata, MIN_BY(searchdate, gbpprice) AS searchdate,
    MIN(gbpprice) AS cheapest_quote
  FROM cflight
  GROUP BY batchuuid
  HAVING COUNT(*) = LATEST_BY_OFFSET(quotes)
  EMIT CHANGES;

-- 8. The answers, as they come. The UUIDs are others in each run, and are left out.
SELECT file, quotes, depiata, arriata, searchdate, cheapest_quote FROM cheapest_flight EMIT CHANGES;
