package embedded

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestLimit(t *testing.T) {
	b := start(t, Options{MaxData: 1 << 20, limitInterval: 10 * time.Millisecond})
	for _, name := range []string{"t", "other"} {
		makeTopic(t, b, name, 1, nil)
	}
	value := []byte(strings.Repeat("x", 50_000))
	write := func(cl *kgo.Client, topic string) error {
		return cl.ProduceSync(within(t), &kgo.Record{Topic: topic, Value: value}).FirstErr()
	}
	outside, inside := outsider(t, b), client(t, append(b.ClientOpts(), kgo.RecordRetries(0))...)
	var err error
	for n := 0; err == nil; n++ {
		if err = write(outside, "t"); n > 100_000 {
			t.Fatal("there is no limit")
		}
	}
	if !errors.Is(err, kerr.PolicyViolation) {
		t.Errorf("a client outside is told %v", err)
	}
	if err := write(inside, "other"); !errors.Is(err, kerr.KafkaStorageError) && !errors.Is(err, kgo.ErrRecordRetries) {
		t.Errorf("a client inside is told %v", err)
	}
	none := outsider(t, b, kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite(), kgo.RecordRetries(0))
	if err := write(none, "other"); err == nil && b.cluster.PartitionInfo("other", 0).HighWatermark > 0 {
		t.Error("a record was written that nobody wanted confirmed")
	}
	left := t.TempDir()
	if err := os.CopyFS(left, os.DirFS(b.opts.DataDir)); err != nil {
		t.Fatal(err)
	}
	if err := write(outsider(t, start(t, Options{DataDir: left, MaxData: 1 << 20, limitInterval: time.Hour})), "t"); !errors.Is(err, kerr.PolicyViolation) {
		t.Errorf("after a start with as much data as there may be, a client is told %v", err)
	}
	if got := consume(t, 10, append(b.ClientOpts(), kgo.ConsumeTopics("t"))...); len(got) < 10 {
		t.Errorf("%d records can be read", len(got))
	}
	if r, err := kadm.NewClient(outside).DeleteTopics(within(t), "t"); err != nil || r.Error() != nil {
		t.Fatal(r, err)
	}
	for ctx := within(t); ; time.Sleep(10 * time.Millisecond) {
		err := write(outside, "other")
		if err == nil {
			break
		}
		if !errors.Is(err, kerr.PolicyViolation) || ctx.Err() != nil {
			t.Fatalf("with room again: %v", err)
		}
	}
}
