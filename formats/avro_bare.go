package formats

import (
	"weir/registry"
	"weir/types"
)

// BareAvro writes rows in Avro without anything in front, as they stand in container files, and gives the schema for the files' headers.
// from says where in a row each column is. No registry is asked.
func BareAvro(fullName string, cols types.Schema, from []int) (schema string, enc Encoder, err error) {
	text, err := avroSchemaText(Spec{Format: Avro, FullName: fullName}, cols)
	if err != nil {
		return "", nil, err
	}
	parsed, err := parseAvroSchema(registered{Schema: registry.Schema{Type: registry.Avro, Text: text}})
	if err != nil {
		return "", nil, err
	}
	root, err := avroRootWriter(parsed, cols, from)
	if err != nil {
		return "", nil, err
	}
	return text, bareAvro{root}, nil
}

type bareAvro struct{ root *avroWriter }

// Append writes one row.
func (e bareAvro) Append(dst []byte, row []types.Value) ([]byte, error) {
	return e.root.appendFields(dst, row)
}
