package task

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Limits are what a topic takes of a record; the zero value takes anything. A record that a broker would refuse for its
// own sake is left out and told of, since nothing mends it: behind it, the query would stand still.
type Limits struct {
	// Bytes bounds a batch that holds the record alone, uncompressed: max.message.bytes.
	Bytes int
	// NeedsKey says that the topic is compacted.
	NeedsKey bool
	// Before and After bound how far the record's time may lie in the past and in the future: message.timestamp.before.max.ms
	// and message.timestamp.after.max.ms. 0 is no bound.
	Before, After time.Duration
	fine          int64 // times up to here were within After when the clock was last read, and still are; milliseconds
}

// TopicLimits reads limits from the settings of a topic.
func TopicLimits(configs map[string]string) Limits {
	l := Limits{NeedsKey: strings.Contains(configs["cleanup.policy"], "compact")}
	if n, err := strconv.Atoi(configs["max.message.bytes"]); err == nil && n > 0 {
		l.Bytes = n
	}
	if configs["message.timestamp.type"] != "LogAppendTime" {
		l.Before, l.After = bound(configs["message.timestamp.before.max.ms"]), bound(configs["message.timestamp.after.max.ms"])
	}
	return l
}

// bound is a number of milliseconds; 0 where it is so large that it bounds nothing.
func bound(ms string) time.Duration {
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil || n <= 0 || n > int64(1<<62)/int64(time.Millisecond) {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

// batchOverhead is what a batch of one record takes beside the key, the value and the headers, at most: the head of the
// batch, and the lengths and differences in front of the record.
const batchOverhead = 65 + 40

// headerOverhead is the same for a header.
const headerOverhead = 10

// Check says why a topic would refuse a record; nil where it takes it. now is asked only where the topic bounds times.
func (l *Limits) Check(r *kgo.Record, now func() time.Time) error {
	if l.Bytes > 0 {
		size := batchOverhead + len(r.Key) + len(r.Value)
		for _, h := range r.Headers {
			size += headerOverhead + len(h.Key) + len(h.Value)
		}
		if size > l.Bytes {
			return fmt.Errorf("the record with key %s is too large for topic %s: %d bytes, and max.message.bytes of the topic is %d (MAX_MESSAGE_BYTES in the WITH of the statement that makes it)", keyText(r.Key), r.Topic, size, l.Bytes)
		}
	}
	if l.NeedsKey && r.Key == nil {
		return fmt.Errorf("topic %s is compacted and takes no record without a key", r.Topic)
	}
	if l.After == 0 && l.Before == 0 {
		return nil
	}
	// The clock is read where it may matter: it only goes on.
	if l.Before == 0 && r.Timestamp.UnixMilli() <= l.fine {
		return nil
	}
	at := now()
	l.fine = at.Add(l.After).UnixMilli()
	ahead := r.Timestamp.Sub(at)
	if l.After > 0 && ahead > l.After {
		return fmt.Errorf("the time of the record with key %s, %s, is further in the future than topic %s takes (message.timestamp.after.max.ms=%d)",
			keyText(r.Key), r.Timestamp.UTC().Format(time.RFC3339), r.Topic, l.After.Milliseconds())
	}
	if l.Before > 0 && -ahead > l.Before {
		return fmt.Errorf("the time of the record with key %s, %s, is further in the past than topic %s takes (message.timestamp.before.max.ms=%d)",
			keyText(r.Key), r.Timestamp.UTC().Format(time.RFC3339), r.Topic, l.Before.Milliseconds())
	}
	return nil
}

// times are those that a topic takes in any case, now and later.
func (l *Limits) times(now func() time.Time) (first, last int64) {
	first, last = math.MinInt64, math.MaxInt64
	if l.After == 0 && l.Before == 0 {
		return first, last
	}
	at := now()
	if l.After > 0 {
		last = at.Add(l.After).UnixMilli()
	}
	if l.Before > 0 {
		first = at.Add(-l.Before / 2).UnixMilli() // in the time that passes until it is written
	}
	return first, last
}

// keyText shows a key in a message.
func keyText(key []byte) string {
	const most = 100
	if key == nil {
		return "NULL"
	}
	cut, dots := key, ""
	if len(cut) > most {
		cut, dots = cut[:most], "..."
	}
	if utf8.Valid(cut) {
		return strconv.Quote(string(cut)) + dots
	}
	return fmt.Sprintf("0x%x%s", cut, dots)
}
