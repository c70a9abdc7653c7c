-- What is viewed most right now, for the page in www. Lines come over TCP, and count when they come: by the clock on the wall, as Spark's batches do.

-- 1. The lines: visitor TAB url, and what else there may be. Those of the file come again, twenty a second, until it is used up.
CREATE STREAM lines (line STRING)
  WITH (KAFKA_TOPIC = 'lines', VALUE_FORMAT = 'KAFKA', PARTITIONS = 3);

CREATE SOURCE CONNECTOR wire WITH (
  'connector.class' = 'tcp',
  'listen'    = '127.0.0.1:9999',
  'key.regex' = '^([^\t]+)\t',
  'topic'     = 'lines'
);

CREATE SOURCE CONNECTOR again WITH (
  'connector.class' = 'file',
  'path'      = 'clicks.tsv.gz',
  'key.regex' = '^([^\t]+)\t',
  'speed'     = '20',
  'topic'     = 'lines'
);

-- 2. Views.
CREATE STREAM clicks
  WITH (KAFKA_TOPIC = 'clicks', VALUE_FORMAT = 'JSON', PARTITIONS = 3) AS
  SELECT SPLIT(line, CHR(9))[1] AS visitor, SPLIT(line, CHR(9))[2] AS url
  FROM lines
  WHERE ARRAY_LENGTH(SPLIT(line, CHR(9))) > 1
  PARTITION BY SPLIT(line, CHR(9))[1]
  EMIT CHANGES;

-- 3. Views per batch of five seconds. Where nothing comes, the last one is closed after ten seconds more.
SET 'weir.idle.close' = '10 seconds';

CREATE TABLE views_per_batch
  WITH (KAFKA_TOPIC = 'views_per_batch', VALUE_FORMAT = 'JSON', PARTITIONS = 1) AS
  SELECT 'all' AS site, COUNT(*) AS views, COUNT_DISTINCT(visitor) AS visitors
  FROM clicks WINDOW TUMBLING (SIZE 5 SECONDS, GRACE PERIOD 1 SECOND)
  GROUP BY 'all'
  EMIT FINAL;

UNSET 'weir.idle.close';

-- 4. The ten most viewed URLs of the last thirty seconds, every five: a list that moves with each view.
CREATE TABLE top_urls
  WITH (KAFKA_TOPIC = 'top_urls', VALUE_FORMAT = 'JSON', PARTITIONS = 1) AS
  SELECT url, COUNT(*) AS views
  FROM clicks WINDOW HOPPING (SIZE 30 SECONDS, ADVANCE BY 5 SECONDS, RETENTION 10 MINUTES, GRACE PERIOD 10 SECONDS)
  GROUP BY url
  ORDER BY views DESC LIMIT 10;
