-- Mask what others must not see
--
-- MASK keeps the form and hides what it says; give others the right to read the new topic only.
CREATE STREAM cards (owner STRING KEY, number STRING, mail STRING, amount INTEGER)
  WITH (KAFKA_TOPIC='cards', VALUE_FORMAT='JSON', PARTITIONS=1);

CREATE STREAM cards_masked AS
  SELECT MASK(owner) AS owner_masked, MASK_KEEP_RIGHT(number, 4) AS number, REGEXP_REPLACE(mail, '^[^@]+', '***') AS mail, amount
  FROM cards PARTITION BY MASK(owner);

INSERT INTO cards VALUES ('Ada L.', '4000-1234-5678-9010', 'ada@example.org', 120);
INSERT INTO cards VALUES ('Bob', '5500-0000-1111-2222', 'bob@example.org', 35);

SELECT owner_masked, number, mail, amount FROM cards_masked EMIT CHANGES;
