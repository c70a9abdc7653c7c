-- What went wrong, from one of these access logs: how large the answers of each status are, and for each path the last 50 errors,
-- of which only that is shown in which they differ.

SET 'auto.offset.reset' = 'earliest';

-- 1. All lines in one partition, so that "the last" goes by the order of the lines.
CREATE STREAM lines (line STRING)
  WITH (KAFKA_TOPIC = 'lines', VALUE_FORMAT = 'KAFKA', PARTITIONS = 1);

CREATE SOURCE CONNECTOR archive WITH (
  'connector.class' = 'file',
  'path'  = '../clicks-per-minute/access.log.gz',
  'topic' = 'lines'
);

CREATE STREAM requests
  WITH (KAFKA_TOPIC = 'requests', VALUE_FORMAT = 'JSON') AS
  SELECT PARSE_ACCESS_LOG(line) AS r
  FROM lines
  WHERE PARSE_ACCESS_LOG(line) IS NOT NULL
  EMIT CHANGES;

-- 2. Answers by status: the median and the 95th percentile of their bytes, and how many have 1, 2, 3 ... digits of bytes.
CREATE TABLE answers
  WITH (KAFKA_TOPIC = 'answers', FORMAT = 'JSON') AS
  SELECT r->status AS status, COUNT(*) AS answers,
    ROUND(PERCENTILE(CAST(r->bytes AS DOUBLE), 0.5)) AS median,
    ROUND(PERCENTILE(CAST(r->bytes AS DOUBLE), 0.95)) AS p95,
    HISTOGRAM(CAST(LEN(CAST(r->bytes AS STRING)) AS STRING)) AS digits
  FROM requests
  GROUP BY r->status
  EMIT CHANGES;

-- 3. The last 50 errors of each path.
CREATE TABLE last_errors
  WITH (KAFKA_TOPIC = 'last_errors', VALUE_FORMAT = 'JSON') AS
  SELECT r->path AS path, COUNT(*) AS errors,
    LATEST_BY_OFFSET(STRUCT(method := r->method, status := CAST(r->status AS STRING), client := r->client, agent := r->agent, referrer := r->referrer), 50) AS last
  FROM requests
  WHERE r->status >= 400
  GROUP BY r->path
  EMIT CHANGES;

-- 4. Of these, the fields that are not the same in all, each with its values.
CREATE TABLE differences
  WITH (KAFKA_TOPIC = 'differences', VALUE_FORMAT = 'JSON') AS
  SELECT path, errors,
    FILTER(MAP(
      'method'   := ARRAY_DISTINCT(TRANSFORM(last, e => e->method)),
      'status'   := ARRAY_DISTINCT(TRANSFORM(last, e => e->status)),
      'client'   := ARRAY_DISTINCT(TRANSFORM(last, e => e->client)),
      'agent'    := ARRAY_DISTINCT(TRANSFORM(last, e => e->agent)),
      'referrer' := ARRAY_DISTINCT(TRANSFORM(last, e => e->referrer))
    ), (field, found) => ARRAY_LENGTH(found) > 1) AS differs
  FROM last_errors
  EMIT CHANGES;

-- 5. Paths with many errors, as they come.
SELECT path, errors, differs FROM differences WHERE errors >= 10 EMIT CHANGES;
