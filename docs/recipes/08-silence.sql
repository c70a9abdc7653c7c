-- Absence of an event for five minutes
--
-- A session that ends after five minutes is a device that fell silent, and `EMIT FINAL` tells of it once. Windows go by the time of
-- the records: while others still send, the end is noticed within seconds of event time; where all may fall silent, put
-- `SET 'weir.idle.close' = '10 SECONDS';` before the statement. A device that never spoke is in no stream: it takes a table of those that there are, the
-- second query.
CREATE STREAM beats (device STRING, ts TIMESTAMP)
  WITH (KAFKA_TOPIC='beats', VALUE_FORMAT='JSON', PARTITIONS=1, TIMESTAMP='ts');
CREATE TABLE devices (device STRING PRIMARY KEY, room STRING)
  WITH (KAFKA_TOPIC='devices', VALUE_FORMAT='JSON', PARTITIONS=1);

CREATE TABLE silent AS
  SELECT device, COUNT(*) AS beats
  FROM beats WINDOW SESSION (5 MINUTES, GRACE PERIOD 0 SECONDS)
  GROUP BY device
  EMIT FINAL;

CREATE TABLE heard AS SELECT device, MAX(ts) AS last_beat FROM beats GROUP BY device;
CREATE TABLE watched AS SELECT d.device AS device, d.room AS room, h.last_beat AS last_beat FROM devices d LEFT JOIN heard h ON d.device = h.device;

INSERT INTO devices VALUES ('pump', 'cellar');
INSERT INTO devices VALUES ('fan', 'attic');
INSERT INTO devices VALUES ('lamp', 'hall');
INSERT INTO beats VALUES ('pump', '2026-03-01T10:00:00');
INSERT INTO beats VALUES ('fan', '2026-03-01T10:00:30');
INSERT INTO beats VALUES ('pump', '2026-03-01T10:01:00');
INSERT INTO beats VALUES ('fan', '2026-03-01T10:04:30');
INSERT INTO beats VALUES ('fan', '2026-03-01T10:06:30');

SELECT device, FORMAT_TIMESTAMP(FROM_UNIXTIME(WINDOWEND), 'HH:mm:ss') AS last_beat, beats FROM silent WHERE WINDOWEND < '2026-03-01T10:06:00';
SELECT device, room FROM watched WHERE last_beat IS NULL;
