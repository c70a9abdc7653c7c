-- JSON logs with nested arrays
--
-- The columns are the fields that are wanted: others may be there, and those that are missing are NULL. TIMESTAMP names the
-- field that is the event's time. (The first stream writes records as a program would; yours are there already.)
CREATE STREAM written (line STRING) WITH (KAFKA_TOPIC='logs', VALUE_FORMAT='KAFKA', PARTITIONS=1);
INSERT INTO written VALUES ('{"@timestamp":"2026-03-01T10:00:00Z","service":{"name":"shop","tags":["eu","blue"]},"calls":[{"to":"db","ms":12},{"to":"mail","ms":340}]}');
INSERT INTO written VALUES ('{"@timestamp":"2026-03-01T10:00:01Z","service":{"name":"shop","tags":[]},"calls":[{"to":"db","ms":9}],"level":"warn"}');
INSERT INTO written VALUES ('{"@timestamp":"2026-03-01T10:00:02Z","service":{"name":"bill"},"calls":[]}');

CREATE STREAM logs (
    `@timestamp` TIMESTAMP,
    service STRUCT<name STRING, tags ARRAY<STRING>>,
    calls ARRAY<STRUCT<`to` STRING, ms INTEGER>>,
    level STRING)
  WITH (KAFKA_TOPIC='logs', VALUE_FORMAT='JSON', TIMESTAMP='@timestamp');

SELECT service->name AS service, service->tags[1] AS first_tag, ARRAY_LENGTH(calls) AS calls,
    REDUCE(calls, 0, (sum, call) => sum + call->ms) AS ms, COALESCE(level, 'info') AS level
  FROM logs EMIT CHANGES;
