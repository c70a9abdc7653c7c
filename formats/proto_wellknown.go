package formats

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"weir/types"
)

// wellKnown reads the messages that are one SQL value: Timestamp, Date, TimeOfDay and Confluent's Decimal.
func (d *protoDecoder) wellKnown(n *protoNode, data []byte, i, end int) (types.Value, error) {
	var num [5]int64 // by number
	var unscaled []byte
	err := d.eachField(n.path, data, i, end, func(number int32, wire protowire.Type, i int) (int, error) {
		switch {
		case n.code == protoDecimal && number == 1 && wire == protowire.BytesType:
			from, to := span(data, i, end)
			if from == 0 {
				return 0, d.fail(n.path, data, i, "a length within the record")
			}
			unscaled = data[from:to]
			return to, nil
		case number < int32(len(num)) && wire == protowire.VarintType:
			u, next := uvarint(data, i, end)
			num[number] = int64(u)
			return next, nil
		}
		return 0, nil
	})
	if err != nil {
		return types.NullValue, err
	}
	switch n.code {
	case protoTimestamp:
		if num[1] > maxSeconds || num[1] < -maxSeconds || num[2] < 0 || num[2] >= 1e9 {
			return types.NullValue, d.fail(n.path, data[:end], i, "seconds and nanoseconds of a TIMESTAMP")
		}
		return types.NumberValue(n.kind, num[1]*1000+num[2]/1e6), nil
	case protoDate:
		year, month, day := num[1], num[2], num[3]
		at := time.Date(int(year), time.Month(month), int(day), 0, 0, 0, 0, time.UTC)
		if year < 1 || year > 9999 || int64(at.Month()) != month || int64(at.Day()) != day {
			return types.NullValue, d.fail(n.path, data[:end], i, "year, month and day of a DATE")
		}
		return types.NumberValue(n.kind, at.Unix()/86400-btoi(at.Unix()%86400 < 0)), nil
	case protoTimeOfDay:
		if num[1] < 0 || num[1] > 23 || num[2] < 0 || num[2] > 59 || num[3] < 0 || num[3] > 59 || num[4] < 0 || num[4] >= 1e9 {
			return types.NullValue, d.fail(n.path, data[:end], i, "hours, minutes, seconds and nanoseconds of a TIME")
		}
		return types.NumberValue(n.kind, (num[1]*3600+num[2]*60+num[3])*1000+num[4]/1e6), nil
	}
	if scale := int64(int32(num[3])); scale < 0 || scale > types.MaxPrecision || len(unscaled) > maxUnscaled {
		return types.NullValue, d.fail(n.path, data[:end], i, wants(n.typ))
	}
	return types.TwosComplement(unscaled, int(num[3])), nil
}

const (
	maxSeconds  = 1 << 53 // of a timestamp: what fits 64 bits of milliseconds
	maxUnscaled = 64      // bytes of a decimal
)

func appendUint(dst []byte, number protowire.Number, n int64) []byte {
	if n == 0 {
		return dst
	}
	return protowire.AppendVarint(protowire.AppendTag(dst, number, protowire.VarintType), uint64(n))
}

// appendWellKnown writes the fields of such a message.
func (w *protoWriter) appendWellKnown(dst []byte, v types.Value) []byte {
	switch w.code {
	case protoTimestamp:
		ms := v.Int()
		seconds := types.FloorDiv(ms, 1000)
		return appendUint(appendUint(dst, 1, seconds), 2, (ms-seconds*1000)*1e6)
	case protoDate:
		at := time.Unix(v.Int()*86400, 0).UTC()
		return appendUint(appendUint(appendUint(dst, 1, int64(at.Year())), 2, int64(at.Month())), 3, int64(at.Day()))
	case protoTimeOfDay:
		ms := v.Int()
		dst = appendUint(appendUint(dst, 1, ms/3600000), 2, ms/60000%60)
		return appendUint(appendUint(dst, 3, ms/1000%60), 4, ms%1000*1e6)
	}
	dst = protowire.AppendTag(dst, 1, protowire.BytesType)
	at := len(dst)
	dst = appendTwosComplement(append(dst, 0), v)
	dst[at] = byte(len(dst) - at - 1) // a decimal has fewer than 128 bytes
	return appendUint(appendUint(dst, 2, int64(w.precision)), 3, int64(v.Scale()))
}
