package entity

import (
	"encoding/base64"

	"weir/formats"
	"weir/types"
)

// Packer writes rows as messages of Protobuf.
type Packer struct {
	Schema string // of the messages
	enc    formats.Encoder
	buf    []byte
}

// NewPacker makes one for rows of some columns.
func NewPacker(columns types.Schema) (*Packer, error) {
	cols := make(types.Schema, len(columns))
	slots := make([]int, len(columns))
	for i, c := range columns {
		cols[i], slots[i] = types.Column{Name: c.Name, Type: c.Type}, i
	}
	spec := formats.Spec{Format: formats.ProtobufNoSR}
	text, err := formats.ProtoSchema(spec, cols)
	if err != nil {
		return nil, err
	}
	enc, err := formats.NewEncoder(spec, cols, slots)
	return &Packer{Schema: text, enc: enc}, err
}

// Append writes a row, in base64.
func (p *Packer) Append(dst []byte, row []types.Value) ([]byte, error) {
	var err error
	if p.buf, err = p.enc.Append(p.buf[:0], row); err != nil {
		return dst, err
	}
	return base64.StdEncoding.AppendEncode(dst, p.buf), nil
}
