package plan

import (
	"strconv"

	"weir/catalog"
	"weir/formats"
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
