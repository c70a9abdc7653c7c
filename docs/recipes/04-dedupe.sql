-- Dedupe
--
-- One row for each id within an hour, as a stream of results that never takes anything back: `EMIT FINAL` puts a window out when it is over, so
-- the row comes as late as the window is long. Where it has to come at once, keep a table of the first of each id
-- (`EARLIEST_BY_OFFSET` without a window, which remembers all ids for ever). No statement gives the first of each id at once *and*
-- as a stream.
CREATE STREAM payments (id STRING, amount INTEGER, ts TIMESTAMP)
  WITH (KAFKA_TOPIC='payments', VALUE_FORMAT='JSON', PARTITIONS=1, TIMESTAMP='ts');

CREATE TABLE payments_once AS
  SELECT id, EARLIEST_BY_OFFSET(amount) AS amount, COUNT(*) AS copies
  FROM payments WINDOW TUMBLING (SIZE 1 HOUR, GRACE PERIOD 5 MINUTES)
  GROUP BY id
  EMIT FINAL;

CREATE TABLE first_payments AS
  SELECT id, EARLIEST_BY_OFFSET(amount) AS amount, COUNT(*) AS copies FROM payments GROUP BY id;

INSERT INTO payments VALUES ('p1', 100, '2026-03-01T10:00:00');
INSERT INTO payments VALUES ('p2', 250, '2026-03-01T10:00:10');
INSERT INTO payments VALUES ('p1', 100, '2026-03-01T10:00:12');
INSERT INTO payments VALUES ('p3',  75, '2026-03-01T10:30:00');
INSERT INTO payments VALUES ('p3',  75, '2026-03-01T10:31:00');
INSERT INTO payments VALUES ('p1', 100, '2026-03-01T12:30:00');

SELECT id, amount, copies, FORMAT_TIMESTAMP(FROM_UNIXTIME(WINDOWSTART), 'HH:mm') AS hour FROM payments_once ORDER BY WINDOWSTART, id;
SELECT id, amount, copies FROM first_payments ORDER BY id;
