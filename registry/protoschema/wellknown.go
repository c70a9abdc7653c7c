package protoschema

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Where the types lie that columns are written as.
const (
	WrappersImport  = "google/protobuf/wrappers.proto"
	TimestampImport = "google/protobuf/timestamp.proto"
	DateImport      = "google/type/date.proto"
	TimeImport      = "google/type/timeofday.proto"
	DecimalImport   = "confluent/type/decimal.proto"
	MetaImport      = "confluent/meta.proto"
)

// wellKnown are schemas that registries do not hold. decimal.proto makes meta.proto public, since schemas that import
// only the former set field_meta too.
var wellKnown = map[string]string{
	DateImport: `syntax = "proto3"; package google.type; message Date { int32 year = 1; int32 month = 2; int32 day = 3; }`,
	TimeImport: `syntax = "proto3"; package google.type; message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }`,
	DecimalImport: `syntax = "proto3"; package confluent.type; import public "confluent/meta.proto";
		message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }`,
	MetaImport: `syntax = "proto3"; package confluent; import "google/protobuf/descriptor.proto";
		message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }
		extend google.protobuf.FileOptions { Meta file_meta = 1088; }
		extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
		extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
		extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
		extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }`,
	"google/type/money.proto":      `syntax = "proto3"; package google.type; message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }`,
	"google/type/latlng.proto":     `syntax = "proto3"; package google.type; message LatLng { double latitude = 1; double longitude = 2; }`,
	"google/type/interval.proto":   `syntax = "proto3"; package google.type; import "google/protobuf/timestamp.proto"; message Interval { google.protobuf.Timestamp start_time = 1; google.protobuf.Timestamp end_time = 2; }`,
	"google/type/timezone.proto":   `syntax = "proto3"; package google.type; message TimeZone { string id = 1; string version = 2; }`,
	"google/type/color.proto":      `syntax = "proto3"; package google.type; import "google/protobuf/wrappers.proto"; message Color { float red = 1; float green = 2; float blue = 3; google.protobuf.FloatValue alpha = 4; }`,
	"google/type/decimal.proto":    `syntax = "proto3"; package google.type; message Decimal { string value = 1; }`,
	"google/type/fraction.proto":   `syntax = "proto3"; package google.type; message Fraction { int64 numerator = 1; int64 denominator = 2; }`,
	"google/type/quaternion.proto": `syntax = "proto3"; package google.type; message Quaternion { double x = 1; double y = 2; double z = 3; double w = 4; }`,
}

const metaNumber, paramsNumber = 1088, 2

// Params are the parameters that Confluent's field_meta gives a field, such as the precision of a decimal.
func Params(f protoreflect.FieldDescriptor) map[string]string {
	b, err := proto.MarshalOptions{AllowPartial: true}.Marshal(f.Options())
	if err != nil {
		return nil
	}
	out := map[string]string{}
	eachBytes(b, metaNumber, func(meta []byte) {
		eachBytes(meta, paramsNumber, func(entry []byte) {
			var key, value string
			eachBytes(entry, 1, func(b []byte) { key = string(b) })
			eachBytes(entry, 2, func(b []byte) { value = string(b) })
			out[key] = value
		})
	})
	return out
}

func eachBytes(b []byte, number protowire.Number, f func([]byte)) {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
			return
		}
		if num == number && typ == protowire.BytesType {
			if content, m := protowire.ConsumeBytes(b); m > 0 {
				f(content)
			}
		}
		b = b[n:]
	}
}
