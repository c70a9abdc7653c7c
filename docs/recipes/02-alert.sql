-- Alert on a threshold in a window
--
-- A row comes into the table at the moment when a minute has its third hot reading. A connector sends it on:
-- `CREATE SINK CONNECTOR pager WITH ('connector.class'='http', 'from'='overheated', 'url'='https://chat.example/hooks/1',
-- 'body'='{"text": "{SENSOR}: {READINGS} readings above 90"}');` calls a webhook, which is called again as the count of the same minute grows. With
-- `EMIT FINAL` it is called once, when the minute is over.
CREATE STREAM readings (sensor STRING KEY, degrees DOUBLE, ts TIMESTAMP)
  WITH (KAFKA_TOPIC='readings', VALUE_FORMAT='JSON', PARTITIONS=1, TIMESTAMP='ts');

CREATE TABLE overheated AS
  SELECT sensor, COUNT(*) AS readings, MAX(degrees) AS highest
  FROM readings WINDOW TUMBLING (SIZE 1 MINUTE)
  WHERE degrees > 90
  GROUP BY sensor
  HAVING COUNT(*) >= 3;

INSERT INTO readings VALUES ('oven', 91.5, '2026-03-01T10:00:05');
INSERT INTO readings VALUES ('hall', 20.5, '2026-03-01T10:00:06');
INSERT INTO readings VALUES ('oven', 93.0, '2026-03-01T10:00:20');
INSERT INTO readings VALUES ('pump', 99.0, '2026-03-01T10:00:21');
INSERT INTO readings VALUES ('oven', 97.5, '2026-03-01T10:00:40');
INSERT INTO readings VALUES ('pump', 99.5, '2026-03-01T10:01:02');

SELECT sensor, FORMAT_TIMESTAMP(FROM_UNIXTIME(WINDOWSTART), 'HH:mm') AS minute, readings, highest FROM overheated;
