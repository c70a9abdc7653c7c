package op

import (
	"encoding/binary"
	"slices"

	"weir/exec/eval"
	"weir/planner/plan"
	"weir/types"
)

// Subscribe sends the rows of a table on their way to the rows that their foreign keys name. A row that is changed, moved to
// another foreign key or deleted gets a version above all before, so that of several answers the newest can be told.
type Subscribe struct {
	host    *Host
	next    Op
	foreign []eval.Fn
	ctx     *eval.Ctx
	zero    []types.Value // stand for NULLs
	was, is []types.Value // foreign keys
	at      int           // the first slot of the foreign key
	out     types.Batch
	version int64
	stored  int64 // the version as last written
}

// NewSubscribe makes the operator of a plan.Subscribe.
func NewSubscribe(h *Host, p *plan.Subscribe, next Op) *Subscribe {
	k := h.compiler()
	n := len(p.Foreign)
	s := &Subscribe{host: h, next: next, foreign: k.All(p.Foreign), was: make([]types.Value, n), is: make([]types.Value, n), at: len(p.Slots) - n - 3}
	for _, x := range p.Foreign {
		s.zero = append(s.zero, zeroOf(x.Type()))
	}
	s.ctx = k.NewCtx()
	return s
}

// zeroOf is some value of a type.
func zeroOf(t *types.Type) types.Value {
	switch t.Kind {
	case types.String:
		return types.StringValue("")
	case types.Bytes:
		return types.BytesValue([]byte{})
	case types.Decimal:
		return types.DecimalValue(0, t.Scale)
	case types.Array:
		return types.ArrayValue([]types.Value{})
	case types.Map:
		return types.MapValue([]types.Value{})
	case types.Struct:
		return types.StructValue(make([]types.Value, len(t.Fields)))
	}
	return types.NumberValue(t.Kind, 0)
}

// Push sends a row for each change, and one more to where a row moves away from.
func (s *Subscribe) Push(b *types.Batch) error {
	s.out.Reset(s.width())
	s.out.Old = nil
	for i := range b.N {
		m := b.Meta[i]
		now, before := m.Flags&types.NullRow == 0, m.Flags&types.HasOld != 0
		if !now && !before {
			s.host.Counts.Filtered++
			continue
		}
		s.version++
		known := before && s.of(s.was, b.OldRow(i), m)
		if !now {
			s.send(b.OldRow(i), s.was, known, m, plan.Deleted)
			continue
		}
		is := s.of(s.is, b.Row(i), m)
		if known && (!is || !slices.EqualFunc(s.was, s.is, types.Equal)) {
			s.send(b.OldRow(i), s.was, true, m, plan.Moved)
		}
		s.send(b.Row(i), s.is, is, m, plan.Subscribed)
		if s.out.N >= types.BatchRows {
			if err := s.emit(); err != nil {
				return err
			}
		}
	}
	return s.emit()
}

func (s *Subscribe) emit() error {
	if s.out.N == 0 {
		return nil
	}
	err := s.next.Push(&s.out)
	s.out.Reset(s.width())
	return err
}

func (s *Subscribe) width() int { return s.at + len(s.foreign) + 3 }

// of computes the foreign key of a row; known is false where a part is NULL.
func (s *Subscribe) of(key, row []types.Value, m types.Meta) (known bool) {
	s.ctx.Enter(row)
	known = true
	for i, f := range s.foreign {
		key[i] = f(s.ctx)
		if s.ctx.Err != nil {
			s.ctx.Thrown = false
			s.host.failed(s.ctx, "JOIN", &m)
			key[i] = types.NullValue
		}
		known = known && !key[i].IsNull()
	}
	return known
}

func (s *Subscribe) send(row, foreign []types.Value, known bool, m types.Meta, what plan.Subscription) {
	m.Flags = 0
	out := s.out.Append(m)
	copy(out, row)
	if !known {
		foreign = s.zero
	}
	rest := out[s.at+copy(out[s.at:], foreign):]
	rest[0], rest[1], rest[2] = types.BoolValue(known), types.BigintValue(s.version), types.IntValue(int32(what))
}

// Flush passes on.
func (s *Subscribe) Flush() error { return s.next.Flush() }

// Changed says whether the version has.
func (s *Subscribe) Changed() bool { return s.version != s.stored }

// Dirty gives the version.
func (s *Subscribe) Dirty(put func(key, value []byte)) {
	if s.version != s.stored {
		put([]byte{metaKey}, binary.AppendVarint(nil, s.version))
	}
}

// Expired has nothing to give.
func (s *Subscribe) Expired(func(from, to []byte)) {}

// Committed notes that the version is written.
func (s *Subscribe) Committed() { s.stored = s.version }

// Load puts the version back.
func (s *Subscribe) Load(key, value []byte) error {
	v, n := binary.Varint(value)
	if len(key) != 1 || key[0] != metaKey || n <= 0 {
		return types.ErrCorrupt
	}
	s.version, s.stored = v, v
	return nil
}

// Size is nothing.
func (s *Subscribe) Size() (entries, bytes int) { return 0, 0 }
