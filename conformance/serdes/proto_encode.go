package serdes

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// encodeProto writes JSON as a message. Field names match in any case; missing fields and nulls are left out.
func encodeProto(dst []byte, m protoreflect.MessageDescriptor, raw json.RawMessage) ([]byte, error) {
	v, err := ParseJSON(raw)
	if err != nil {
		return nil, err
	}
	obj, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%v can't be written as message %s", v, m.FullName())
	}
	msg := dynamicpb.NewMessage(m)
	if err := fillProto(msg, obj); err != nil {
		return nil, err
	}
	return proto.MarshalOptions{Deterministic: true}.MarshalAppend(dst, msg)
}

func fillProto(msg protoreflect.Message, obj map[string]any) error {
	fields := msg.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		v, ok := fieldOf(obj, string(f.Name()))
		if !ok || v == nil {
			continue
		}
		if err := setProto(msg, f, v); err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	return nil
}

func setProto(msg protoreflect.Message, f protoreflect.FieldDescriptor, v any) error {
	if m, ok := v.(map[string]any); ok && f.Cardinality() == protoreflect.Repeated {
		if f.IsMap() {
			return setMap(msg.Mutable(f).Map(), f, m)
		}
		var entries []any
		for _, k := range Keys(m) {
			entries = append(entries, map[string]any{"key": k, "value": m[k]})
		}
		v = entries
	}
	if f.Cardinality() == protoreflect.Repeated {
		items, ok := v.([]any)
		if !ok {
			return fmt.Errorf("%v is no list", v)
		}
		list := msg.Mutable(f).List()
		for _, item := range items {
			x, err := protoValue(f, list.NewElement, item)
			if err != nil {
				return err
			}
			list.Append(x)
		}
		return nil
	}
	x, err := protoValue(f, func() protoreflect.Value { return msg.NewField(f) }, v)
	if err == nil {
		msg.Set(f, x)
	}
	return err
}

func setMap(m protoreflect.Map, f protoreflect.FieldDescriptor, obj map[string]any) error {
	for _, k := range Keys(obj) {
		key, err := protoValue(f.MapKey(), nil, k)
		if err != nil {
			return err
		}
		val, err := protoValue(f.MapValue(), m.NewValue, obj[k])
		if err != nil {
			return err
		}
		m.Set(key.MapKey(), val)
	}
	return nil
}

// protoValue is one value of a field; empty gives a new message.
func protoValue(f protoreflect.FieldDescriptor, empty func() protoreflect.Value, v any) (protoreflect.Value, error) {
	if f.Message() != nil {
		msg := empty()
		return msg, fillMessage(msg.Message(), v)
	}
	text := fmt.Sprint(v)
	switch f.Kind() {
	case protoreflect.BoolKind:
		b, ok := v.(bool)
		if !ok {
			return protoreflect.Value{}, fmt.Errorf("%v is no boolean", v)
		}
		return protoreflect.ValueOfBool(b), nil
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(text), nil
	case protoreflect.BytesKind:
		b, err := base64.StdEncoding.DecodeString(text)
		return protoreflect.ValueOfBytes(b), err
	case protoreflect.EnumKind:
		e := f.Enum().Values().ByName(protoreflect.Name(text))
		if e == nil {
			return protoreflect.Value{}, fmt.Errorf("%s is not in enum %s", text, f.Enum().Name())
		}
		return protoreflect.ValueOfEnum(e.Number()), nil
	case protoreflect.FloatKind:
		x, err := strconv.ParseFloat(text, 32)
		return protoreflect.ValueOfFloat32(float32(x)), err
	case protoreflect.DoubleKind:
		x, err := strconv.ParseFloat(text, 64)
		return protoreflect.ValueOfFloat64(x), err
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		n, err := strconv.ParseInt(text, 10, 32)
		return protoreflect.ValueOfInt32(int32(n)), err
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		n, err := strconv.ParseUint(text, 10, 32)
		return protoreflect.ValueOfUint32(uint32(n)), err
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		n, err := strconv.ParseUint(text, 10, 64)
		return protoreflect.ValueOfUint64(n), err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return protoreflect.ValueOfInt64(n), err
}

// fillMessage takes the messages apart that cases write as one value.
func fillMessage(msg protoreflect.Message, v any) error {
	if obj, ok := v.(map[string]any); ok {
		return fillProto(msg, obj)
	}
	set := func(parts map[string]any) error { return fillProto(msg, parts) }
	whole := func() (int64, error) { return strconv.ParseInt(fmt.Sprint(v), 10, 64) }
	switch name := msg.Descriptor().FullName(); name {
	case "google.protobuf.Timestamp":
		ms, err := whole()
		if err != nil {
			return err
		}
		at := time.UnixMilli(ms)
		return set(map[string]any{"seconds": at.Unix(), "nanos": at.Nanosecond()})
	case "google.type.Date":
		days, err := whole()
		if err != nil {
			return err
		}
		at := time.Unix(days*86400, 0).UTC()
		return set(map[string]any{"year": at.Year(), "month": int(at.Month()), "day": at.Day()})
	case "google.type.TimeOfDay":
		ms, err := whole()
		if err != nil {
			return err
		}
		return set(map[string]any{"hours": ms / 3600000, "minutes": ms / 60000 % 60, "seconds": ms / 1000 % 60, "nanos": ms % 1000 * 1000000})
	case "confluent.type.Decimal":
		d, ok := ParseDecimal(fmt.Sprint(v))
		if !ok {
			return fmt.Errorf("%v is not a decimal", v)
		}
		for d.Scale < 0 {
			d = Decimal{new(big.Int).Mul(d.Unscaled, big.NewInt(10)), d.Scale + 1}
		}
		return set(map[string]any{"value": base64.StdEncoding.EncodeToString(twosComplement(d.Unscaled, 0)), "scale": d.Scale})
	default:
		if name.Parent() == "google.protobuf" {
			return set(map[string]any{"value": v})
		}
		return fmt.Errorf("%v can't be written as message %s", v, name)
	}
}
