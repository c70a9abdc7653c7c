-- Route by type
--
-- A statement for each type, each with a topic of its own. No statement splits a stream, and no topic's name comes from a column. The
-- last one takes what nobody else does, so that nothing is lost.
CREATE STREAM events (type STRING, payload STRING) WITH (KAFKA_TOPIC='events', VALUE_FORMAT='JSON', PARTITIONS=1);

CREATE STREAM orders WITH (KAFKA_TOPIC='events.order') AS SELECT * FROM events WHERE type = 'order';
CREATE STREAM refunds WITH (KAFKA_TOPIC='events.refund') AS SELECT * FROM events WHERE type = 'refund';
CREATE STREAM others WITH (KAFKA_TOPIC='events.other') AS SELECT * FROM events WHERE type IS NULL OR type NOT IN ('order', 'refund');

INSERT INTO events VALUES ('order', 'o-1');
INSERT INTO events VALUES ('refund', 'r-1');
INSERT INTO events VALUES ('order', 'o-2');
INSERT INTO events (payload) VALUES ('?');

SELECT 'orders' AS source, type, payload FROM orders;
SELECT 'others' AS source, type, payload FROM others;
