package functions

import (
	"fmt"
	"math/big"
	"math/bits"

	"weir/types"
)

// sumIntegers keeps the sum in 64 bits: more INTEGERs than there can be fit in.
var sumIntegers = words{&WordAggregate{
	Size: 1,
	Add: func(w []uint64, args []types.Value, _ int64) error {
		w[0] += uint64(args[0].Int()) // a NULL's number is 0
		return integerFits(w)
	},
	Undo:  func(w []uint64, args []types.Value) error { w[0] -= uint64(args[0].Int()); return nil },
	Merge: func(w, other []uint64) { w[0] += other[0] },
	Fits:  integerFits,
	Result: func(w []uint64) types.Value {
		if !types.Integer.Holds(int64(w[0])) {
			return types.NullValue
		}
		return types.IntValue(int32(w[0]))
	},
}, true, 0}

func integerFits(w []uint64) error {
	if n := int64(w[0]); !types.Integer.Holds(n) {
		return fmt.Errorf("%w: %d does not fit INTEGER, and the sum is NULL. CAST the column to BIGINT", types.ErrOverflow, n)
	}
	return nil
}

// sumBigints keeps the sum in 128 bits, the low ones first.
var sumBigints = words{&WordAggregate{
	Size: 2,
	Add: func(w []uint64, args []types.Value, _ int64) error {
		addWide(w, uint64(args[0].Int()), signOf(args[0].Int()))
		return bigintFits(w)
	},
	Undo:  func(w []uint64, args []types.Value) error { subtractWide(w, args[0].Int()); return nil },
	Merge: func(w, other []uint64) { addWide(w, other[0], other[1]) },
	Fits:  bigintFits,
	Result: func(w []uint64) types.Value {
		if !narrow(w) {
			return types.NullValue
		}
		return types.BigintValue(int64(w[0]))
	},
}, true, 1}

// avgBigints keeps the sum in 128 bits, and the count behind it.
var avgBigints = words{&WordAggregate{
	Size: 3,
	Add: func(w []uint64, args []types.Value, _ int64) error {
		if !args[0].IsNull() {
			addWide(w, uint64(args[0].Int()), signOf(args[0].Int()))
			w[2]++
		}
		return nil
	},
	Undo: func(w []uint64, args []types.Value) error {
		if !args[0].IsNull() {
			subtractWide(w, args[0].Int())
			w[2]--
		}
		return nil
	},
	Merge: func(w, other []uint64) { addWide(w, other[0], other[1]); w[2] += other[2] },
	Result: func(w []uint64) types.Value {
		switch n := float64(int64(w[2])); {
		case w[2] == 0:
			return types.DoubleValue(0)
		case narrow(w):
			return types.DoubleValue(float64(int64(w[0])) / n)
		default:
			sum, _ := new(big.Float).SetInt(wide(w)).Float64()
			return types.DoubleValue(sum / n)
		}
	},
}, true, 1}

func signOf(n int64) uint64 { return uint64(n >> 63) }

func addWide(w []uint64, low, high uint64) {
	var carry uint64
	w[0], carry = bits.Add64(w[0], low, 0)
	w[1], _ = bits.Add64(w[1], high, carry)
}

func subtractWide(w []uint64, n int64) {
	var borrow uint64
	w[0], borrow = bits.Sub64(w[0], uint64(n), 0)
	w[1], _ = bits.Sub64(w[1], signOf(n), borrow)
}

// narrow says whether a sum of 128 bits fits 64.
func narrow(w []uint64) bool { return w[1] == signOf(int64(w[0])) }

func wide(w []uint64) *big.Int {
	high := new(big.Int).Lsh(big.NewInt(int64(w[1])), 64)
	return high.Add(high, new(big.Int).SetUint64(w[0]))
}

func bigintFits(w []uint64) error {
	if !narrow(w) {
		return fmt.Errorf("%w: %s does not fit BIGINT, and the sum is NULL. CAST the column to DECIMAL(38, 0)", types.ErrOverflow, wide(w))
	}
	return nil
}
