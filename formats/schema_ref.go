package formats

import (
	"context"
	"encoding/binary"
	"strconv"

	"weir/registry"
	"weir/types"
)

// The headers in which serializers of Confluent's put what names a record's schema, where they do not put it in front of the data.
const (
	KeySchemaHeader   = "__key_schema_id"
	ValueSchemaHeader = "__value_schema_id"
)

// Headed is a Decoder of records that name their schema in front of the data or in a header.
type Headed interface {
	Decoder
	// DecodeHeaded is Decode for data that has nothing in front; header is the value of the header.
	DecodeHeaded(header, data []byte, dst []types.Value) error
}

// schemaRef is what names a schema in a record: its id, or else its GUID.
type schemaRef struct {
	id   int
	guid [guidSize]byte
}

const (
	idMagic, guidMagic = 0, 1
	guidSize           = 16
)

func (r schemaRef) isID() bool { return r.guid == [guidSize]byte{} }

func (r schemaRef) String() string {
	if r.isID() {
		return strconv.Itoa(r.id)
	}
	return registry.FormatGUID(r.guid)
}

func (r schemaRef) find(ctx context.Context, client registry.Client) (registry.Schema, error) {
	if r.isID() {
		return client.SchemaByID(ctx, r.id)
	}
	return client.SchemaByGUID(ctx, r.String())
}

// prefixed reads what stands in front of data; end is where it ends.
func prefixed(format string, data []byte) (ref schemaRef, end int, err error) {
	if len(data) < confluentHeader || data[0] != idMagic {
		return ref, 0, &Error{Format: format, Offset: 0, Want: "a zero byte and the 4 bytes of a schema id", Got: excerpt(data)}
	}
	ref.id = int(binary.BigEndian.Uint32(data[1:]))
	return ref, confluentHeader, nil
}

// headed reads a header; end is where what names the schema ends in it.
func headed(format string, header []byte) (ref schemaRef, end int, err error) {
	if len(header) > guidSize && header[0] == guidMagic {
		return schemaRef{guid: [guidSize]byte(header[1:])}, 1 + guidSize, nil
	}
	if ref, end, err = prefixed(format, header); err != nil {
		return ref, 0, &Error{Format: format, Offset: -1, Want: "a one and the 16 bytes of a schema's GUID in the header of the schema id", Got: excerpt(header)}
	}
	return ref, end, nil
}
