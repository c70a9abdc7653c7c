package types

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/big"
)

// ErrCorrupt says that bytes are not what the codecs of this package write.
var ErrCorrupt = errors.New("corrupt encoded row")

const (
	keyEnd  = 0x01 // ends a string or a nested value, and stands for NULL
	keyMore = 0x02 // another item of a nested value follows
	keyTag  = 0x10 // plus the kind: a value that is not NULL
)

// AppendKey encodes values so that comparing bytes compares rows: NULL first, numbers by size, text by bytes. All
// values of one column must have one type.
func AppendKey(dst []byte, row []Value) []byte {
	for i := range row {
		dst = appendKeyValue(dst, row[i])
	}
	return dst
}

func appendKeyValue(dst []byte, v Value) []byte {
	if v.kind == Null {
		return append(dst, keyEnd)
	}
	dst = append(dst, keyTag+byte(v.kind))
	switch v.kind {
	case String, Bytes:
		return appendKeyBytes(dst, v.Bytes())
	case Double:
		b := uint64(v.num)
		if v.num < 0 {
			b = ^b
		} else {
			b |= 1 << 63
		}
		return binary.BigEndian.AppendUint64(dst, b)
	case Decimal:
		return appendKeyDecimal(dst, v)
	case Array, Struct:
		return appendKeyItems(dst, v.Items())
	case Map:
		return appendKeyItems(dst, v.Pairs())
	}
	return binary.BigEndian.AppendUint64(dst, uint64(v.num)^1<<63)
}

func appendKeyItems(dst []byte, items []Value) []byte {
	for i := range items {
		dst = appendKeyValue(append(dst, keyMore), items[i])
	}
	return append(dst, keyEnd)
}

// appendKeyBytes writes 0x00 as 0x00 0xFF and ends with 0x00 0x01, which keeps the order of prefixes.
func appendKeyBytes(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			break
		}
		dst = append(append(dst, b[:i]...), 0, 0xFF)
		b = b[i+1:]
	}
	return append(append(dst, b...), 0, keyEnd)
}

// appendKeyDecimal writes scale, sign, length and magnitude: ordered among values of one scale.
func appendKeyDecimal(dst []byte, v Value) []byte {
	n := v.BigUnscaled()
	mag := n.Bytes()
	dst = binary.BigEndian.AppendUint16(dst, uint16(v.len))
	if n.Sign() < 0 {
		dst = append(dst, 0)
		dst = binary.BigEndian.AppendUint16(dst, ^uint16(len(mag)))
		for _, b := range mag {
			dst = append(dst, ^b)
		}
		return dst
	}
	dst = append(dst, 1)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(mag)))
	return append(dst, mag...)
}

// DecodeKey reads what AppendKey wrote into row, and returns the bytes behind it. Text without zero bytes shares memory
// with src.
func DecodeKey(src []byte, row []Value) (rest []byte, err error) {
	for i := range row {
		if row[i], src, err = decodeKeyValue(src, 0); err != nil {
			return nil, err
		}
	}
	return src, nil
}

func decodeKeyValue(src []byte, depth int) (Value, []byte, error) {
	if len(src) == 0 || depth > maxNesting {
		return NullValue, nil, ErrCorrupt
	}
	tag, src := src[0], src[1:]
	if tag == keyEnd {
		return NullValue, src, nil
	}
	kind := Kind(tag - keyTag)
	switch kind {
	case String, Bytes:
		b, rest, err := decodeKeyBytes(src)
		v := StringOf(b)
		v.kind = kind
		return v, rest, err
	case Decimal:
		return decodeKeyDecimal(src)
	case Array, Map, Struct:
		return decodeKeyItems(kind, src, depth+1)
	}
	if len(src) < 8 || tag < keyTag || kind > Struct || kind == Null {
		return NullValue, nil, ErrCorrupt
	}
	n := binary.BigEndian.Uint64(src)
	if kind == Double {
		if n>>63 == 1 {
			n &^= 1 << 63
		} else {
			n = ^n
		}
		return DoubleValue(math.Float64frombits(n)), src[8:], nil
	}
	return Value{kind: kind, num: int64(n ^ 1<<63)}, src[8:], nil
}

func decodeKeyBytes(src []byte) (out, rest []byte, err error) {
	for {
		i := bytes.IndexByte(src, 0)
		if i < 0 || i+1 >= len(src) {
			return nil, nil, ErrCorrupt
		}
		if src[i+1] == keyEnd && out == nil {
			return src[:i:i], src[i+2:], nil
		}
		out = append(out, src[:i]...)
		if src[i+1] == keyEnd {
			return out, src[i+2:], nil
		}
		if src[i+1] != 0xFF {
			return nil, nil, ErrCorrupt
		}
		out = append(out, 0)
		src = src[i+2:]
	}
}

func decodeKeyDecimal(src []byte) (Value, []byte, error) {
	if len(src) < 5 {
		return NullValue, nil, ErrCorrupt
	}
	scale, positive := int(binary.BigEndian.Uint16(src)), src[2] == 1
	n := binary.BigEndian.Uint16(src[3:])
	if !positive {
		n = ^n
	}
	src = src[5:]
	if len(src) < int(n) {
		return NullValue, nil, ErrCorrupt
	}
	mag := bytes.Clone(src[:n])
	if !positive {
		for i := range mag {
			mag[i] = ^mag[i]
		}
	}
	num := new(big.Int).SetBytes(mag)
	if !positive {
		num.Neg(num)
	}
	return BigDecimalValue(num, scale), src[n:], nil
}

func decodeKeyItems(kind Kind, src []byte, depth int) (Value, []byte, error) {
	var items []Value
	for {
		if len(src) == 0 {
			return NullValue, nil, ErrCorrupt
		}
		more := src[0]
		src = src[1:]
		if more != keyMore {
			n := len(items)
			if more != keyEnd || kind == Map && n%2 == 1 {
				return NullValue, nil, ErrCorrupt
			}
			if kind == Map {
				n /= 2
			}
			return nested(kind, items, n), src, nil
		}
		v, rest, err := decodeKeyValue(src, depth)
		if err != nil {
			return NullValue, nil, err
		}
		items, src = append(items, v), rest
	}
}
