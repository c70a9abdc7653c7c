package compare;

import java.time.Duration;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindowedKStream;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/** Counts in windows. Grace periods are Weir's: what is left of a day with changes, two minutes with final results. */
final class Windowing {
  private static final Duration minute = Duration.ofMinutes(1), hour = Duration.ofHours(1), day = Duration.ofDays(1);
  private static final Duration finalGrace = Duration.ofMinutes(2);

  /**
   * How long stores of final results keep a window. Closed windows are looked for once a second of wall clock; in a replay stream time has gone on by more than the default
   * retention until then, and windows would be dropped before they have come out.
   */
  private static final Duration kept = day;

  static <V> void tumbling(KGroupedStream<String, V> clicks, boolean last, String out) {
    windows(clicks, TimeWindows.ofSizeAndGrace(minute, last ? finalGrace : day.minus(minute)), last, out);
  }

  static <V> void hopping(KGroupedStream<String, V> clicks, boolean last, String out) {
    windows(clicks, TimeWindows.ofSizeAndGrace(hour, last ? finalGrace : day.minus(hour)).advanceBy(minute), last, out);
  }

  private static <V> void windows(KGroupedStream<String, V> clicks, TimeWindows windows, boolean last, String out) {
    TimeWindowedKStream<String, V> windowed = clicks.windowedBy(windows);
    Materialized<String, Long, WindowStore<Bytes, byte[]>> store = Materialized.with(Serdes.String(), Serdes.Long());
    if (last) {
      windowed = windowed.emitStrategy(EmitStrategy.onWindowClose());
      store = store.withRetention(kept);
    }
    windowed.count(store).toStream().to(out, Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, windows.size()), Json.count));
  }

  static <V> void sessions(KGroupedStream<String, V> clicks, boolean last, String out) {
    SessionWindowedKStream<String, V> windowed = clicks.windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(30), last ? finalGrace : day));
    Materialized<String, Long, SessionStore<Bytes, byte[]>> store = Materialized.with(Serdes.String(), Serdes.Long());
    if (last) {
      windowed = windowed.emitStrategy(EmitStrategy.onWindowClose());
      store = store.withRetention(kept);
    }
    windowed.count(store).toStream().to(out, Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Json.count));
  }

  private Windowing() {}
}
