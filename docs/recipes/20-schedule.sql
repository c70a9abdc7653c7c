-- Run it for good, and at certain hours
--
-- `weir server` under systemd or in a container is in [operations.md](operations.md), with a unit, a Dockerfile and a compose file in deploy/. Statements are kept:
-- a server that starts again goes on with them. Nothing in Weir goes by the clock: let cron or a timer send `PAUSE` and `RESUME`
-- (`weir cli -e "PAUSE CTAS_COUNTS_3;"`). A query that is paused loses nothing, and reads on from where it stood.
CREATE STREAM orders (item STRING, price INTEGER) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE counts AS SELECT item, COUNT(*) AS n FROM orders GROUP BY item;

PAUSE ALL;
INSERT INTO orders VALUES ('tea', 4);
INSERT INTO orders VALUES ('tea', 4);
RESUME ALL;

SELECT item, n FROM counts;
