package server

import (
	"weir/engine"
	"weir/server/entity"
	"weir/server/wire"
)

// packed is the shape of /query with rows that are messages of Protobuf.
type packed struct {
	streamed
	rows *entity.Packer
}

func (*packed) media() string { return wire.Protobuf }

func (p *packed) open(r *engine.Rows) error {
	var err error
	if p.rows, err = entity.NewPacker(r.Columns); err != nil {
		return wire.Generic(wire.BadRequest, "the rows can't be written as Protobuf: "+err.Error())
	}
	return nil
}

func (p *packed) begin(dst []byte, r *engine.Rows) []byte {
	return appendJSON(append(dst, '['), wire.StreamedRow{Header: &wire.Header{QueryID: r.QueryID, ProtoSchema: p.rows.Schema}})
}

func (p *packed) row(dst []byte, _ *engine.Rows, row engine.Row) ([]byte, error) {
	dst, err := p.rows.Append(append(dst, ",\n{\"row\":{\"protobufBytes\":\""...), row.Values)
	if err != nil {
		return dst, err
	}
	dst = append(dst, '"')
	if row.Tombstone {
		dst = append(dst, `,"tombstone":true`...)
	}
	return append(dst, "}}"...), nil
}
