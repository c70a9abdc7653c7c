package serdes

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// decodeProto reads a message into the values that compare takes.
func decodeProto(m protoreflect.MessageDescriptor, data []byte) (any, error) {
	msg := dynamicpb.NewMessage(m)
	if err := proto.Unmarshal(data, msg); err != nil {
		return nil, err
	}
	if n := len(msg.GetUnknown()); n > 0 {
		return nil, fmt.Errorf("%d bytes are of fields that %s has not", n, m.FullName())
	}
	return protoObject(msg), nil
}

func protoObject(msg protoreflect.Message) map[string]any {
	out := map[string]any{}
	fields := msg.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		name := string(f.Name())
		switch {
		case f.IsMap():
			m := map[string]any{}
			msg.Get(f).Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
				m[k.String()] = protoAny(f.MapValue(), v)
				return true
			})
			out[name] = m
		case f.IsList():
			out[name] = protoList(f, msg.Get(f).List())
		case f.HasPresence() && !msg.Has(f):
			out[name] = nil
		default:
			out[name] = protoAny(f, msg.Get(f))
		}
	}
	return out
}

// protoList is a list, or a map where its items are entries of one.
func protoList(f protoreflect.FieldDescriptor, list protoreflect.List) any {
	entries := f.Message() != nil && strings.HasSuffix(string(f.Message().Name()), "Entry") && f.Message().Fields().ByName("key") != nil &&
		f.Message().Fields().ByName("value") != nil && f.Message().Fields().Len() == 2
	items, m := []any{}, map[string]any{}
	for i := range list.Len() {
		v := protoAny(f, list.Get(i))
		if entry, ok := v.(map[string]any); ok && entries {
			m[fmt.Sprint(entry["key"])] = entry["value"]
		}
		items = append(items, v)
	}
	if entries {
		return m
	}
	return items
}

func protoAny(f protoreflect.FieldDescriptor, v protoreflect.Value) any {
	switch f.Kind() {
	case protoreflect.EnumKind:
		if e := f.Enum().Values().ByNumber(v.Enum()); e != nil {
			return string(e.Name())
		}
		return int64(v.Enum())
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return protoMessage(v.Message())
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind, protoreflect.Fixed32Kind, protoreflect.Fixed64Kind:
		return int64(v.Uint())
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return v.Float()
	case protoreflect.BytesKind:
		return append([]byte{}, v.Bytes()...)
	case protoreflect.StringKind:
		return v.String()
	case protoreflect.BoolKind:
		return v.Bool()
	}
	return v.Int()
}

// protoMessage makes one value of the messages that cases write so.
func protoMessage(msg protoreflect.Message) any {
	obj := protoObject(msg)
	num := func(name string) int64 {
		n, _ := obj[name].(int64)
		return n
	}
	switch name := msg.Descriptor().FullName(); name {
	case "google.protobuf.Timestamp":
		return num("seconds")*1000 + num("nanos")/1000000
	case "google.type.Date":
		return time.Date(int(num("year")), time.Month(num("month")), int(num("day")), 0, 0, 0, 0, time.UTC).Unix() / 86400
	case "google.type.TimeOfDay":
		return (num("hours")*3600+num("minutes")*60+num("seconds"))*1000 + num("nanos")/1000000
	case "confluent.type.Decimal":
		data, _ := obj["value"].([]byte)
		n := new(big.Int).SetBytes(data)
		if len(data) > 0 && data[0]&0x80 != 0 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(data))))
		}
		return Decimal{n, int(num("scale"))}
	default:
		if v, ok := obj["value"]; ok && name.Parent() == "google.protobuf" && len(obj) == 1 {
			return v
		}
	}
	return obj
}
