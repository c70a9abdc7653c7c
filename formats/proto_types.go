package formats

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weir/registry/protoschema"
	"weir/types"
)

// protoCode says how a value of a Protobuf field is read and written.
type protoCode uint8

const (
	protoInt32 protoCode = iota
	protoInt64           // also uint64, whose upper half is negative
	protoUint32
	protoSint32
	protoSint64
	protoBool
	protoEnum
	protoFixed32
	protoSfixed32
	protoFloat
	protoFixed64 // also sfixed64
	protoDouble
	protoString
	protoBytes
	protoStruct
	protoEntry // of a MAP
	protoWrapper
	protoTimestamp
	protoDate
	protoTimeOfDay
	protoDecimal
)

// protoScalars are the codes of the kinds that hold no others, and what they are in SQL.
var protoScalars = map[protoreflect.Kind]struct {
	code protoCode
	kind types.Kind
}{
	protoreflect.Int32Kind: {protoInt32, types.Integer}, protoreflect.Int64Kind: {protoInt64, types.Bigint},
	protoreflect.Uint32Kind: {protoUint32, types.Bigint}, protoreflect.Uint64Kind: {protoInt64, types.Bigint},
	protoreflect.Sint32Kind: {protoSint32, types.Integer}, protoreflect.Sint64Kind: {protoSint64, types.Bigint},
	protoreflect.Fixed32Kind: {protoFixed32, types.Bigint}, protoreflect.Sfixed32Kind: {protoSfixed32, types.Integer},
	protoreflect.Fixed64Kind: {protoFixed64, types.Bigint}, protoreflect.Sfixed64Kind: {protoFixed64, types.Bigint},
	protoreflect.FloatKind: {protoFloat, types.Double}, protoreflect.DoubleKind: {protoDouble, types.Double},
	protoreflect.BoolKind: {protoBool, types.Boolean}, protoreflect.EnumKind: {protoEnum, types.String},
	protoreflect.StringKind: {protoString, types.String}, protoreflect.BytesKind: {protoBytes, types.Bytes},
}

// protoMessages are the codes of messages that are one SQL value.
var protoMessages = map[protoreflect.FullName]struct {
	code protoCode
	kind types.Kind
}{
	"google.protobuf.Timestamp": {protoTimestamp, types.Timestamp},
	"google.type.Date":          {protoDate, types.Date},
	"google.type.TimeOfDay":     {protoTimeOfDay, types.Time},
	"confluent.type.Decimal":    {protoDecimal, types.Decimal},
}

// protoCodeOf is the code of one value of a field, and its type in SQL where that is no STRUCT and no MAP.
func protoCodeOf(f protoreflect.FieldDescriptor) (protoCode, *types.Type, error) {
	if s, ok := protoScalars[f.Kind()]; ok {
		return s.code, &types.Type{Kind: s.kind}, nil
	}
	if f.Kind() == protoreflect.GroupKind {
		return 0, nil, fmt.Errorf("field %s is a group, which no SQL type is: declare the columns", f.Name())
	}
	m := f.Message()
	if s, ok := protoMessages[m.FullName()]; ok {
		if s.code == protoDecimal {
			return s.code, decimalOf(f), nil
		}
		return s.code, &types.Type{Kind: s.kind}, nil
	}
	switch {
	case wrapped(m) != nil:
		_, t, err := protoCodeOf(wrapped(m))
		return protoWrapper, t, err
	case isEntry(f):
		return protoEntry, nil, nil
	}
	return protoStruct, nil, nil
}

// decimalOf takes precision and scale from what Confluent's field_meta says.
func decimalOf(f protoreflect.FieldDescriptor) *types.Type {
	params := protoschema.Params(f)
	t := types.TDecimal(types.MaxPrecision, 0)
	if n, err := strconv.Atoi(params["precision"]); err == nil && n > 0 {
		t.Precision = min(n, types.MaxPrecision)
	}
	if n, err := strconv.Atoi(params["scale"]); err == nil && n >= 0 {
		t.Scale = min(n, t.Precision)
	}
	return t
}

// wrapped is the value inside one of google.protobuf's wrappers.
func wrapped(m protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	if m.FullName().Parent() == "google.protobuf" && strings.HasSuffix(string(m.Name()), "Value") && m.Fields().Len() == 1 {
		if f := m.Fields().Get(0); f.Name() == "value" && f.Number() == 1 && f.Message() == nil {
			return f
		}
	}
	return nil
}

// isEntry says whether a repeated field holds the entries of a map: Protobuf's own, or Connect's, which has maps with any keys.
func isEntry(f protoreflect.FieldDescriptor) bool {
	if f.IsMap() {
		return true
	}
	m := f.Message()
	if m == nil || f.Cardinality() != protoreflect.Repeated || !strings.HasSuffix(string(m.Name()), "Entry") || m.Fields().Len() != 2 {
		return false
	}
	return m.Fields().Get(0).Name() == "key" && m.Fields().Get(1).Name() == "value"
}

// oneofName is the name of the STRUCT that Connect makes of a oneof.
func oneofName(o protoreflect.OneofDescriptor) string {
	return string(o.Name()) + "_" + strconv.Itoa(o.Index())
}

// realOneof is the oneof that a field is in, unless it stands only for an optional field.
func realOneof(f protoreflect.FieldDescriptor) protoreflect.OneofDescriptor {
	if o := f.ContainingOneof(); o != nil && !o.IsSynthetic() {
		return o
	}
	return nil
}
