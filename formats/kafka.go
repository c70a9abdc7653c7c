package formats

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"weir/types"
)

var kafkaKinds = []types.Kind{types.Integer, types.Bigint, types.Double, types.String, types.Bytes}

// kafkaWidth is the number of bytes of the kinds that have a fixed one.
func kafkaWidth(k types.Kind) int {
	switch k {
	case types.Integer:
		return 4
	case types.Bigint, types.Double:
		return 8
	}
	return 0
}

// kafkaDecoder reads what Kafka's own serializers write: big-endian numbers, text, bytes.
type kafkaDecoder struct {
	col  types.Column
	slot int
}

func newKafkaDecoder(_ Spec, cols types.Schema, wanted []int) (Decoder, error) {
	return &kafkaDecoder{cols[0], wanted[0]}, nil
}

// Reset has nothing to take back.
func (d *kafkaDecoder) Reset() {}

// Decode reads the one column.
func (d *kafkaDecoder) Decode(data []byte, dst []types.Value) error {
	kind := d.col.Type.Kind
	if width := kafkaWidth(kind); width > 0 && len(data) != width {
		return &Error{Format: Kafka, Column: d.col.Name, Offset: -1,
			Want: fmt.Sprintf("%d bytes of %s", width, kind), Got: fmt.Sprintf("%d bytes: %s", len(data), excerpt(data))}
	}
	if d.slot < 0 {
		return nil
	}
	v := &dst[d.slot]
	switch kind {
	case types.Integer:
		*v = types.IntValue(int32(binary.BigEndian.Uint32(data)))
	case types.Bigint:
		*v = types.BigintValue(int64(binary.BigEndian.Uint64(data)))
	case types.Double:
		*v = types.DoubleValue(math.Float64frombits(binary.BigEndian.Uint64(data)))
	case types.Bytes:
		*v = types.BytesValue(data)
	default:
		if !utf8.Valid(data) {
			return &Error{Format: Kafka, Column: d.col.Name, Offset: -1, Want: "text in UTF-8", Got: excerpt(data)}
		}
		*v = types.StringOf(data)
	}
	return nil
}

type kafkaEncoder struct{ from int }

func newKafkaEncoder(_ Spec, cols types.Schema, from []int) (Encoder, error) {
	if len(cols) == 0 {
		return noneEncoder{}, nil
	}
	return kafkaEncoder{from[0]}, nil
}

// Append writes the one column; a NULL is a null record.
func (e kafkaEncoder) Append(dst []byte, row []types.Value) ([]byte, error) {
	v := row[e.from]
	switch v.Kind() {
	case types.Null:
		return dst, ErrNullRecord
	case types.Integer:
		return binary.BigEndian.AppendUint32(dst, uint32(v.Int())), nil
	case types.Bigint:
		return binary.BigEndian.AppendUint64(dst, uint64(v.Int())), nil
	case types.Double:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v.Double())), nil
	}
	return append(dst, v.Bytes()...), nil
}
