package formats

import (
	"fmt"
	"strings"

	"github.com/hamba/avro/v2"

	"weir/types"
)

func inferAvro(spec Spec, s registered) (types.Schema, error) {
	schema, err := parseAvroSchema(s)
	if err != nil {
		return nil, err
	}
	in := &avroInference{upper: spec.SchemaID == nil}
	t, err := in.typeOf(schema)
	if err != nil {
		return nil, err
	}
	return spec.inferred(t)
}

type avroInference struct {
	upper bool
	open  []avro.Schema // records being read, which may not hold themselves
}

// notNull is the schema itself, or the other branch of a union with null, or what a reference names.
func notNull(s avro.Schema) avro.Schema {
	switch u := s.(type) {
	case *avro.UnionSchema:
		var others []avro.Schema
		for _, b := range u.Types() {
			if b.Type() != avro.Null {
				others = append(others, b)
			}
		}
		if len(others) == 1 {
			return notNull(others[0])
		}
	case *avro.RefSchema:
		return u.Schema()
	}
	return s
}

func (in *avroInference) typeOf(s avro.Schema) (*types.Type, error) {
	s = notNull(s)
	switch t := s.(type) {
	case *avro.ArraySchema:
		if key, val, ok := mapEntry(t); ok && t.Prop("connect.internal.type") == "MapEntry" {
			return in.mapOf(key.Type(), val.Type())
		}
		elem, err := in.typeOf(t.Items())
		if err != nil {
			return nil, err
		}
		return types.TArray(elem), nil
	case *avro.MapSchema:
		return in.mapOf(nil, t.Values())
	case *avro.RecordSchema:
		return in.structOf(t)
	case *avro.UnionSchema:
		return nil, fmt.Errorf("a union of several types, %s, is no SQL type: declare the columns", t)
	}
	kind, scale, precision := natural(s)
	switch kind {
	case types.Decimal:
		return types.TDecimal(precision, scale), nil
	case types.Null:
		return nil, fmt.Errorf("the Avro type %s is no SQL type: declare the columns", s)
	}
	return &types.Type{Kind: kind}, nil
}

func (in *avroInference) mapOf(key, val avro.Schema) (*types.Type, error) {
	k := types.TString
	var err error
	if key != nil {
		if k, err = in.typeOf(key); err != nil {
			return nil, err
		}
	}
	v, err := in.typeOf(val)
	if err != nil {
		return nil, err
	}
	return types.TMap(k, v), nil
}

func (in *avroInference) structOf(r *avro.RecordSchema) (*types.Type, error) {
	for _, o := range in.open {
		if o == r {
			return nil, fmt.Errorf("the record %s holds itself, which no SQL type does: declare the columns", r.FullName())
		}
	}
	in.open = append(in.open, r)
	var fields []types.Field
	for _, f := range r.Fields() {
		t, err := in.typeOf(f.Type())
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name(), err)
		}
		name := f.Name()
		if in.upper {
			name = strings.ToUpper(name)
		}
		fields = append(fields, types.Field{Name: name, Type: t})
	}
	in.open = in.open[:len(in.open)-1]
	return types.TStruct(fields...), nil
}

// mapEntry says whether an array is one of records with a key and a value.
func mapEntry(a *avro.ArraySchema) (key, val *avro.Field, ok bool) {
	r, ok := notNull(a.Items()).(*avro.RecordSchema)
	if !ok || len(r.Fields()) != 2 {
		return nil, nil, false
	}
	key, val = r.Fields()[0], r.Fields()[1]
	return key, val, strings.EqualFold(key.Name(), "key") && strings.EqualFold(val.Name(), "value")
}

// natural is the SQL kind of what a scalar schema writes, with the scale and precision of a decimal.
func natural(s avro.Schema) (k types.Kind, scale, precision int) {
	var logical avro.LogicalSchema
	switch t := s.(type) {
	case *avro.PrimitiveSchema:
		logical = t.Logical()
	case *avro.FixedSchema:
		logical = t.Logical()
	}
	if logical != nil {
		switch logical.Type() {
		case avro.Decimal:
			if d, ok := logical.(*avro.DecimalLogicalSchema); ok {
				return types.Decimal, d.Scale(), d.Precision()
			}
		case avro.Date:
			return types.Date, 0, 0
		case avro.TimeMillis, avro.TimeMicros:
			return types.Time, 0, 0
		case avro.TimestampMillis, avro.TimestampMicros, avro.LocalTimestampMillis, avro.LocalTimestampMicros:
			return types.Timestamp, 0, 0
		}
	}
	switch s.Type() {
	case avro.Boolean:
		return types.Boolean, 0, 0
	case avro.Int:
		return types.Integer, 0, 0
	case avro.Long:
		return types.Bigint, 0, 0
	case avro.Float, avro.Double:
		return types.Double, 0, 0
	case avro.String, avro.Enum:
		return types.String, 0, 0
	case avro.Bytes, avro.Fixed:
		return types.Bytes, 0, 0
	}
	return types.Null, 0, 0
}
