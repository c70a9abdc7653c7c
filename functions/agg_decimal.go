package functions

import (
	"fmt"

	"weir/types"
)

func bindDecimalSum(params []*types.Type, _ []types.Value) (*BoundAggregate, error) {
	t := params[0]
	// Not Exact: the order of the rows decides whether the sum leaves its type on the way.
	return &BoundAggregate{CanUndo: true, Object: func(*Site) Object {
		return &decimalSum{typ: t, sum: types.DecimalValue(0, t.Scale)}
	}}, nil
}

// decimalSum adds DECIMALs of one type, and refuses what no longer fits it.
type decimalSum struct {
	typ *types.Type
	sum types.Value
}

func (s *decimalSum) set(sum types.Value) error {
	fit, err := types.FitDecimal(sum, s.typ)
	if err != nil {
		return &StopError{fmt.Errorf("Numeric field overflow: the sum does not fit %s: %w. CAST the column to a DECIMAL of more digits", s.typ, err)}
	}
	s.sum = fit
	return nil
}

func (s *decimalSum) Add(args []types.Value, _ int64) error {
	if args[0].IsNull() {
		return nil
	}
	return s.set(types.AddDecimal(s.sum, args[0]))
}

func (s *decimalSum) Undo(args []types.Value) error {
	if args[0].IsNull() {
		return nil
	}
	return s.set(types.SubDecimal(s.sum, args[0]))
}

func (s *decimalSum) Merge(other Object) error {
	return s.set(types.AddDecimal(s.sum, other.(*decimalSum).sum))
}

// Bytes is what the sum takes.
func (s *decimalSum) Bytes() int { return 2 * valueBytes }

func (s *decimalSum) Result() types.Value { return s.sum }

func (s *decimalSum) Append(dst []byte) []byte { return types.AppendValue(dst, s.sum) }

func (s *decimalSum) Decode(src []byte) error {
	v, err := decodeOne(src)
	if err == nil && v.Kind() != types.Decimal {
		err = types.ErrCorrupt
	}
	s.sum = v
	return err
}

// decodeOne reads the one value that src holds, sharing nothing with it.
func decodeOne(src []byte) (types.Value, error) {
	v, rest, err := types.DecodeValue(src)
	if err == nil && len(rest) > 0 {
		err = types.ErrCorrupt
	}
	return v.Clone(), err
}
