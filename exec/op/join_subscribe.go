package op

import (
	"encoding/binary"

	"weir/exec/eval"
	"weir/planner/plan"
	"weir/types"
)

// Subscribe sends the rows of a table on their way to the rows that their foreign keys name. A row that is changed, moved to
// another foreign key or deleted gets a version above all before, so that of several answers the newest can be told.
type Subscribe struct {
	host    *Host
	next    Op
	foreign eval.Fn
	ctx     *eval.Ctx
	zero    types.Value // stands for a NULL
	at      int         // the slot of the foreign key
	out     types.Batch
	version int64
	stored  int64 // the version as last written
}

// NewSubscribe makes the operator of a plan.Subscribe.
func NewSubscribe(h *Host, p *plan.Subscribe, next Op) *Subscribe {
	k := h.compiler()
	s := &Subscribe{host: h, next: next, foreign: k.Compile(p.Foreign), zero: zeroOf(p.Foreign.Type()), at: len(p.Slots) - 4}
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
	s.out.Reset(s.at + 4)
	s.out.Old = nil
	for i := range b.N {
		m := b.Meta[i]
		now, before := m.Flags&types.NullRow == 0, m.Flags&types.HasOld != 0
		if !now && !before {
			s.host.Counts.Filtered++
			continue
		}
		s.version++
		var was, is types.Value
		if before {
			was = s.of(b.OldRow(i), m)
		}
		if !now {
			s.send(b.OldRow(i), was, m, plan.Deleted)
			continue
		}
		if is = s.of(b.Row(i), m); before && !was.IsNull() && !types.Equal(was, is) {
			s.send(b.OldRow(i), was, m, plan.Moved)
		}
		s.send(b.Row(i), is, m, plan.Subscribed)
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
	s.out.Reset(s.at + 4)
	return err
}

func (s *Subscribe) of(row []types.Value, m types.Meta) types.Value {
	s.ctx.Row = row
	v := s.foreign(s.ctx)
	if s.ctx.Err != nil {
		s.ctx.Thrown = false
		s.host.failed(s.ctx, "JOIN", m)
		return types.NullValue
	}
	return v
}

func (s *Subscribe) send(row []types.Value, foreign types.Value, m types.Meta, what plan.Subscription) {
	m.Flags = 0
	out := s.out.Append(m)
	copy(out, row)
	known := !foreign.IsNull()
	if !known {
		foreign = s.zero
	}
	out[s.at], out[s.at+1] = foreign, types.BoolValue(known)
	out[s.at+2], out[s.at+3] = types.BigintValue(s.version), types.IntValue(int32(what))
}

// Flush passes on.
func (s *Subscribe) Flush() error { return s.next.Flush() }

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
