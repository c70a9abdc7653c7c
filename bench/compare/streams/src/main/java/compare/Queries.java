package compare;

import java.time.Duration;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;

/** The queries as topologies. */
final class Queries {
  static void add(StreamsBuilder b, String query, boolean last, String in, String out, String orders) {
    switch (query) {
      case "filter" -> clicks(b, in, Json.Answered.class)
          .filter((user, c) -> c.status >= 400)
          .mapValues(c -> new Json.Failure(c.page, c.bytes))
          .to(out, Produced.with(Serdes.String(), Json.of(Json.Failure.class)));
      case "per-user" -> Windowing.tumbling(clicks(b, in, Json.Timed.class).groupByKey(), last, out);
      case "per-page" -> Windowing.tumbling(byPage(clicks(b, in, Json.Viewed.class)).groupByKey(Grouped.with(Serdes.String(), Serdes.ByteArray())), last, out);
      case "enrich" -> enrich(b, in, out);
      case "pairs" -> pairs(b, in, orders, out);
      case "sessions" -> Windowing.sessions(clicks(b, in, Json.Timed.class).groupByKey(), last, out);
      case "hops" -> Windowing.hopping(clicks(b, in, Json.Timed.class).groupByKey(), last, out);
      default -> throw new IllegalArgumentException(query);
    }
  }

  /** The clicks, by event time. */
  private static <T extends Json.Timed> KStream<String, T> clicks(StreamsBuilder b, String topic, Class<T> type) {
    return b.stream(topic, Consumed.with(Serdes.String(), Json.of(type)).withTimestampExtractor((record, before) -> ((Json.Timed) record.value()).ts));
  }

  /** Nothing but the key is needed behind the repartition. */
  private static KStream<String, byte[]> byPage(KStream<String, Json.Viewed> clicks) {
    byte[] one = {1};
    return clicks.map((user, c) -> KeyValue.pair(c.page, one));
  }

  private static void enrich(StreamsBuilder b, String in, String out) {
    KTable<String, Json.Page> pages = b.table("pages", Consumed.with(Serdes.String(), Json.of(Json.Page.class)));
    clicks(b, in, Json.Visit.class)
        .join(pages, (c, page) -> new Json.Enriched(c.user_id, page.title), Joined.with(Serdes.String(), Json.of(Json.Visit.class), Json.of(Json.Page.class)))
        .to(out, Produced.with(Serdes.String(), Json.of(Json.Enriched.class)));
  }

  private static void pairs(StreamsBuilder b, String in, String orders, String out) {
    clicks(b, in, Json.Named.class)
        .join(clicks(b, orders, Json.Named.class), (c, o) -> new Json.Pair(c.id, o.id), JoinWindows.ofTimeDifferenceAndGrace(Duration.ofMinutes(10), Duration.ofMinutes(2)),
            StreamJoined.with(Serdes.String(), Json.of(Json.Named.class), Json.of(Json.Named.class)))
        .to(out, Produced.with(Serdes.String(), Json.of(Json.Pair.class)));
  }

  private Queries() {}
}
