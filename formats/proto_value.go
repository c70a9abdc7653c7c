package formats

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"weir/types"
)

// single reads one value into dst. A message that is there twice is merged, as Protobuf has it.
func (d *protoDecoder) single(n *protoNode, wire protowire.Type, data []byte, i, end int, dst *types.Value) (next int, err error) {
	if wire != n.wire {
		return 0, d.fail(n.path, data, i, fmt.Sprintf("%s, but the value is written as %s", n.wants(), wireNames[wire]))
	}
	if n.code != protoStruct {
		*dst, next, err = d.value(n, data, i, end)
		return next, err
	}
	from, to := span(data, i, end)
	if from == 0 {
		return 0, d.fail(n.path, data, i, "a length within the record")
	}
	if dst.IsNull() {
		fields, ok := d.structure(n.message.width)
		if !ok {
			return 0, d.fail(n.path, data, i, wantFewer)
		}
		n.message.defaults(fields)
		*dst = types.StructValue(fields)
	}
	fields := dst.Items()
	return to, d.message(n.message, data, from, to, fields)
}

var wireNames = map[protowire.Type]string{protowire.VarintType: "a varint", protowire.Fixed32Type: "4 bytes", protowire.Fixed64Type: "8 bytes",
	protowire.BytesType: "a length with bytes", protowire.StartGroupType: "a group", protowire.EndGroupType: "the end of a group", 6: "nothing known", 7: "nothing known"}

func (n *protoNode) wants() string {
	if n.code == protoEntry || n.code == protoStruct {
		return "a message"
	}
	return wants(n.typ)
}

// span reads a length and gives where the bytes behind it begin and end; from is 0 where there is none.
func span(data []byte, i, end int) (from, to int) {
	size, from := uvarint(data, i, end)
	if from == 0 || size > uint64(end-from) {
		return 0, 0
	}
	return from, from + int(size)
}

// value reads a value that is no STRUCT.
func (d *protoDecoder) value(n *protoNode, data []byte, i, end int) (v types.Value, next int, err error) {
	switch n.wire {
	case protowire.VarintType:
		u, next := uvarint(data, i, end)
		if next == 0 {
			return v, 0, d.fail(n.path, data, i, n.wants())
		}
		v, err = d.done(n, n.number(u, &d.arena), data, i, next)
		return v, next, err
	case protowire.Fixed32Type:
		if end-i < 4 {
			return v, 0, d.fail(n.path, data, i, "4 bytes")
		}
		v, err = d.done(n, n.fixed32(binary.LittleEndian.Uint32(data[i:])), data, i, i+4)
		return v, i + 4, err
	case protowire.Fixed64Type:
		if end-i < 8 {
			return v, 0, d.fail(n.path, data, i, "8 bytes")
		}
		u := binary.LittleEndian.Uint64(data[i:])
		v = n.whole(u)
		if n.code == protoDouble {
			v = types.DoubleValue(math.Float64frombits(u))
		}
		v, err = d.done(n, v, data, i, i+8)
		return v, i + 8, err
	}
	from, to := span(data, i, end)
	if from == 0 {
		return v, 0, d.fail(n.path, data, i, "a length within the record")
	}
	switch n.code {
	case protoString:
		if !utf8.Valid(data[from:to]) {
			return v, 0, d.fail(n.path, data, from, "text in UTF-8")
		}
		v = types.StringOf(data[from:to])
	case protoBytes:
		v = types.BytesValue(data[from:to])
	case protoWrapper:
		v, err = d.wrapper(n.inner, data, from, to)
		return v, to, err
	default:
		if v, err = d.wellKnown(n, data, from, to); err != nil {
			return v, 0, err
		}
	}
	v, err = d.done(n, v, data, i, to)
	return v, to, err
}

// number is what a varint means.
func (n *protoNode) number(u uint64, a *arena) types.Value {
	switch n.code {
	case protoInt32:
		return types.NumberValue(n.kind, int64(int32(u)))
	case protoUint32:
		return types.NumberValue(n.kind, int64(uint32(u)))
	case protoSint32:
		return types.NumberValue(n.kind, protowire.DecodeZigZag(u&math.MaxUint32))
	case protoSint64:
		return types.NumberValue(n.kind, protowire.DecodeZigZag(u))
	case protoBool:
		return types.BoolValue(u != 0)
	case protoEnum:
		if name, ok := n.names[int32(u)]; ok {
			return name
		}
		// A number that the schema does not name yet stays a number.
		return types.StringOf(strconv.AppendInt(a.room(11), int64(int32(u)), 10))
	}
	return n.whole(u)
}

// whole is a number of 64 bits: of a DECIMAL they have no sign.
func (n *protoNode) whole(u uint64) types.Value {
	switch {
	case n.kind != types.Decimal:
		return types.NumberValue(n.kind, int64(u))
	case u <= math.MaxInt64:
		return types.DecimalValue(int64(u), 0)
	}
	return types.BigDecimalValue(new(big.Int).SetUint64(u), 0)
}

func (n *protoNode) fixed32(u uint32) types.Value {
	switch n.code {
	case protoFloat:
		return types.DoubleValue(float64(math.Float32frombits(u)))
	case protoSfixed32:
		return types.NumberValue(n.kind, int64(int32(u)))
	}
	return types.NumberValue(n.kind, int64(u))
}

// done converts a value to the column's type.
func (d *protoDecoder) done(n *protoNode, v types.Value, data []byte, i, end int) (types.Value, error) {
	if n.convert == nil {
		return v, nil
	}
	out, err := n.convert(v)
	if err != nil {
		return types.NullValue, d.fail(n.path, data[:end], i, n.wants())
	}
	return out, nil
}

// wrapper reads the value inside one of google.protobuf's wrappers: a zero where there is none.
func (d *protoDecoder) wrapper(n *protoNode, data []byte, i, end int) (types.Value, error) {
	v := n.whole(0)
	switch n.code {
	case protoString:
		v = types.StringValue("")
	case protoBytes:
		v = types.BytesValue(nil)
	case protoFloat, protoDouble:
		v = types.DoubleValue(0)
	case protoBool:
		v = types.BoolValue(false)
	}
	v, err := d.done(n, v, data, i, end)
	if err != nil {
		return v, err
	}
	return v, d.eachField(n.path, data, i, end, func(number int32, wire protowire.Type, i int) (int, error) {
		if number != 1 {
			return 0, nil
		}
		next, err := d.single(n, wire, data, i, end, &v)
		return next, err
	})
}

// eachField hands over the place of each field's value; f gives 0 for those that it does not take.
func (d *protoDecoder) eachField(path string, data []byte, i, end int, f func(number int32, wire protowire.Type, i int) (int, error)) error {
	for i < end {
		tag, next := uvarint(data, i, end)
		if next == 0 || tag>>3 == 0 || tag>>3 > uint64(protowire.MaxValidNumber) {
			return d.fail(path, data, i, "the tag of a field")
		}
		number, wire := int32(tag>>3), protowire.Type(tag&7)
		at, err := f(number, wire, next)
		if err != nil {
			return err
		}
		if at == 0 {
			if at = skipProto(data, next, end, number, wire); at == 0 {
				return d.fail(path, data, i, "the value of a field")
			}
		}
		i = at
	}
	return nil
}
