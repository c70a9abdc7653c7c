package changes

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
)

// keyBytes is about what a key takes while the rows of a table are found.
const keyBytes = 48

// keyHash stands for a key: its chance to be another's is none.
type keyHash [2]uint64

// contents gives the rows that the table had at the ends, those of a partition in the order of their records. Of each key the last record before
// the end counts, so that who has been given a part of them goes on with what lies behind it, as if it had never left.
func (f *Follower) contents(ctx context.Context) error {
	for p := range f.at.Ends {
		if err := f.partition(ctx, int32(p)); err != nil {
			return err
		}
	}
	f.at.Ends = nil
	return f.add(ctx, Change{Kind: Ready, Position: f.at.clone()})
}

// partition gives the rows of one, in two passes: the first finds which records count.
func (f *Follower) partition(ctx context.Context, p int32) error {
	from, to := f.at.Next[p], f.at.Ends[p]
	if from >= to {
		return nil
	}
	seeds := [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	last := map[keyHash]int64{}
	err := f.scan(ctx, p, from, to, func(r *kgo.Record) error {
		kind, _, err := f.rows.kind(r)
		f.rows.Reset()
		if err != nil { // the row that the key had before stays
			f.bad.Add(1)
			return nil
		}
		key := keyHash{maphash.Bytes(seeds[0], r.Key), maphash.Bytes(seeds[1], r.Key)}
		if kind == Delete {
			delete(last, key)
			return nil
		}
		last[key] = r.Offset
		if size := int64(len(last)) * keyBytes; f.tail.src.MaxBytes > 0 && size > f.tail.src.MaxBytes {
			return fmt.Errorf("the keys of partition %d take more than %d bytes, which is the limit: ask for the changes from now on, or raise the setting weir.max.query.bytes", p, f.tail.src.MaxBytes)
		}
		return nil
	})
	if err != nil {
		return err
	}
	count := make([]int64, 0, len(last))
	for _, offset := range last {
		count = append(count, offset)
	}
	slices.Sort(count)
	err = f.scan(ctx, p, from, to, func(r *kgo.Record) error {
		if len(count) == 0 || r.Offset < count[0] {
			return nil
		}
		for len(count) > 0 && count[0] < r.Offset { // compacted since: a later record is among the changes
			count = count[1:]
		}
		if len(count) == 0 || count[0] != r.Offset {
			return nil
		}
		count = count[1:]
		return f.record(ctx, r)
	})
	f.at.Next[p] = max(f.at.Next[p], to)
	return err
}
