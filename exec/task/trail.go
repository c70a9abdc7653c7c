package task

import (
	"encoding/binary"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/types"
)

// trailHeader is the name of the record header in which a row's trail lies; HEADERS columns hide it.
const trailHeader = "_weir"

// trail is what stands in the header of a row. A row without one is of the task of its partition's number, and its place is its time.
type trail struct {
	query, task uint64
	order       int64 // NoTime where its time is its place
	reached     Reached
	first       bool // it is the first row of a commit in its partition: reached is of the commit before
}

const (
	trailOrder = 1 << iota
	trailFirst
	trailAsOf // rows from before there was one: what Order tells holds whenever a row came
)

func (t *trail) append(dst []byte) []byte {
	flags := byte(0)
	if t.order != types.NoTime {
		flags |= trailOrder
	}
	if t.first {
		flags |= trailFirst | trailAsOf
	}
	dst = binary.AppendUvarint(binary.AppendUvarint(append(dst, flags), t.query), t.task)
	if t.order != types.NoTime {
		dst = binary.AppendVarint(dst, t.order)
	}
	if t.first {
		for _, v := range [...]int64{t.reached.Time, t.reached.Order, t.reached.All, t.reached.AsOf, t.reached.Sent} {
			dst = binary.AppendVarint(dst, v)
		}
	}
	return dst
}

// Resend gives a row of a query's result that another producer sends, after a crash, the trail that a reader would have taken from the rows
// before it: the first one in a partition needs it.
func Resend(rec *kgo.Record, query uint64) {
	if _, ok := trailOf(rec); ok || query == 0 {
		return
	}
	t := trail{query: query, task: uint64(rec.Partition), order: types.NoTime}
	rec.Headers = append(slices.Clip(rec.Headers), kgo.RecordHeader{Key: trailHeader, Value: t.append(nil)})
}

// trailOf reads the trail of a record; ok is false where it has none.
func trailOf(rec *kgo.Record) (t trail, ok bool) {
	for i := len(rec.Headers) - 1; i >= 0; i-- {
		if rec.Headers[i].Key == trailHeader {
			return readTrail(rec.Headers[i].Value)
		}
	}
	return t, false
}

func readTrail(src []byte) (t trail, ok bool) {
	t.order, t.reached.AsOf, t.reached.Sent = types.NoTime, never, never
	if len(src) == 0 {
		return t, false
	}
	flags, src := src[0], src[1:]
	for _, to := range [...]*uint64{&t.query, &t.task} {
		v, n := binary.Uvarint(src)
		if n <= 0 {
			return t, false
		}
		*to, src = v, src[n:]
	}
	t.first = flags&trailFirst != 0
	for _, f := range [...]struct {
		flag byte
		to   *int64
	}{{trailOrder, &t.order}, {trailFirst, &t.reached.Time}, {trailFirst, &t.reached.Order}, {trailFirst, &t.reached.All}, {trailAsOf, &t.reached.AsOf}, {trailAsOf, &t.reached.Sent}} {
		if flags&f.flag == 0 {
			continue
		}
		v, n := binary.Varint(src)
		if n <= 0 {
			return t, false
		}
		*f.to, src = v, src[n:]
	}
	return t, true
}
