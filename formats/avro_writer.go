package formats

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/hamba/avro/v2"

	"weir/types"
)

// avroRootWriter compiles the record of the columns.
func avroRootWriter(s avro.Schema, cols types.Schema, from []int) (*avroWriter, error) {
	branch := -1
	if u, ok := s.(*avro.UnionSchema); ok {
		for i, b := range u.Types() {
			if notNull(b).Type() == avro.Record {
				branch, s = i, b
				break
			}
		}
	}
	r, ok := notNull(s).(*avro.RecordSchema)
	if !ok {
		return nil, fmt.Errorf("the columns are to be a record's fields, but the schema is %s", s.Type())
	}
	w, err := avroRecordWriter(r, cols, from, "")
	if err != nil {
		return nil, err
	}
	w.branch = branch
	return w, nil
}

func avroRecordWriter(r *avro.RecordSchema, cols types.Schema, from []int, path string) (*avroWriter, error) {
	w := &avroWriter{code: avroRecord, null: -1, branch: -1, path: path}
	of := matchFields(r, cols)
	written := make([]bool, len(cols))
	for i, f := range r.Fields() {
		field := avroWriterField{from: -1}
		var err error
		if c := of[i]; c >= 0 {
			written[c] = true
			name := cols[c].Name
			if path != "" {
				name = path + "->" + name
			}
			field.from = from[c]
			field.node, err = avroWriterOf(f.Type(), cols[c].Type, name)
			if err == nil && field.node.null < 0 && f.HasDefault() {
				field.constant, err = avroDefault(f)
			}
		} else {
			field.constant, err = avroDefault(f)
		}
		if err != nil {
			return nil, err
		}
		w.fields = append(w.fields, field)
	}
	for i, c := range cols {
		if !written[i] {
			return nil, fmt.Errorf("the schema has no field for column %s", types.QuoteName(c.Name))
		}
	}
	return w, nil
}

// avroWriterOf compiles a value of the column's type for a schema. Of a union's branches the first that can hold it is taken.
func avroWriterOf(s avro.Schema, t *types.Type, path string) (*avroWriter, error) {
	u, ok := s.(*avro.UnionSchema)
	if !ok {
		return avroPlainWriter(notNull(s), t, path)
	}
	null := -1
	var found *avroWriter
	var first error
	for i, b := range u.Types() {
		if b.Type() == avro.Null {
			null = i
			continue
		}
		if found != nil {
			continue
		}
		w, err := avroPlainWriter(notNull(b), t, path)
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		w.branch, found = i, w
	}
	if found == nil {
		return nil, first
	}
	found.null = null
	return found, nil
}

func unwritable(s avro.Schema, t *types.Type, path string) error {
	return fmt.Errorf("column %s of type %s cannot be written as %s", types.QuoteName(path), t, s)
}

func avroPlainWriter(s avro.Schema, t *types.Type, path string) (*avroWriter, error) {
	w := &avroWriter{null: -1, branch: -1, typ: t, path: path}
	var err error
	switch x := s.(type) {
	case *avro.RecordSchema:
		if t.Kind != types.Struct {
			return nil, unwritable(s, t, path)
		}
		from := make([]int, len(t.Fields))
		for i := range from {
			from[i] = i
		}
		return avroRecordWriter(x, fieldsOf(t), from, path)
	case *avro.ArraySchema:
		switch t.Kind {
		case types.Array:
			w.code = avroArray
			w.elem, err = avroWriterOf(x.Items(), t.Elem, path+"[]")
			return w, err
		case types.Map:
			return avroEntriesWriter(w, x)
		}
		return nil, unwritable(s, t, path)
	case *avro.MapSchema:
		if t.Kind != types.Map || t.Key.Kind != types.String {
			return nil, unwritable(s, t, path)
		}
		w.code = avroMap
		w.key = &avroWriter{code: avroText, null: -1, branch: -1, path: path}
		w.elem, err = avroWriterOf(x.Values(), t.Elem, path+"[]")
		return w, err
	}
	return avroScalarWriter(w, s)
}

func avroEntriesWriter(w *avroWriter, x *avro.ArraySchema) (*avroWriter, error) {
	key, val, ok := mapEntry(x)
	if !ok {
		return nil, unwritable(x, w.typ, w.path)
	}
	w.code, w.size = avroEntries, -1
	if u, ok := x.Items().(*avro.UnionSchema); ok {
		for i, b := range u.Types() {
			if b.Type() != avro.Null {
				w.size = i
			}
		}
	}
	var err error
	if w.key, err = avroWriterOf(key.Type(), w.typ.Key, w.path); err != nil {
		return nil, err
	}
	w.elem, err = avroWriterOf(val.Type(), w.typ.Elem, w.path+"[]")
	return w, err
}

// avroScalarWriter reuses what the reader knows of scalars: the code, and the kind that is written.
func avroScalarWriter(w *avroWriter, s avro.Schema) (*avroWriter, error) {
	n, err := (&avroCompiler{}).scalar(&avroNode{}, s)
	if err != nil {
		return nil, err
	}
	w.code, w.kind, w.times, w.scale, w.size = n.code, n.kind, n.divide, n.scale, n.size
	if len(n.symbols) > 0 {
		w.symbols = map[string]int{}
		for i, symbol := range n.symbols {
			w.symbols[symbol.Str()] = i
		}
	}
	t := w.typ
	if w.times > 0 && !t.Kind.Temporal() {
		n.kind, w.kind, w.times = types.Bigint, types.Bigint, 0 // the microseconds as they are
	}
	_, scale, precision := natural(s)
	to := &types.Type{Kind: n.kind, Scale: scale, Precision: precision}
	if n.kind == types.Null || s.Type() == avro.Null {
		return nil, unwritable(s, t, w.path)
	}
	if w.convert, err = writing(t, to); errors.Is(err, errMismatch) {
		return nil, unwritable(s, t, w.path)
	}
	return w, err
}

// signedBytes is a number in two's complement, big-endian.
func signedBytes(n *big.Int) []byte {
	if n.Sign() >= 0 {
		return append([]byte{0}, n.Bytes()...)
	}
	size := n.BitLen()/8 + 1
	b := new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*size))).Bytes()
	for len(b) < size {
		b = append([]byte{0xFF}, b...)
	}
	return b
}
