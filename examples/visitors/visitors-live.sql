-- Visits per country for the page in www: bars that move as visits come.

-- 1. The lines of the logs, as they are. Further ones come by HTTP: POST /topics/raw_page_views takes a line.
CREATE STREAM raw_page_views (line STRING)
  WITH (KAFKA_TOPIC = 'raw_page_views', VALUE_FORMAT = 'KAFKA', PARTITIONS = 3);

CREATE SOURCE CONNECTOR servers WITH (
  'connector.class' = 'file',
  'path'  = 'logs/*',
  'topic' = 'raw_page_views'
);

CREATE SOURCE CONNECTOR archive WITH (
  'connector.class' = 'file',
  'path'  = '../clicks-per-minute/access.log.gz',
  'topic' = 'raw_page_views'
);

-- 2. Requests: what is no line of an access log is left out.
CREATE STREAM requests
  WITH (KAFKA_TOPIC = 'requests', VALUE_FORMAT = 'JSON') AS
  SELECT PARSE_ACCESS_LOG(line) AS r
  FROM raw_page_views
  WHERE PARSE_ACCESS_LOG(line) IS NOT NULL
  EMIT CHANGES;

-- 3. Page views: what people read, by the country that they are in, so that one country is in one partition.
CREATE STREAM page_views
  WITH (KAFKA_TOPIC = 'page_views', VALUE_FORMAT = 'JSON', PARTITIONS = 9, TIMESTAMP = 'TIME') AS
  SELECT
    COALESCE(GEOIP(r->client)->country, '??') AS country,
    r->time AS time,
    r->client AS ip,
    COALESCE(GEOIP(r->client)->name, 'unknown') AS name,
    USER_AGENT(r->agent)->browser AS browser,
    r->path AS url
  FROM requests
  WHERE r->method = 'GET' AND r->status = 200 AND NOT COALESCE(IS_BOT(r->agent), FALSE)
    AND REGEXP_EXTRACT('\.(html|xhtml|php)$|/[^/.]*$', REGEXP_EXTRACT('^[^?#]*', r->path)) IS NOT NULL
  PARTITION BY COALESCE(GEOIP(r->client)->country, '??')
  EMIT CHANGES;

-- 4. Visits per country, twice a second.
SET 'commit.interval.ms' = '500';

CREATE TABLE visits_per_country
  WITH (KAFKA_TOPIC = 'visits_per_country', VALUE_FORMAT = 'JSON', PARTITIONS = 3) AS
  SELECT country, LATEST_BY_OFFSET(name) AS name, COUNT(*) AS visits
  FROM page_views
  GROUP BY country
  EMIT CHANGES;
