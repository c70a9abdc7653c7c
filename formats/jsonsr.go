package formats

import (
	"errors"
	"fmt"

	"weir/registry"
	"weir/types"
)

// jsonSRDecoder reads JSON behind the header of a schema registry. Which schema it was written with does not matter: what
// the document holds is there to see.
type jsonSRDecoder struct{ *jsonDecoder }

func newJSONSRDecoder(spec Spec, cols types.Schema, wanted []int) (Decoder, error) {
	return jsonSRDecoder{newJSONDecoder(spec, cols, wanted)}, nil
}

// Decode reads one record.
func (d jsonSRDecoder) Decode(data []byte, dst []types.Value) error {
	_, at, err := prefixed(JSONSR, data)
	if err != nil {
		return err
	}
	return d.decode(data, at, dst)
}

// DecodeHeaded implements Headed.
func (d jsonSRDecoder) DecodeHeaded(header, data []byte, dst []types.Value) error {
	if _, _, err := headed(JSONSR, header); err != nil {
		return err
	}
	return d.decode(data, 0, dst)
}

func (d jsonSRDecoder) decode(data []byte, at int, dst []types.Value) error {
	err := d.jsonDecoder.Decode(data[at:], dst)
	if err == nil {
		return nil
	}
	if e := (*Error)(nil); errors.As(err, &e) {
		e.Format = JSONSR
		e.Offset += at
	}
	return err
}

// jsonSREncoder writes JSON behind the header of a schema registry.
type jsonSREncoder struct {
	header [confluentHeader]byte
	json   Encoder
}

func newJSONSREncoder(spec Spec, cols types.Schema, from []int) (Encoder, error) {
	s, err := registerAndFetch(spec, cols, registry.JSON)
	if err != nil {
		return nil, err
	}
	if spec.SchemaID != nil {
		if cols, err = namedAs(spec, s, cols); err != nil {
			return nil, fmt.Errorf("schema %d: %w", s.ID, err)
		}
	}
	return &jsonSREncoder{schemaHeader(s.ID), newJSONEncoder(spec, cols, from)}, nil
}

// Append writes one row. A bare column that is NULL is a null record.
func (e *jsonSREncoder) Append(dst []byte, row []types.Value) ([]byte, error) {
	out, err := e.json.Append(append(dst, e.header[:]...), row)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// namedAs gives the columns the names that a given schema has for them.
func namedAs(spec Spec, s registered, cols types.Schema) (types.Schema, error) {
	t, err := jsonSchemaType(s, false, freeObject)
	if err != nil {
		return nil, err
	}
	if spec.unwrapped(cols) {
		out := append(types.Schema(nil), cols...)
		out[0].Type, err = renamed(cols[0].Type, t, cols[0].Name)
		return out, err
	}
	if t.Kind != types.Struct {
		return nil, fmt.Errorf("the columns are to be an object's properties, but the schema is of %s", t)
	}
	return renamedFields(cols, t, "")
}

func renamedFields(cols types.Schema, as *types.Type, path string) (types.Schema, error) {
	names := make([]string, len(as.Fields))
	for i, f := range as.Fields {
		names[i] = f.Name
	}
	out := append(types.Schema(nil), cols...)
	found := make([]bool, len(cols))
	for i, c := range matchNames(names, cols) {
		if c < 0 {
			continue
		}
		found[c] = true
		out[c].Name = names[i]
		var err error
		if out[c].Type, err = renamed(cols[c].Type, as.Fields[i].Type, path+cols[c].Name); err != nil {
			return nil, err
		}
	}
	for i, c := range cols {
		if !found[i] {
			return nil, fmt.Errorf("the schema has no property for column %s", types.QuoteName(path+c.Name))
		}
	}
	return out, nil
}

// freeObject stands for an object of which a given schema does not tell the properties.
var freeObject = types.TStruct()

// renamed is the type with the names of another one's fields. Scalars must be ones that JSON writes alike.
func renamed(t, as *types.Type, path string) (*types.Type, error) {
	if as == freeObject && (t.Kind == types.Map || t.Kind == types.Struct) {
		return t, nil
	}
	if t.Kind != as.Kind {
		if _, err := writing(t, as); t.Kind.Nested() || err != nil {
			return nil, fmt.Errorf("column %s of type %s cannot be written as %s", types.QuoteName(path), t, as)
		}
		return t, nil
	}
	out := *t
	var err error
	switch t.Kind {
	case types.Array, types.Map:
		out.Elem, err = renamed(t.Elem, as.Elem, path+"[]")
	case types.Struct:
		var cols types.Schema
		if cols, err = renamedFields(fieldsOf(t), as, path+"->"); err != nil {
			return nil, err
		}
		out.Fields = nil
		for _, c := range cols {
			out.Fields = append(out.Fields, types.Field{Name: c.Name, Type: c.Type})
		}
	}
	return &out, err
}
