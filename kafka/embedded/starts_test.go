package embedded

import (
	"encoding/binary"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"
)

// As with Kafka, a compaction leaves a partition to begin where it did, and who stands before the first record that is left gets that one.
func TestCompactionKeepsTheBeginning(t *testing.T) {
	b := start(t, Options{})
	makeTopic(t, b, "t", 1, compacted)
	cl := outsider(t, b)
	fill(t, cl, "t", 200)
	produce(t, cl, "t", "last")
	if _, err := kadm.NewClient(cl).DeleteRecords(within(t), kadm.Offsets{"t": {0: {Topic: "t", At: 3}}}); err != nil {
		t.Fatal(err)
	}
	if err := b.compactAll(within(t), map[string]int64{}); err != nil {
		t.Fatal(err)
	}
	look := func(name string, b *Broker, from int64) {
		t.Helper()
		adm := kadm.NewClient(outsider(t, b))
		starts, err := adm.ListStartOffsets(within(t), "t")
		if at, _ := starts.Lookup("t", 0); err != nil || at.Offset != from {
			t.Fatalf("%s: the partition begins at %d, %v, want %d", name, at.Offset, err, from)
		}
		for _, version := range []int16{11, 17} { // by the topic's name, and by its id
			fetch := client(t, kgo.SeedBrokers(b.Addr()), kgo.MaxVersions(upTo(1, version)),
				kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"t": {0: kgo.NewOffset().At(from + 1)}}), kgo.ConsumeResetOffset(kgo.NoResetOffset()))
			fetches := fetch.PollFetches(within(t))
			if err := fetches.Err(); err != nil {
				t.Fatalf("%s, version %d: from offset %d: %v", name, version, from+1, err)
			}
			if at := fetches.Records()[0].Offset; at != 1990 {
				t.Errorf("%s, version %d: from offset %d on the first record is at %d", name, version, from+1, at)
			}
		}
	}
	look("running", b, 3)
	left := killed(t, b)
	look("killed", left, 3)
	look("closed", again(t, left), 3)
	if _, err := kadm.NewClient(cl).DeleteRecords(within(t), kadm.Offsets{"t": {0: {Topic: "t", At: 7}}}); err != nil {
		t.Fatal(err)
	}
	look("trimmed", b, 7)
	if _, err := kadm.NewClient(cl).DeleteTopic(within(t), "t"); err != nil {
		t.Fatal(err)
	}
	makeTopic(t, b, "t", 1, compacted)
	produce(t, outsider(t, b), "t", "of another topic")
	if got := consume(t, 1, append(b.ClientOpts(), kgo.ConsumeTopics("t"))...); got[0].Offset != 0 {
		t.Errorf("the first record of a topic made anew is at %d", got[0].Offset)
	}
}

// The last numbers of producers in this process are known of batches that a compaction has taken.
func TestCompactionKeepsNumbers(t *testing.T) {
	b := start(t, Options{})
	makeTopic(t, b, "t", 1, compacted)
	inside := client(t, append(b.ClientOpts(), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	want := fill(t, inside, "t", 150)
	id, epoch, err := inside.ProducerID(within(t))
	if err != nil {
		t.Fatal(err)
	}
	other := outsider(t, b)
	for k, v := range fill(t, other, "t", 150) {
		want[k] = v
	}
	produce(t, other, "t", "last")
	want["k"] = "last"
	size := b.topicSize("t")
	for range 2 { // the second finds none of its batches
		if err := b.compactAll(within(t), map[string]int64{}); err != nil {
			t.Fatal(err)
		}
		fill(t, other, "t", 150)
	}
	if now := b.topicSize("t"); now > size {
		t.Errorf("%d bytes of %d are left", now, size)
	}
	look := func(name string, broker *Broker) {
		t.Helper()
		if n, at, ok := broker.Compacted("t", 0, id, epoch); !ok || n != 1499 || at != 1499 {
			t.Errorf("%s: the last number is %d at offset %d (%v)", name, n, at, ok)
		}
		if _, _, ok := broker.Compacted("t", 0, id+1, epoch); ok {
			t.Errorf("%s: a producer is known that there never was", name)
		}
		if got, _ := contents(t, broker, "t"); len(got) != len(want) {
			t.Errorf("%s: %d keys are left, want %d", name, len(got), len(want))
		}
	}
	look("running", b)
	left := killed(t, b)
	look("killed", left)
	look("closed", again(t, left))
}

// Numbers begin anew behind the largest of 32 bits.
func TestNumbersBeginAnew(t *testing.T) {
	head := make([]byte, batchHead)
	binary.BigEndian.PutUint64(head, 10)
	binary.BigEndian.PutUint32(head[23:], 4)
	binary.BigEndian.PutUint32(head[53:], 1<<31-2)
	if n := numberOf(head); n.Sequence != 2 || n.Offset != 14 {
		t.Errorf("the last record has the number %d and the offset %d", n.Sequence, n.Offset)
	}
}

// upTo are the versions of a client that knows a request up to one of them only.
func upTo(key, version int16) *kversion.Versions {
	v := kversion.Stable()
	v.SetMaxKeyVersion(key, version)
	return v
}
