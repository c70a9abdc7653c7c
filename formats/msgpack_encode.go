package formats

import (
	"encoding/binary"
	"math"

	"weir/types"
)

// msgEncoder writes rows as MessagePack maps with the columns' declared names, or a bare single column.
type msgEncoder struct {
	cols   []msgColumn
	head   []byte
	unwrap bool
}

type msgColumn struct {
	name []byte // encoded
	typ  *types.Type
	from int
}

func newMsgPackEncoder(spec Spec, cols types.Schema, from []int) (Encoder, error) {
	e := &msgEncoder{unwrap: spec.unwrapped(cols), head: appendMsgHead(nil, msgMap, len(cols))}
	for i, c := range cols {
		e.cols = append(e.cols, msgColumn{appendMsgText(nil, c.Name), c.Type, from[i]})
	}
	return e, nil
}

// Append writes one row. A bare column that is NULL is a null record.
func (e *msgEncoder) Append(dst []byte, row []types.Value) ([]byte, error) {
	if e.unwrap {
		if row[e.cols[0].from].IsNull() {
			return dst, ErrNullRecord
		}
		return appendMsg(dst, row[e.cols[0].from], e.cols[0].typ), nil
	}
	dst = append(dst, e.head...)
	for i := range e.cols {
		c := &e.cols[i]
		dst = appendMsg(append(dst, c.name...), row[c.from], c.typ)
	}
	return dst, nil
}

// appendMsg writes one value of the type.
func appendMsg(dst []byte, v types.Value, t *types.Type) []byte {
	switch v.Kind() {
	case types.Null:
		return append(dst, 0xc0)
	case types.Boolean:
		return append(dst, 0xc2+byte(btoi(v.Bool())))
	case types.Double:
		return binary.BigEndian.AppendUint64(append(dst, 0xcb), math.Float64bits(v.Double()))
	case types.Decimal:
		return appendMsgText(dst, types.DecimalText(v))
	case types.String:
		return appendMsgText(dst, v.Str())
	case types.Bytes:
		return append(appendMsgHead(dst, msgBin, v.Len()), v.Bytes()...)
	case types.Timestamp:
		return appendMsgTime(dst, v.Int())
	case types.Array:
		dst = appendMsgHead(dst, msgArray, v.Len())
		for _, item := range v.Items() {
			dst = appendMsg(dst, item, t.Elem)
		}
		return dst
	case types.Map:
		dst = appendMsgHead(dst, msgMap, v.Len())
		pairs := v.Pairs()
		for i := 0; i < len(pairs); i += 2 {
			dst = appendMsg(appendMsg(dst, pairs[i], t.Key), pairs[i+1], t.Elem)
		}
		return dst
	case types.Struct:
		dst = appendMsgHead(dst, msgMap, v.Len())
		for i, item := range v.Items() {
			dst = appendMsg(appendMsgText(dst, t.Fields[i].Name), item, t.Fields[i].Type)
		}
		return dst
	}
	return appendMsgInt(dst, v.Int())
}

func appendMsgText(dst []byte, s string) []byte {
	return append(appendMsgHead(dst, msgStr, len(s)), s...)
}

// appendMsgHead writes the kind and length of text, bytes, an array or a map in as few bytes as it takes.
func appendMsgHead(dst []byte, kind msgKind, n int) []byte {
	short, most, one, two := byte(0), -1, byte(0), byte(0)
	switch kind {
	case msgStr:
		short, most, one, two = 0xa0, 31, 0xd9, 0xda
	case msgBin:
		one, two = 0xc4, 0xc5
	case msgArray:
		short, most, two = 0x90, 15, 0xdc
	case msgMap:
		short, most, two = 0x80, 15, 0xde
	}
	switch {
	case n <= most:
		return append(dst, short|byte(n))
	case n <= math.MaxUint8 && one != 0:
		return append(dst, one, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, two), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, two+1), uint32(n))
}

func appendMsgInt(dst []byte, n int64) []byte {
	switch {
	case n >= -32 && n < 128:
		return append(dst, byte(n))
	case n >= 0 && n <= math.MaxUint8:
		return append(dst, 0xcc, byte(n))
	case n >= 0 && n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xcd), uint16(n))
	case n >= 0 && n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xce), uint32(n))
	case n >= 0:
		return binary.BigEndian.AppendUint64(append(dst, 0xcf), uint64(n))
	case n >= math.MinInt8:
		return append(dst, 0xd0, byte(n))
	case n >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, 0xd1), uint16(n))
	case n >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, 0xd2), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xd3), uint64(n))
}

// appendMsgTime writes the shortest timestamp that holds the milliseconds.
func appendMsgTime(dst []byte, ms int64) []byte {
	seconds := types.FloorDiv(ms, 1000)
	nanos := (ms - seconds*1000) * 1e6
	ext := msgTimestamp & math.MaxUint8
	switch {
	case nanos == 0 && seconds >= 0 && seconds <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xd6, byte(ext)), uint32(seconds))
	case seconds >= 0 && seconds < 1<<34:
		return binary.BigEndian.AppendUint64(append(dst, 0xd7, byte(ext)), uint64(nanos)<<34|uint64(seconds))
	}
	dst = binary.BigEndian.AppendUint32(append(dst, 0xc7, 12, byte(ext)), uint32(nanos))
	return binary.BigEndian.AppendUint64(dst, uint64(seconds))
}
