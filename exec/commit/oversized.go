package commit

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/assignment"
	"weir/kafka"
)

// Oversized goes on behind a batch that unpacks to more than is allowed: its records are lost to the query.
func (o *Options) Oversized(a *assignment.Assignment, client *kgo.Client, e *kgo.ErrDecompressTooLarge) error {
	for _, f := range a.Feeds[assignment.TP{Topic: e.Topic, Partition: e.Partition}] {
		if f.Next >= e.NextOffset {
			continue
		}
		lost := Lost{Topic: e.Topic, Partition: e.Partition, From: max(f.Next, e.Offset), To: e.NextOffset,
			Reason: fmt.Sprintf("%v. It goes on at offset %d", kafka.Oversized(e), e.NextOffset)}
		if err := o.lose(a, lost); err != nil {
			return err
		}
		f.Next = e.NextOffset
	}
	client.SetOffsets(map[string]map[int32]kgo.EpochOffset{e.Topic: {e.Partition: {Epoch: e.Epoch, Offset: e.NextOffset}}})
	return nil
}
