-- The answers and the packed bundles, to S3: after flights.sql, on the same node. The properties are Kafka Connect's, as they are. Keys, and another server
-- than Amazon's, are in the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL_S3.

CREATE SINK CONNECTOR `cflight.sink` WITH (
  'connector.class'      = 'io.confluent.connect.s3.S3SinkConnector',
  'tasks.max'            = '1',
  'topics'               = 'CHEAPEST_FLIGHT',
  's3.region'            = 'us-east-1',
  's3.bucket.name'       = 'cflight.bucket',
  's3.part.size'         = '5242880',
  'flush.size'           = '1',
  'storage.class'        = 'io.confluent.connect.s3.storage.S3Storage',
  'format.class'         = 'io.confluent.connect.s3.format.avro.AvroFormat',
  'partitioner.class'    = 'io.confluent.connect.storage.partition.DefaultPartitioner',
  'schema.compatibility' = 'NONE'
);

CREATE SINK CONNECTOR `batchcompress.sink` WITH (
  'connector.class'      = 'io.confluent.connect.s3.S3SinkConnector',
  'tasks.max'            = '1',
  'topics'               = 'batch.compressed',
  's3.region'            = 'us-east-1',
  's3.bucket.name'       = 'flightbatch.bucket',
  's3.part.size'         = '5242880',
  'flush.size'           = '1',
  'storage.class'        = 'io.confluent.connect.s3.storage.S3Storage',
  'format.class'         = 'io.confluent.connect.s3.format.ByteArrayFormat',
  'partitioner.class'    = 'io.confluent.connect.storage.partition.DefaultPartitioner',
  'schema.compatibility' = 'NONE'
);
