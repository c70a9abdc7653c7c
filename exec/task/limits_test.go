package task

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func TestLimits(t *testing.T) {
	now := time.UnixMilli(1_000_000_000)
	reads := 0
	clock := func() time.Time { reads++; return now }
	l := TopicLimits(map[string]string{"max.message.bytes": "1000", "cleanup.policy": "compact", "message.timestamp.type": "CreateTime",
		"message.timestamp.after.max.ms": "3600000", "message.timestamp.before.max.ms": "9223372036854775807"})
	record := func(key string, size int, after time.Duration) *kgo.Record {
		r := &kgo.Record{Topic: "t", Value: make([]byte, size), Timestamp: now.Add(after)}
		if key != "" {
			r.Key = []byte(key)
		}
		return r
	}
	for _, c := range []struct {
		rec  *kgo.Record
		want string
	}{
		{record("k", 800, 0), ""},
		{record("k", 900, 0), `key "k" is too large for topic t`},
		{record("", 8, 0), "takes no record without a key"},
		{record("k", 8, time.Hour), ""},
		{record("k", 8, time.Hour+time.Millisecond), "message.timestamp.after.max.ms=3600000"},
		{record("k", 8, -1000*time.Hour), ""},
	} {
		err := l.Check(c.rec, clock)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	if reads > 2 {
		t.Errorf("the clock was read %d times", reads)
	}
	if l := TopicLimits(map[string]string{"message.timestamp.type": "LogAppendTime", "message.timestamp.after.max.ms": "1"}); l.After != 0 {
		t.Errorf("a bound of times that the broker makes: %v", l)
	}
}
