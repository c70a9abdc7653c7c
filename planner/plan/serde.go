package plan

import (
	"strconv"

	"weir/catalog"
	"weir/formats"
	"weir/registry"
	"weir/types"
)

// Spec is a serde as the formats take it. The registry is for the caller to put in.
func Spec(s catalog.Serde, key bool, topic string) formats.Spec {
	spec := formats.Spec{Format: s.Format, IsKey: key, Topic: topic, Props: map[string]string{}}
	for name, v := range s.Props {
		switch name {
		case "DELIMITER":
			spec.Props[formats.PropDelimiter] = v
		case "SCHEMA_FULL_NAME":
			spec.Props[formats.PropFullName] = v
			spec.FullName = v
		case "SCHEMA_ID":
			if id, err := strconv.Atoi(v); err == nil {
				spec.SchemaID = &id
			}
		case "PROTOBUF_NULLABLE_REPRESENTATION":
			spec.Props[formats.PropNullable] = v
		case "WRAP_SINGLE_VALUE":
			wrap := v == "true"
			spec.Wrap = &wrap
		default:
			spec.Props[name] = v
		}
	}
	return spec
}

// Side is the key or the value of a source's records.
type Side struct {
	Spec    formats.Spec
	Columns types.Schema // those that lie in it
	Slots   []int        // and their places in the source's schema
}

// Sides are the key and the value of a source's records. reg is nil where there is no registry.
func Sides(src *catalog.Source, reg registry.Client) [2]Side {
	sides := [2]Side{{Spec: Spec(src.Key, true, src.Topic)}, {Spec: Spec(src.Value, false, src.Topic)}}
	for i, role := range []types.Role{types.KeyColumn, types.ValueColumn} {
		s := &sides[i]
		s.Spec.Registry = reg
		s.Columns = src.Schema.With(role)
		for slot, c := range src.Schema {
			if c.Role == role {
				s.Slots = append(s.Slots, slot)
			}
		}
	}
	return sides
}
