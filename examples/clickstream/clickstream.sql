-- What the visitors of a site look at: views per batch, what is most viewed, and the session that each visitor is in.

-- Queries that only look (SELECT ... EMIT CHANGES) begin with the oldest row, not with the next one.
SET 'auto.offset.reset' = 'earliest';

-- 1. The lines as they come: visitor TAB url TAB time of the view. All lines of a visitor are in one partition.
CREATE STREAM lines (visitor STRING, url STRING, ms BIGINT)
  WITH (KAFKA_TOPIC = 'lines', VALUE_FORMAT = 'DELIMITED', VALUE_DELIMITER = 'TAB', PARTITIONS = 3);

-- What was known of visitors before.
CREATE TABLE history (id STRING PRIMARY KEY, visitor STRING, sessions BIGINT, views BIGINT, last_seen BIGINT)
  WITH (KAFKA_TOPIC = 'history', VALUE_FORMAT = 'DELIMITED', TIMESTAMP = 'LAST_SEEN', PARTITIONS = 3);

CREATE SOURCE CONNECTOR past WITH (
  'connector.class' = 'file',
  'path'       = 'history.csv.gz',
  'format'     = 'csv',
  'csv.header' = 'true',
  'key'        = 'visitor',
  'topic'      = 'history'
);

CREATE SOURCE CONNECTOR site WITH (
  'connector.class' = 'file',
  'path'      = 'clicks.tsv.gz',
  'key.regex' = '^([^\t]+)\t',
  'topic'     = 'lines'
);

-- 2. Views: by the time at which a page was looked at, not when its line came, so that a replay gives what came live.
CREATE STREAM clicks
  WITH (KAFKA_TOPIC = 'clicks', VALUE_FORMAT = 'JSON', TIMESTAMP = 'MS', PARTITIONS = 3) AS
  SELECT visitor, url, ms FROM lines
  WHERE visitor IS NOT NULL AND ms IS NOT NULL
  PARTITION BY visitor;

-- 3. Views per batch of five seconds. Lines are on their way for up to some seconds; what takes longer than the grace period is in late_clicks.
CREATE TABLE views_per_batch
  WITH (KAFKA_TOPIC = 'views_per_batch', VALUE_FORMAT = 'JSON', PARTITIONS = 1, LATE_STREAM = 'late_clicks') AS
  SELECT 'all' AS site, COUNT(*) AS views, COUNT_DISTINCT(visitor) AS visitors
  FROM clicks WINDOW TUMBLING (SIZE 5 SECONDS, GRACE PERIOD 10 SECONDS)
  GROUP BY 'all'
  EMIT FINAL;

-- 4. Views of each URL within the last thirty seconds, every five seconds.
CREATE TABLE views_per_url
  WITH (KAFKA_TOPIC = 'views_per_url', VALUE_FORMAT = 'JSON', PARTITIONS = 3) AS
  SELECT url, COUNT(*) AS views
  FROM clicks WINDOW HOPPING (SIZE 30 SECONDS, ADVANCE BY 5 SECONDS, GRACE PERIOD 10 SECONDS)
  GROUP BY url
  EMIT FINAL;

-- 5. The five most viewed of each of these slides, once, as one message: each URL goes into the list behind those that are viewed as much, and the sixth
--    falls out. HISTOGRAM counts up to 1,000 different URLs of a window.
CREATE TABLE top_per_slide
  WITH (KAFKA_TOPIC = 'top_per_slide', VALUE_FORMAT = 'JSON', PARTITIONS = 1) AS
  SELECT 'all' AS site, FORMAT_TIMESTAMP(FROM_UNIXTIME(WINDOWEND), 'HH:mm:ss') AS slide,
    REDUCE(ENTRIES(HISTOGRAM(url), TRUE), FILTER(ARRAY[STRUCT(url := '', views := CAST(0 AS BIGINT))], l => FALSE),
      (best, e) => SLICE(
        ARRAY_CONCAT(ARRAY_CONCAT(
          FILTER(best, l => l->views >= e->v), ARRAY[STRUCT(url := e->k, views := e->v)]), FILTER(best, l => l->views < e->v)),
        1, LEAST(ARRAY_LENGTH(best) + 1, 5))) AS top
  FROM clicks WINDOW HOPPING (SIZE 30 SECONDS, ADVANCE BY 5 SECONDS, GRACE PERIOD 10 SECONDS)
  GROUP BY 'all'
  EMIT FINAL;

-- 6. The same live: a list that moves with each view, and that a URL leaves when others are viewed more.
CREATE TABLE top_urls
  WITH (KAFKA_TOPIC = 'top_urls', VALUE_FORMAT = 'JSON', PARTITIONS = 1) AS
  SELECT url, COUNT(*) AS views
  FROM clicks WINDOW HOPPING (SIZE 30 SECONDS, ADVANCE BY 5 SECONDS)
  GROUP BY url
  ORDER BY views DESC LIMIT 10;

-- 7. Sessions: views of a visitor without a pause of more than five minutes.
CREATE TABLE sessions
  WITH (KAFKA_TOPIC = 'sessions', VALUE_FORMAT = 'JSON', PARTITIONS = 3) AS
  SELECT visitor, COUNT(*) AS views
  FROM clicks WINDOW SESSION (5 MINUTES)
  GROUP BY visitor;

-- 8. The session that each visitor is in, by a function of what was known of the visitor and the new view. A view that comes late goes into the session
--    that it finds.
CREATE TABLE visits
  WITH (KAFKA_TOPIC = 'visits', VALUE_FORMAT = 'JSON', PARTITIONS = 3) AS
  SELECT visitor,
    FOLD(STRUCT(url := url, ms := ms),
      STRUCT(sessions := 0, began := CAST(NULL AS BIGINT), last := CAST(NULL AS BIGINT), views := 0, path := CAST(NULL AS ARRAY<STRING>)),
      (s, x) => CASE
        WHEN s->last IS NULL OR x->ms - s->last > 300000
          THEN STRUCT(sessions := s->sessions + 1, began := x->ms, last := x->ms, views := 1, path := ARRAY[x->url])
        ELSE STRUCT(sessions := s->sessions, began := LEAST(s->began, x->ms), last := GREATEST(s->last, x->ms), views := s->views + 1,
          path := SLICE(ARRAY_CONCAT(ARRAY[x->url], s->path), 1, LEAST(ARRAY_LENGTH(s->path) + 1, 3)))
      END) AS session
  FROM clicks
  GROUP BY visitor;

-- 9. With what was known before: how many sessions and views a visitor has had in all, and for how long the visitor had been away.
CREATE TABLE visits_with_history
  WITH (KAFKA_TOPIC = 'visits_with_history', VALUE_FORMAT = 'JSON', PARTITIONS = 3) AS
  SELECT v.visitor AS visitor, v.session->views AS views, ARRAY_JOIN(v.session->path, ' < ') AS path,
    v.session->sessions + COALESCE(h.sessions, CAST(0 AS BIGINT)) AS sessions_ever,
    (v.session->began - h.last_seen) / 3600000 AS hours_away
  FROM visits v LEFT JOIN history h ON v.visitor = h.id;

-- 10. Out to text files: a line for each list, and one for each change of a visit.
CREATE SINK CONNECTOR lists WITH (
  'connector.class' = 'file',
  'from'   = 'top_per_slide',
  'path'   = 'out/top.json',
  'exists' = 'replace'
);

CREATE SINK CONNECTOR seen WITH (
  'connector.class' = 'file',
  'from'   = 'visits_with_history',
  'path'   = 'out/visits.csv',
  'format' = 'csv',
  'exists' = 'replace'
);

-- 11. The lists, as they come.
SELECT slide, top FROM top_per_slide EMIT CHANGES;
