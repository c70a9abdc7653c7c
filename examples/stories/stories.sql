-- What is read on three news sites, who wrote it and who passes it on: from pings of their pages, and what is known of their articles.

-- Queries that only look (SELECT ... EMIT CHANGES) begin with the oldest row, not with the next one.
SET 'auto.offset.reset' = 'earliest';

-- 1. The pings as they come: a view of an article and the page that led there, the seconds read since, or that it was shared and under which link. All pings of a
--    visitor are in one partition. Everything below goes by when a thing happened, not by when its ping came.
CREATE STREAM pings (ms BIGINT, visitor STRING, kind STRING, url STRING, ref STRING, spent INT)
  WITH (KAFKA_TOPIC = 'pings', VALUE_FORMAT = 'DELIMITED', VALUE_DELIMITER = 'TAB', TIMESTAMP = 'MS', PARTITIONS = 3);

-- The articles. Editors plan them for some time before anybody can read them.
CREATE TABLE articles (id STRING PRIMARY KEY, url STRING, site STRING, author STRING, title STRING, planned BIGINT, published BIGINT)
  WITH (KAFKA_TOPIC = 'articles', VALUE_FORMAT = 'DELIMITED', TIMESTAMP = 'PLANNED', PARTITIONS = 3);

CREATE SOURCE CONNECTOR editors WITH (
  'connector.class' = 'file',
  'path'       = 'articles.csv.gz',
  'format'     = 'csv',
  'csv.header' = 'true',
  'key'        = 'url',
  'topic'      = 'articles'
);

CREATE SOURCE CONNECTOR pages WITH (
  'connector.class' = 'file',
  'path'      = 'events.tsv.gz',
  'key.regex' = '^[^\t]+\t([^\t]+)\t',
  'topic'     = 'pings'
);

-- 2. Each ping with what is known of its article, and the network that a view came from.
CREATE STREAM readings
  WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON', PARTITIONS = 3) AS
  SELECT p.url AS url, a.site AS site, a.author AS author, p.visitor AS visitor, p.kind AS kind, p.ref AS ref, URL_EXTRACT_HOST(p.ref) AS network, p.spent AS spent
  FROM pings p JOIN articles a ON p.url = a.id;

-- 3. The most popular stories of the last four hours, every half hour: a list for each, once, five minutes after the half hour, for pings that were long on their way.
--    How a story ranks is its place in the list.
CREATE TABLE top_stories
  WITH (KAFKA_TOPIC = 'top_stories', VALUE_FORMAT = 'JSON', PARTITIONS = 1) AS
  SELECT url, COUNT(*) AS views, COUNT_DISTINCT(visitor) AS visitors
  FROM readings WINDOW HOPPING (SIZE 4 HOURS, ADVANCE BY 30 MINUTES, GRACE PERIOD 5 MINUTES)
  WHERE kind = 'view'
  GROUP BY url
  ORDER BY views DESC LIMIT 5
  EMIT FINAL;

-- 4. The authors who drive the most traffic from one network, day by day: a list that moves with each view.
CREATE TABLE authors_on_chirp
  WITH (KAFKA_TOPIC = 'authors_on_chirp', VALUE_FORMAT = 'JSON', PARTITIONS = 1) AS
  SELECT author, COUNT(*) AS views
  FROM readings WINDOW TUMBLING (SIZE 1 DAY)
  WHERE kind = 'view' AND network = 'chirp.example'
  GROUP BY author
  ORDER BY views DESC LIMIT 5;

-- 5. Clicks on each link that was shared.
CREATE TABLE clicks_per_link
  WITH (KAFKA_TOPIC = 'clicks_per_link', VALUE_FORMAT = 'JSON', PARTITIONS = 3) AS
  SELECT ref AS link, COUNT(*) AS clicks, LATEST_BY_OFFSET(url) AS url
  FROM readings
  WHERE kind = 'view' AND network IN ('chirp.example', 'faces.example')
  GROUP BY ref;

-- 6. Each article: views, visitors, time spent, how often it was shared.
CREATE TABLE stories
  WITH (KAFKA_TOPIC = 'stories', VALUE_FORMAT = 'JSON', PARTITIONS = 3) AS
  SELECT url, LATEST_BY_OFFSET(site) AS site,
    SUM(CASE WHEN kind = 'view' THEN 1 ELSE 0 END) AS views,
    COUNT_DISTINCT(visitor) AS visitors,
    SUM(spent) AS spent,
    SUM(CASE WHEN kind = 'share' THEN 1 ELSE 0 END) AS shares
  FROM readings
  GROUP BY url;

-- 7. Each site: what an article of it has on average, and whether what is read long is what is shared. A table of a table: what an article had before is taken back.
CREATE TABLE sites
  WITH (KAFKA_TOPIC = 'sites', VALUE_FORMAT = 'JSON', PARTITIONS = 1) AS
  SELECT site, COUNT(*) AS stories, AVG(CAST(views AS DOUBLE)) AS views,
    CORRELATION(CAST(shares AS DOUBLE), CAST(spent AS DOUBLE)) AS sharing_with_reading
  FROM stories
  GROUP BY site;

-- 8. Each article against the average of its site.
CREATE TABLE against_site
  WITH (KAFKA_TOPIC = 'against_site', VALUE_FORMAT = 'JSON', PARTITIONS = 3) AS
  SELECT s.url AS url, s.site AS site, s.views AS views, CAST(s.views AS DOUBLE) / a.views AS times_average
  FROM stories s JOIN sites a ON s.site = a.site;

-- 9. Time series of each site in three grains, and how long each can be asked for: minutes for a day, hours for a month, days for a year and more.
CREATE TABLE per_minute
  WITH (KAFKA_TOPIC = 'per_minute', VALUE_FORMAT = 'JSON', PARTITIONS = 3) AS
  SELECT site, COUNT(*) AS views, COUNT_DISTINCT(visitor) AS visitors
  FROM readings WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 1 DAY, GRACE PERIOD 5 MINUTES)
  WHERE kind = 'view'
  GROUP BY site;

CREATE TABLE per_hour
  WITH (KAFKA_TOPIC = 'per_hour', VALUE_FORMAT = 'JSON', PARTITIONS = 3) AS
  SELECT site, COUNT(*) AS views, COUNT_DISTINCT(visitor) AS visitors
  FROM readings WINDOW TUMBLING (SIZE 1 HOUR, RETENTION 31 DAYS, GRACE PERIOD 5 MINUTES)
  WHERE kind = 'view'
  GROUP BY site;

CREATE TABLE per_day
  WITH (KAFKA_TOPIC = 'per_day', VALUE_FORMAT = 'JSON', PARTITIONS = 3) AS
  SELECT site, COUNT(*) AS views, COUNT_DISTINCT(visitor) AS visitors
  FROM readings WINDOW TUMBLING (SIZE 1 DAY, RETENTION 400 DAYS, GRACE PERIOD 5 MINUTES)
  WHERE kind = 'view'
  GROUP BY site;

-- 10. The lists, as they come.
SELECT FORMAT_TIMESTAMP(FROM_UNIXTIME(WINDOWEND), 'dd HH:mm') AS until, views, visitors, url FROM top_stories EMIT CHANGES;
