package types

import (
	"encoding/binary"
	"math/big"
)

// AppendRow encodes values compactly, each with its kind in front, for state and for repartitioned records.
func AppendRow(dst []byte, row []Value) []byte {
	for i := range row {
		dst = AppendValue(dst, row[i])
	}
	return dst
}

// AppendValue encodes one value as AppendRow does.
func AppendValue(dst []byte, v Value) []byte {
	dst = append(dst, byte(v.kind))
	switch v.kind {
	case Null:
		return dst
	case String, Bytes:
		dst = binary.AppendUvarint(dst, uint64(v.len))
		return append(dst, v.Bytes()...)
	case Double:
		return binary.LittleEndian.AppendUint64(dst, uint64(v.num))
	case Decimal:
		dst = binary.AppendUvarint(dst, uint64(v.len))
		if v.ptr == nil {
			return binary.AppendVarint(append(dst, 0), v.num)
		}
		n := v.BigUnscaled()
		mag := n.Bytes()
		sign := byte(1)
		if n.Sign() < 0 {
			sign = 2
		}
		dst = binary.AppendUvarint(append(dst, sign), uint64(len(mag)))
		return append(dst, mag...)
	case Array, Struct:
		return AppendRow(binary.AppendUvarint(dst, uint64(v.len)), v.Items())
	case Map:
		return AppendRow(binary.AppendUvarint(dst, uint64(v.len)), v.Pairs())
	}
	return binary.AppendVarint(dst, v.num)
}

// DecodeRow reads len(row) values that AppendRow wrote and returns the bytes behind them. Text shares memory with src.
func DecodeRow(src []byte, row []Value) (rest []byte, err error) { return decodeRow(src, row, 0) }

// DecodeRowPrefix reads what AppendRow wrote when rows had fewer columns: those missing at the end are NULL. Text shares
// memory with src.
func DecodeRowPrefix(src []byte, row []Value) error {
	for i := range row {
		if len(src) == 0 {
			clear(row[i:])
			return nil
		}
		var err error
		if row[i], src, err = decodeValue(src, 0); err != nil {
			return err
		}
	}
	return nil
}

func decodeRow(src []byte, row []Value, depth int) (rest []byte, err error) {
	for i := range row {
		if row[i], src, err = decodeValue(src, depth); err != nil {
			return nil, err
		}
	}
	return src, nil
}

// DecodeValue reads one value that AppendValue wrote.
func DecodeValue(src []byte) (Value, []byte, error) { return decodeValue(src, 0) }

// maxNesting bounds how deep values may nest, so that corrupt bytes do not exhaust the stack.
const maxNesting = 1000

func decodeValue(src []byte, depth int) (Value, []byte, error) {
	if len(src) == 0 || depth > maxNesting {
		return NullValue, nil, ErrCorrupt
	}
	kind, src := Kind(src[0]), src[1:]
	switch kind {
	case Null:
		return NullValue, src, nil
	case String, Bytes:
		n, src, err := uvarint(src)
		if err != nil || n > uint64(len(src)) {
			return NullValue, nil, ErrCorrupt
		}
		v := StringOf(src[:n])
		v.kind = kind
		return v, src[n:], nil
	case Double:
		if len(src) < 8 {
			return NullValue, nil, ErrCorrupt
		}
		return Value{kind: Double, num: int64(binary.LittleEndian.Uint64(src))}, src[8:], nil
	case Decimal:
		return decodeDecimal(src)
	case Array, Struct, Map:
		return decodeItems(kind, src, depth+1)
	}
	n, used := binary.Varint(src)
	if used <= 0 || kind > Struct {
		return NullValue, nil, ErrCorrupt
	}
	return Value{kind: kind, num: n}, src[used:], nil
}

func decodeDecimal(src []byte) (Value, []byte, error) {
	scale, src, err := uvarint(src)
	if err != nil || len(src) == 0 || scale > 1<<20 {
		return NullValue, nil, ErrCorrupt
	}
	sign := src[0]
	if sign == 0 {
		n, used := binary.Varint(src[1:])
		if used <= 0 {
			return NullValue, nil, ErrCorrupt
		}
		return DecimalValue(n, int(scale)), src[1+used:], nil
	}
	size, src, err := uvarint(src[1:])
	if err != nil || size > uint64(len(src)) {
		return NullValue, nil, ErrCorrupt
	}
	n := new(big.Int).SetBytes(src[:size])
	if sign == 2 {
		n.Neg(n)
	}
	return BigDecimalValue(n, int(scale)), src[size:], nil
}

func decodeItems(kind Kind, src []byte, depth int) (Value, []byte, error) {
	n, src, err := uvarint(src)
	if err != nil || n > uint64(len(src)) {
		return NullValue, nil, ErrCorrupt
	}
	count := int(n)
	if kind == Map {
		count *= 2
	}
	if count > len(src) {
		return NullValue, nil, ErrCorrupt
	}
	items := make([]Value, count)
	if src, err = decodeRow(src, items, depth); err != nil {
		return NullValue, nil, err
	}
	return nested(kind, items, int(n)), src, nil
}

func uvarint(src []byte) (uint64, []byte, error) {
	n, used := binary.Uvarint(src)
	if used <= 0 {
		return 0, nil, ErrCorrupt
	}
	return n, src[used:], nil
}
