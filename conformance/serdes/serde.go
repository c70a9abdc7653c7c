// Package serdes turns the values of cases into bytes and back, without the formats that are being tested: what both got
// wrong would not show.
package serdes

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"weir/formats"
	"weir/registry"
	"weir/types"
)

// Serde writes and reads keys or values of one topic.
type Serde struct {
	Format   string
	Cols     types.Schema // that the format is to hold
	Registry registry.Client
	Subject  string // under which the registry has their schema
	FullName string // of the message, where the schema has several
	Optional bool   // fields of PROTOBUF_NOSR can be null
}

// Encode writes a value as its format would have it; null is nil.
func (s Serde) Encode(raw json.RawMessage) ([]byte, error) {
	if IsNull(raw) {
		return nil, nil
	}
	switch s.Format {
	case formats.None:
		return nil, nil
	case formats.JSON:
		return Compact(raw), nil
	case formats.Delimited:
		return []byte(Text(raw)), nil
	case formats.Kafka:
		return s.encodeScalar(raw)
	case formats.Avro, formats.JSONSR:
		latest, err := s.Registry.Latest(context.Background(), s.Subject)
		if err != nil {
			return nil, err
		}
		head := binary.BigEndian.AppendUint32([]byte{0}, uint32(latest.ID))
		if s.Format == formats.JSONSR {
			return append(head, Compact(raw)...), nil
		}
		return encodeAvro(head, latest.Text, raw)
	case formats.Protobuf, formats.ProtobufNoSR:
		return s.encodeProtobuf(raw)
	case formats.MsgPack:
		return encodeMsgPack(raw)
	}
	return nil, fmt.Errorf("the runner cannot write %s", s.Format)
}

// Decode reads what a query wrote.
func (s Serde) Decode(data []byte) (any, error) {
	if data == nil {
		return nil, nil
	}
	switch s.Format {
	case formats.None:
		return nil, nil
	case formats.JSON:
		return ParseJSON(data)
	case formats.Delimited:
		return string(data), nil
	case formats.Kafka:
		return s.decodeScalar(data)
	case formats.Avro, formats.JSONSR:
		if len(data) < 5 || data[0] != 0 {
			return nil, fmt.Errorf("%q does not begin with the id of a schema", data)
		}
		if s.Format == formats.JSONSR {
			return ParseJSON(data[5:])
		}
		schema, err := s.Registry.SchemaByID(context.Background(), int(binary.BigEndian.Uint32(data[1:])))
		if err != nil {
			return nil, err
		}
		return decodeAvro(schema.Text, data[5:])
	case formats.Protobuf, formats.ProtobufNoSR:
		return s.decodeProtobuf(data)
	case formats.MsgPack:
		return decodeMsgPack(data)
	}
	return nil, fmt.Errorf("the runner cannot read %s", s.Format)
}

// Compact is JSON without the layout of the file it stands in; numbers stay as they are written.
func Compact(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

// Text is the content of a JSON string, or other JSON as it is.
func Text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// ParseJSON keeps numbers as they are written.
func ParseJSON(data []byte) (any, error) {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("%q is not JSON: %w", data, err)
	}
	return v, nil
}

func (s Serde) kind() types.Kind {
	if len(s.Cols) == 1 {
		return s.Cols[0].Type.Kind
	}
	return types.String
}

func (s Serde) encodeScalar(raw json.RawMessage) ([]byte, error) {
	t := Text(raw)
	switch s.kind() {
	case types.Integer:
		n, err := strconv.ParseInt(t, 10, 32)
		return binary.BigEndian.AppendUint32(nil, uint32(n)), err
	case types.Bigint:
		n, err := strconv.ParseInt(t, 10, 64)
		return binary.BigEndian.AppendUint64(nil, uint64(n)), err
	case types.Double:
		f, err := strconv.ParseFloat(t, 64)
		return binary.BigEndian.AppendUint64(nil, math.Float64bits(f)), err
	case types.Bytes:
		return base64.StdEncoding.DecodeString(t)
	}
	return []byte(t), nil
}

func (s Serde) decodeScalar(data []byte) (any, error) {
	switch k := s.kind(); {
	case k == types.Integer && len(data) == 4:
		return int64(int32(binary.BigEndian.Uint32(data))), nil
	case k == types.Bigint && len(data) == 8:
		return int64(binary.BigEndian.Uint64(data)), nil
	case k == types.Double && len(data) == 8:
		return math.Float64frombits(binary.BigEndian.Uint64(data)), nil
	case k == types.Bytes:
		return append([]byte{}, data...), nil
	case k == types.Integer, k == types.Bigint, k == types.Double:
		return nil, fmt.Errorf("%q is not a %s", data, k)
	}
	return string(data), nil
}

// IsNull says whether JSON is missing or null.
func IsNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
