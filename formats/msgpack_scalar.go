package formats

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"

	"weir/types"
)

// scalar reads a value that holds no others; ok is false where it is none of the type.
func (d *msgDecoder) scalar(data []byte, t msgToken, to *types.Type) (v types.Value, ok bool) {
	switch t.kind {
	case msgBool:
		switch to.Kind {
		case types.Boolean:
			return types.BoolValue(t.num == 1), true
		case types.String:
			return types.StringValue(strconv.FormatBool(t.num == 1)), true
		}
	case msgInt:
		return d.whole(int64(t.num), to)
	case msgUint:
		switch to.Kind {
		case types.Double:
			return types.DoubleValue(float64(t.num)), true
		case types.Decimal, types.String:
			v, err := d.scalarOfText(strconv.AppendUint(d.room(20), t.num, 10), to)
			return v, err == nil
		}
	case msgFloat:
		return d.float(math.Float64frombits(t.num), to)
	case msgStr, msgBin:
		return d.bytes(data[t.at:t.at+t.size], t.kind, to)
	case msgExt:
		if ms, ok := msgTime(data[t.at:t.at+t.size], t.ext); ok {
			return d.timestamp(ms, to)
		}
	}
	return types.NullValue, false
}

func (d *msgDecoder) whole(n int64, to *types.Type) (types.Value, bool) {
	switch to.Kind {
	case types.Integer:
		return types.IntValue(int32(n)), fits32(n)
	case types.Bigint, types.Time, types.Date, types.Timestamp:
		return types.NumberValue(to.Kind, n), to.Kind.Holds(n)
	case types.Double:
		return types.DoubleValue(float64(n)), true
	case types.Decimal:
		v, err := exactDecimal(types.DecimalValue(n, 0), to)
		return v, err == nil
	case types.String:
		return types.StringOf(strconv.AppendInt(d.room(20), n, 10)), true
	}
	return types.NullValue, false
}

// float reads a float: whole numbers lose what is behind the point, as in JSON.
func (d *msgDecoder) float(f float64, to *types.Type) (types.Value, bool) {
	switch to.Kind {
	case types.Double:
		return types.DoubleValue(f), true
	case types.Integer, types.Bigint, types.Time, types.Date, types.Timestamp:
		if f >= -(1<<63) && f < 1<<63 {
			return d.whole(int64(f), to)
		}
	case types.Decimal:
		if v, err := types.DecimalOfDouble(f); err == nil {
			v, err = exactDecimal(v, to)
			return v, err == nil
		}
	case types.String:
		return types.StringOf(types.AppendDouble(d.room(32), f)), true
	}
	return types.NullValue, false
}

func (d *msgDecoder) bytes(b []byte, kind msgKind, to *types.Type) (types.Value, bool) {
	switch {
	case to.Kind == types.String:
		return textOf(b)
	case to.Kind == types.Bytes:
		return types.BytesValue(b), true
	case kind != msgStr || to.Kind == types.Boolean || to.Kind.Nested() || !utf8.Valid(b):
		return types.NullValue, false
	}
	v, err := d.scalarOfText(b, to)
	return v, err == nil
}

func (d *msgDecoder) timestamp(ms int64, to *types.Type) (types.Value, bool) {
	const day = 86_400_000
	switch to.Kind {
	case types.Timestamp, types.Bigint:
		return types.NumberValue(to.Kind, ms), true
	case types.Date:
		days := types.FloorDiv(ms, day)
		return types.DateValue(days), types.Date.Holds(days)
	case types.Time:
		return types.TimeValue(types.FloorMod(ms, day)), true
	case types.String:
		return types.StringOf(append(d.room(32), types.TimestampText(ms)...)), true
	}
	return types.NullValue, false
}

const msgTimestamp = -1 // the extension that a timestamp is

// msgTime reads a timestamp of 4, 8 or 12 bytes, in milliseconds.
func msgTime(b []byte, ext int8) (ms int64, ok bool) {
	if ext != msgTimestamp {
		return 0, false
	}
	var seconds, nanos int64
	switch len(b) {
	case 4:
		seconds = int64(binary.BigEndian.Uint32(b))
	case 8:
		n := binary.BigEndian.Uint64(b)
		seconds, nanos = int64(n&(1<<34-1)), int64(n>>34)
	case 12:
		seconds, nanos = int64(binary.BigEndian.Uint64(b[4:])), int64(binary.BigEndian.Uint32(b))
	default:
		return 0, false
	}
	if nanos >= 1e9 || seconds > maxSeconds || seconds < -maxSeconds {
		return 0, false
	}
	return seconds*1000 + nanos/1e6, true
}
