package task

import (
	"slices"
	"testing"

	"weir/types"
)

// A task that is at its end no longer says so before any task tells how far it has come; and the first thing that a session says is that it is not at its end,
// since what the one before said of that may be what is read last.
func TestRouse(t *testing.T) {
	out, notes := Output{Topics: []string{"t"}, Bank: &Bank{}}, Output{Topics: []string{"t"}, Bank: &Bank{}}
	r := &repartition{out: &out, notes: &notes, parts: 2}
	r.note = note{upstream: 3, bound: types.NoTime, order: types.NoTime}
	r.told = r.note
	for _, step := range []struct {
		bound            int64
		atEnd            bool
		first, announced []note
	}{
		{types.NoTime, false, []note{{bound: types.NoTime}}, nil},
		{100, true, nil, []note{{bound: 100, atEnd: true}}},
		{100, true, nil, nil},
		{900, false, []note{{bound: 100}}, []note{{bound: 900}}},
		{950, false, nil, []note{{bound: 950}}},
	} {
		r.note.bound, r.note.atEnd = step.bound, step.atEnd
		if err := r.Flush(); err != nil {
			t.Fatal(err)
		}
		for _, o := range []struct {
			out  *Output
			want []note
		}{{&out, step.first}, {&notes, step.announced}} {
			var got []note
			for _, rec := range o.out.Records {
				n, ok := announcement(&rec)
				if !ok || n.upstream != 3 {
					t.Fatalf("%x is no announcement of the task", rec.Value)
				}
				if rec.Partition == 1 {
					got = append(got, note{bound: n.bound, atEnd: n.atEnd})
				}
			}
			if !slices.Equal(got, o.want) || len(o.out.Records) != 2*len(got) {
				t.Errorf("bound %d, at the end %v: said %+v in %d records, want %+v to each of 2 partitions", step.bound, step.atEnd, got, len(o.out.Records), o.want)
			}
			o.out.Records = nil
		}
	}
}
