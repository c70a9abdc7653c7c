-- Clicks of a news site, as its pages report them: per minute, source and target, and by where on the page the link stood.

-- Queries that only look (SELECT ... EMIT CHANGES) begin with the oldest row, not with the next one.
SET 'auto.offset.reset' = 'earliest';

-- 1. Pings. A page sends one when it is opened, with time-on-page 0, which is a click, and others as long as it stays open; and an exit ping
--    when it is left by a link. Their time is ts, in seconds since 1970.
CREATE STREAM pings (`path` STRING, `http-refer` STRING, `ts` BIGINT, `time-on-page` INT)
  WITH (KAFKA_TOPIC = 'pings', VALUE_FORMAT = 'MSGPACK', PARTITIONS = 4);

CREATE STREAM exits (`path` STRING, `href` STRING, `position` INT, `ts` BIGINT)
  WITH (KAFKA_TOPIC = 'exits', VALUE_FORMAT = 'MSGPACK', PARTITIONS = 4);

CREATE SOURCE CONNECTOR pings_in WITH (
  'connector.class' = 'file',
  'path'        = 'data/pings.msgpack.gz',
  'format'      = 'msgpack',
  'time.field'  = 'ts',
  'time.format' = 'epoch_s',
  'topic'       = 'pings'
);

CREATE SOURCE CONNECTOR exits_in WITH (
  'connector.class' = 'file',
  'path'        = 'data/exits.msgpack.gz',
  'format'      = 'msgpack',
  'time.field'  = 'ts',
  'time.format' = 'epoch_s',
  'topic'       = 'exits'
);

-- 2. Clicks per minute of each source and target, as they come. Minutes can be asked for during thirty days.
CREATE TABLE clicks_per_minute
  WITH (KAFKA_TOPIC = 'clicks_per_minute', VALUE_FORMAT = 'JSON', KEY_FORMAT = 'JSON') AS
  SELECT `http-refer` AS source, `path` AS target, COUNT(*) AS clicks
  FROM pings WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 30 DAYS, GRACE PERIOD 10 SECONDS)
  WHERE `time-on-page` = 0
  GROUP BY `http-refer`, `path`
  EMIT CHANGES;

-- 3. A click does not tell where the link stood, but the exits do from its source to its target in the ten minutes before it. The click is
--    shared out among their positions: one row for each, with the part of the click that falls to it; one with NULL where there was no exit.
--    Kept are ten minutes of exits, and clicks as long as an exit of their time may be late.
CREATE STREAM imputed_clicks
  WITH (KAFKA_TOPIC = 'imputed_clicks', VALUE_FORMAT = 'JSON', KEY_FORMAT = 'JSON', PARTITIONS = 4) AS
  SELECT c.`http-refer` AS source, c.`path` AS target,
    EXPLODE(SHARES(e.`position`))->VALUE AS position,
    EXPLODE(SHARES(e.`position`))->SHARE AS share
  FROM pings c
  LEFT JOIN exits e WITHIN (600 SECONDS, 0 SECONDS) GRACE PERIOD 10 SECONDS
    ON c.`http-refer` = e.`path` AND c.`path` = e.`href`
  WHERE c.`time-on-page` = 0
  GROUP BY c.ROWPARTITION, c.ROWOFFSET
  EMIT FINAL;

-- 4. The same per minute. GROUP BY leaves rows out whose group is NULL, and a STRUCT is none, even if what it holds is.
CREATE TABLE clicks_by_position
  WITH (KAFKA_TOPIC = 'clicks_by_position', VALUE_FORMAT = 'JSON', KEY_FORMAT = 'JSON', PARTITIONS = 4) AS
  SELECT source, target, STRUCT(position := position) AS place, MAX(position) AS position, SUM(share) AS clicks
  FROM imputed_clicks WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 30 DAYS)
  GROUP BY source, target, STRUCT(position := position)
  EMIT FINAL;

-- 5. What readers of the front page clicked, minute by minute: articles with five clicks or more at one place, and what is at none.
SELECT FORMAT_TIMESTAMP(FROM_UNIXTIME(WINDOWSTART), 'HH:mm') AS minute, target, position, ROUND(clicks, 2) AS clicks
  FROM clicks_by_position
  WHERE source = '/' AND (clicks >= 5 OR position IS NULL)
  EMIT CHANGES;
