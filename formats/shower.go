package formats

import (
	"context"
	"encoding/json"

	"weir/registry"
	"weir/registry/protoschema"
	"weir/types"
)

// Shower shows data of the registry's formats as JSON by the schema that each record names, for who knows of no columns. It is for
// one goroutine.
type Shower struct {
	client registry.Client
	seen   map[protoKey]*schemaShower
}

// NewShower makes a Shower; nil for no registry.
func NewShower(client registry.Client) *Shower {
	return &Shower{client: client, seen: map[protoKey]*schemaShower{}}
}

// schemaShower shows data of one schema, or one message of a Protobuf schema.
type schemaShower struct {
	format string
	dec    Headed // nil where the data is text already, or where no columns can be made of the schema
	enc    Encoder
	row    []types.Value
}

// Show gives the data as JSON, and the name of its format. header is the value of the header that names the schema, nil for none: then
// the name is in front of the data. It is false for data that names no schema of the registry, or is not of that schema.
func (s *Shower) Show(ctx context.Context, header, data []byte) (format, text string, ok bool) {
	if s.client == nil {
		return "", "", false
	}
	named, from := header, 0
	read := headed
	if header == nil {
		named, read = data, prefixed
	}
	ref, at, err := read("", named)
	if err != nil {
		return "", "", false
	}
	if header == nil {
		from = at
	}
	schema, err := ref.find(ctx, s.client)
	if err != nil {
		return "", "", false
	}
	key := protoKey{ref: ref}
	if schema.Type == registry.Protobuf {
		end, ok := indexesEnd(named, at)
		if !ok {
			return "", "", false
		}
		key.path = string(named[at:end])
	}
	of := s.seen[key]
	if of == nil {
		if of, err = s.load(ctx, key, schema); err != nil {
			return "", "", false
		}
		if len(s.seen) >= maxPrograms {
			clear(s.seen)
		}
		s.seen[key] = of
	}
	if of.format == JSONSR {
		return JSONSR, string(data[from:]), json.Valid(data[from:])
	}
	text, ok = of.text(header, data)
	return of.format, text, ok
}

// text decodes the data and writes it as JSON.
func (s *schemaShower) text(header, data []byte) (string, bool) {
	defer s.dec.Reset()
	var err error
	if header != nil {
		err = s.dec.DecodeHeaded(header, data, s.row)
	} else {
		err = s.dec.Decode(data, s.row)
	}
	if err != nil {
		return "", false
	}
	out, err := s.enc.Append(nil, s.row)
	return string(out), err == nil
}

// load makes columns of a schema, with the names that it has, and what reads and writes them.
func (s *Shower) load(ctx context.Context, key protoKey, schema registry.Schema) (*schemaShower, error) {
	name := map[registry.Type]string{"": Avro, registry.Avro: Avro, registry.Protobuf: Protobuf, registry.JSON: JSONSR}[schema.Type]
	if name == JSONSR {
		return &schemaShower{format: JSONSR}, nil
	}
	f, err := Lookup(name)
	if err != nil {
		return nil, err
	}
	full, err := withReferences(ctx, s.client, schema, f.schemaType)
	if err != nil {
		return nil, err
	}
	spec := Spec{Format: f.Name, Registry: s.client, SchemaID: &schema.ID, Wrap: new(bool)} // one column for whatever it is
	if f.Name == Protobuf {
		file, err := protoFile(full)
		if err != nil {
			return nil, err
		}
		m, err := protoschema.At(file, protoIndexes([]byte(key.path)))
		if err != nil {
			return nil, err
		}
		spec.FullName, spec.Wrap = string(m.FullName()), nil
	}
	cols, err := f.infer(spec, full)
	if err != nil {
		return nil, err
	}
	slots := make([]int, len(cols))
	for i := range slots {
		slots[i] = i
	}
	dec, err := NewDecoder(spec, cols, slots)
	if err != nil {
		return nil, err
	}
	enc, err := NewEncoder(Spec{Format: JSON, Wrap: spec.Wrap}, cols, slots)
	if err != nil {
		return nil, err
	}
	return &schemaShower{format: f.Name, dec: dec.(Headed), enc: enc, row: make([]types.Value, len(cols))}, nil
}
