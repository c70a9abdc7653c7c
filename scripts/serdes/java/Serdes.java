// Spring Cloud's client of Confluent's registry, with Apache Avro and Kafka's clients, against a running Weir. Confluent's own jars are
// not on Maven Central. What it writes is read with columns taken from its schema, what CREATE ... AS SELECT writes is read by it, and
// what it writes with that schema is read again. Arguments: broker, registry, REST API.

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.springframework.cloud.schema.registry.SchemaRegistrationResponse;
import org.springframework.cloud.schema.registry.client.ConfluentSchemaRegistryClient;

public class Serdes {
  static final int ROWS = 200;
  static final String ORDER = "{\"type\":\"record\",\"name\":\"Order\",\"namespace\":\"shop\",\"fields\":["
      + "{\"name\":\"ID\",\"type\":\"long\"},{\"name\":\"NAME\",\"type\":[\"null\",\"string\"],\"default\":null},"
      + "{\"name\":\"TAGS\",\"type\":{\"type\":\"array\",\"items\":\"string\"}}]}";

  static String broker, api;
  static final ConfluentSchemaRegistryClient registry = new ConfluentSchemaRegistryClient();
  static final Map<Integer, Schema> schemas = new HashMap<>();

  public static void main(String[] args) throws Exception {
    broker = args[0];
    api = args[2];
    registry.setEndpoint(args[1]);
    String topic = "java_avro";
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker))) {
      admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
    }
    SchemaRegistrationResponse mine = registry.register(topic + "-value", "avro", ORDER);
    if (!new Schema.Parser().parse(registry.fetch(mine.getSchemaReference())).equals(new Schema.Parser().parse(ORDER))) {
      throw new IllegalStateException("the registry gives another schema than it was given");
    }
    produce(topic, mine.getId(), 0, ROWS);
    statement("CREATE STREAM " + topic + " WITH (KAFKA_TOPIC='" + topic + "', VALUE_FORMAT='AVRO');"
        + "CREATE STREAM " + topic + "_out WITH (KAFKA_TOPIC='" + topic + "_out') AS SELECT * FROM " + topic + ";");
    int written = consume(topic + "_out", ROWS);
    System.out.println("java AVRO: " + ROWS + " rows there and back");
    produce(topic + "_out", written, 0, ROWS); // with the schema that the statement has registered
    statement("CREATE STREAM " + topic + "_again WITH (KAFKA_TOPIC='" + topic + "_again') AS SELECT * FROM " + topic + "_out;");
    consume(topic + "_again", 2 * ROWS);
    System.out.println("java AVRO written back: " + 2 * ROWS + " rows there and back");
  }

  static Schema schema(int id) {
    return schemas.computeIfAbsent(id, n -> new Schema.Parser().parse(registry.fetch(n)));
  }

  static GenericRecord row(Schema schema, int i) {
    GenericRecord r = new GenericData.Record(schema);
    r.put("ID", (long) i);
    r.put("NAME", i % 7 == 0 ? null : "näme " + i);
    r.put("TAGS", List.of("a", Integer.toString(i)));
    return r;
  }

  static void produce(String topic, int id, int from, int to) throws Exception {
    Schema schema = schema(id);
    try (var producer = new KafkaProducer<>(Map.of("bootstrap.servers", broker), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int i = from; i < to; i++) {
        var out = new ByteArrayOutputStream();
        out.write(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array());
        var encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<GenericRecord>(schema).write(row(schema, i), encoder);
        encoder.flush();
        producer.send(new ProducerRecord<>(topic, "k".getBytes(), out.toByteArray())).get();
      }
    }
  }

  /** Reads rows, compares each with the one written, and gives the id of the schema that they name. */
  static int consume(String topic, int count) throws Exception {
    Map<String, Object> conf = Map.of("bootstrap.servers", broker, "group.id", topic, "auto.offset.reset", "earliest", "enable.auto.commit", false);
    List<ConsumerRecord<byte[], byte[]>> got = new ArrayList<>();
    long deadline = System.nanoTime() + Duration.ofSeconds(120).toNanos();
    try (var consumer = new KafkaConsumer<>(conf, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(topic));
      while (got.size() < count && System.nanoTime() < deadline) {
        consumer.poll(Duration.ofSeconds(1)).forEach(got::add);
      }
    }
    if (got.size() != count) {
      throw new IllegalStateException(topic + ": " + got.size() + " records of " + count);
    }
    int id = 0;
    for (int i = 0; i < count; i++) {
      ByteBuffer data = ByteBuffer.wrap(got.get(i).value());
      if (data.get() != 0) {
        throw new IllegalStateException(topic + ": a record without a schema");
      }
      id = data.getInt();
      var decoder = DecoderFactory.get().binaryDecoder(data.array(), 5, data.remaining(), null);
      GenericRecord is = new GenericDatumReader<GenericRecord>(schema(id)).read(null, decoder);
      GenericRecord want = row(schema(id), i % ROWS);
      if (!is.toString().equals(want.toString())) {
        throw new IllegalStateException(topic + ", row " + i + ": got " + is + ", want " + want);
      }
    }
    return id;
  }

  static void statement(String sql) throws Exception {
    String body = "{\"ksql\":\"" + sql + "\",\"streamsProperties\":{\"ksql.streams.auto.offset.reset\":\"earliest\"}}";
    var request = HttpRequest.newBuilder(URI.create(api + "/ksql")).header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body)).build();
    var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IllegalStateException(sql + "\n" + answer.body());
    }
  }
}
