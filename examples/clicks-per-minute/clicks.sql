-- What is read on a website, minute by minute and most of all, out of the web server's log.

-- Queries that only look (SELECT ... EMIT CHANGES) begin with the oldest row, not with the next one.
SET 'auto.offset.reset' = 'earliest';

-- 1. The lines of the log, as they are: a topic, and a connector that loads the file into it, 600 lines a second, so that
--    there is something to see. Without a speed it takes a second.
CREATE STREAM log_lines (line STRING)
  WITH (KAFKA_TOPIC = 'access_log', VALUE_FORMAT = 'KAFKA', PARTITIONS = 1);

CREATE SOURCE CONNECTOR access_log WITH (
  'connector.class' = 'file',
  'path'   = 'access.log.gz',
  'format' = 'lines',
  'speed'  = '600',
  'topic'  = 'access_log'
);

-- 2. Clicks, parsed out of the lines: the groups of this pattern are client, time, method, path, status, bytes,
--    referrer and agent. A line that does not match has no time: it goes to KSQL_PROCESSING_LOG and nowhere else.
DEFINE line = '^(\S+) \S+ \S+ \[([^\]]+)\] "(\S+) (\S+)[^"]*" (\d+) (\S+) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$';

CREATE STREAM clicks
  WITH (KAFKA_TOPIC = 'clicks', VALUE_FORMAT = 'JSON', PARTITIONS = 4, TIMESTAMP = 'TIME') AS
  SELECT
    REGEXP_EXTRACT('${line}', line, 1) AS client,
    PARSE_TIMESTAMP(REGEXP_EXTRACT('${line}', line, 2), 'dd/MMM/yyyy:HH:mm:ss Z') AS time,
    REGEXP_EXTRACT('${line}', line, 3) AS method,
    REGEXP_EXTRACT('${line}', line, 4) AS path,
    CAST(REGEXP_EXTRACT('${line}', line, 5) AS INTEGER) AS status,
    CAST(NULLIF(REGEXP_EXTRACT('${line}', line, 6), '-') AS BIGINT) AS bytes,
    NULLIF(REGEXP_EXTRACT('${line}', line, 7), '-') AS referrer,
    REGEXP_EXTRACT('${line}', line, 8) AS agent
  FROM log_lines
  PARTITION BY REGEXP_EXTRACT('${line}', line, 1)
  EMIT CHANGES;

-- 3. Page views: what was served well, and is no image, style, script, font, feed or download.
CREATE STREAM views AS
  SELECT client, REGEXP_EXTRACT('^[^?#]*', path) AS article, time
  FROM clicks
  WHERE method = 'GET' AND status = 200
    AND REGEXP_EXTRACT('\.(html|xhtml|php)$|/[^/.]*$', REGEXP_EXTRACT('^[^?#]*', path)) IS NOT NULL
    AND path NOT LIKE '%flav=%' AND path NOT LIKE '%/feed%'
  EMIT CHANGES;

-- 4. How many of each article in each minute, and in all of the month.
CREATE TABLE clicks_per_minute
  WITH (KAFKA_TOPIC = 'clicks_per_minute', VALUE_FORMAT = 'JSON', PARTITIONS = 4) AS
  SELECT article, COUNT(*) AS clicks
  FROM views
  WINDOW TUMBLING (SIZE 1 MINUTE)
  GROUP BY article
  EMIT CHANGES;

CREATE TABLE articles AS
  SELECT article, COUNT(*) AS clicks
  FROM views
  WINDOW TUMBLING (SIZE 30 DAYS)
  GROUP BY article
  EMIT CHANGES;

-- 5. The busy minutes, as they come: articles that are read five times or more within one.
SELECT article, FORMAT_TIMESTAMP(FROM_UNIXTIME(WINDOWSTART), 'yyyy-MM-dd HH:mm') AS minute, clicks
  FROM clicks_per_minute
  WHERE clicks >= 5
  EMIT CHANGES;

-- 6. And at the end of the log, what was read most.
SELECT article, clicks, RPAD('█', CAST(clicks / 8 AS INTEGER), '█') AS bar
  FROM articles
  ORDER BY clicks DESC
  LIMIT 12;
