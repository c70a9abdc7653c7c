package compare;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** Values: for each query a class of the fields that it uses, which Jackson reads by a reader made once. */
final class Json {
  @JsonIgnoreProperties(ignoreUnknown = true)
  public static class Timed {
    public long ts;
  }

  public static class Answered extends Timed {
    public String page;
    public int status;
    public long bytes;
  }

  public static class Viewed extends Timed {
    public String page;
  }

  public static class Named extends Timed {
    public String id;
  }

  public static class Visit extends Timed {
    public String user_id;
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  public static class Page {
    public String title;
  }

  public record Failure(String PAGE, long BYTES) {}

  public record Pair(String CLICK, String BOUGHT) {}

  public record Enriched(String USER_ID, String TITLE) {}

  private static final ObjectMapper mapper = new ObjectMapper();

  /** Counts are written as objects with one field, without Jackson; no query reads them back. */
  static final Serde<Long> count = Serdes.serdeFrom(
      (topic, n) -> n == null ? null : ("{\"N\":" + n + "}").getBytes(StandardCharsets.US_ASCII),
      (topic, bytes) -> {
        throw new UnsupportedOperationException("counts are only written");
      });

  static <T> Serde<T> of(Class<T> type) {
    ObjectReader reader = mapper.readerFor(type);
    ObjectWriter writer = mapper.writerFor(type);
    return Serdes.serdeFrom(
        (topic, value) -> {
          try {
            return value == null ? null : writer.writeValueAsBytes(value);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        (topic, bytes) -> {
          try {
            return bytes == null ? null : reader.<T>readValue(bytes);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private Json() {}
}
