-- Sessions
--
-- Rows of one key with no pause longer than 30 minutes between them are one session.
CREATE STREAM visits (visitor STRING, page STRING, ts TIMESTAMP)
  WITH (KAFKA_TOPIC='visits', VALUE_FORMAT='JSON', PARTITIONS=1, TIMESTAMP='ts');

CREATE TABLE sessions AS
  SELECT visitor, COUNT(*) AS pages, EARLIEST_BY_OFFSET(page) AS entry, LATEST_BY_OFFSET(page) AS last_page
  FROM visits WINDOW SESSION (30 MINUTES)
  GROUP BY visitor;

INSERT INTO visits VALUES ('ada', '/home', '2026-03-01T10:00:00');
INSERT INTO visits VALUES ('bob', '/tea', '2026-03-01T10:01:00');
INSERT INTO visits VALUES ('ada', '/tea', '2026-03-01T10:12:00');
INSERT INTO visits VALUES ('ada', '/cart', '2026-03-01T10:30:00');
INSERT INTO visits VALUES ('ada', '/home', '2026-03-01T14:00:00');

SELECT visitor, FORMAT_TIMESTAMP(FROM_UNIXTIME(WINDOWSTART), 'HH:mm') AS began, (WINDOWEND - WINDOWSTART) / 60000 AS mins, pages, entry, last_page
  FROM sessions ORDER BY visitor, WINDOWSTART;
