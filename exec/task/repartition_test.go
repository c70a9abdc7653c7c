package task

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/types"
)

// A state goes to who can take it, and is a bad record to others.
func TestRepartitionedState(t *testing.T) {
	rec := &kgo.Record{Value: []byte{hasTask | hasState, 0, 1, 2, 3}}
	for _, c := range []struct {
		reader repartitionReader
		want   error
	}{
		{repartitionReader{cols: 1, states: true}, nil},
		{repartitionReader{cols: 1}, types.ErrCorrupt},
		{repartitionReader{cols: 2, table: true}, types.ErrCorrupt},
		{repartitionReader{states: true}, types.ErrCorrupt},
	} {
		var b types.Batch
		b.Reset(c.reader.cols)
		ok, err := c.reader.read(rec, &b)
		if !errors.Is(err, c.want) || ok != (c.want == nil) {
			t.Errorf("%+v: %v, %v, want %v", c.reader, ok, err, c.want)
		}
		if ok && (b.N != 1 || b.Meta[0].Flags&types.Combined == 0 || string(b.Row(0)[0].Bytes()) != "\x01\x02\x03") {
			t.Errorf("the row is %v", b.Vals)
		}
	}
}
