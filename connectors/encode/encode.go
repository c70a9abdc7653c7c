// Package encode turns rows into the bytes of files, objects and requests, for sinks.
package encode

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"weir/connectors/connector"
	"weir/formats"
	"weir/types"
)

// The formats.
const (
	JSON  = "json"  // an object per line
	CSV   = "csv"   // a line per row
	Avro  = "avro"  // Avro object container files
	Lines = "lines" // the records' values as they are, with a line feed after each
)

// Formats are all formats, for the Values of a property.
var Formats = []string{JSON, CSV, Avro, Lines}

// DeletedColumn is true in rows that a table has lost, where Options.Deletes asks for them.
const DeletedColumn = "__deleted"

// Options say how rows are written.
type Options struct {
	Format    string
	Header    bool   // CSV: the columns' names come first
	Delimiter string // CSV: one character; empty for a comma
	Separator string // Lines: what comes after each value
	Deletes   bool   // rows that are deleted are written too, with DeletedColumn; else they are left out
	ValueOnly bool   // without the columns of the key
	Codec     string // Avro: null, deflate, snappy or zstandard; empty for null
}

// NeedsColumns says whether rows have to have Values.
func (o Options) NeedsColumns() bool { return o.Format != Lines }

// Encoder writes the rows of one relation.
type Encoder struct {
	opts   Options
	header []byte // of CSV
	enc    formats.Encoder
	flag   int // the place of DeletedColumn behind the others; -1 for none
	row    []types.Value
	avro   *container
	buf    []byte
}

// New makes an encoder. The error says which column a format cannot hold.
func New(rel connector.Relation, opts Options) (*Encoder, error) {
	e := &Encoder{opts: opts, flag: -1}
	if opts.Format == Lines {
		return e, nil
	}
	var cols types.Schema
	var from []int
	for i, c := range rel.Columns {
		if !c.Key || !opts.ValueOnly {
			cols, from = append(cols, types.Column{Name: c.Name, Type: c.Type}), append(from, i)
		}
	}
	if opts.Deletes {
		e.flag = len(rel.Columns)
		cols, from = append(cols, types.Column{Name: DeletedColumn, Type: types.TBoolean}), append(from, e.flag)
	}
	if len(cols) == 0 {
		return nil, fmt.Errorf("%s has no columns beside its key to write", rel.Name)
	}
	var err error
	switch opts.Format {
	case JSON:
		e.enc, err = formats.NewEncoder(formats.Spec{Format: formats.JSON}, cols, from) // one column stands in an object too
	case CSV:
		spec := formats.Spec{Format: formats.Delimited, Delimiter: opts.Delimiter}
		if err = formats.Check(spec, cols); err != nil {
			break
		}
		e.enc, err = formats.NewEncoder(spec, cols, from)
		if err == nil && opts.Header {
			e.header, err = csvHeader(spec, cols)
		}
	case Avro:
		var schema string
		if schema, e.enc, err = formats.BareAvro(recordName(rel), cols, from); err == nil {
			e.avro, err = newContainer(schema, opts.Codec)
		}
	default:
		err = fmt.Errorf("there is no format %s: the formats are %s", opts.Format, strings.Join(Formats, ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("rows of %s cannot be written as %s: %w", rel.Name, opts.Format, err)
	}
	return e, nil
}

// recordName is the name of the rows' record: the stream's or table's, of letters that Avro takes.
func recordName(rel connector.Relation) string {
	name := strings.Map(func(r rune) rune {
		if r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, rel.Name)
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

func csvHeader(spec formats.Spec, cols types.Schema) ([]byte, error) {
	names := make(types.Schema, len(cols))
	row := make([]types.Value, len(cols))
	from := make([]int, len(cols))
	for i, c := range cols {
		names[i] = types.Column{Name: c.Name, Type: types.TString}
		row[i], from[i] = types.StringValue(c.Name), i
	}
	enc, err := formats.NewEncoder(spec, names, from)
	if err != nil {
		return nil, err
	}
	line, err := enc.Append(nil, row)
	return append(line, '\n'), err
}

// Append writes rows to dst; begins says that they are the first of their file. What cannot be written goes to refuse, whose error ends it.
func (e *Encoder) Append(ctx context.Context, dst *bytes.Buffer, begins bool, rows []connector.Row, refuse func(context.Context, *connector.Row, error) error) error {
	if e.avro != nil {
		if err := e.avro.begin(dst, begins); err != nil {
			return err
		}
	}
	if begins {
		dst.Write(e.header)
	}
	for i := range rows {
		row := &rows[i]
		if row.Value == nil && !e.opts.Deletes {
			continue
		}
		if e.enc == nil {
			dst.Write(row.Value)
			dst.WriteString(e.opts.Separator)
			continue
		}
		var err error
		if e.buf, err = e.enc.Append(e.buf[:0], e.values(row)); err != nil {
			if err := refuse(ctx, row, err); err != nil {
				return err
			}
			continue
		}
		if e.avro != nil {
			err = e.avro.add(e.buf)
		} else {
			dst.Write(append(e.buf, '\n'))
		}
		if err != nil {
			return err
		}
	}
	if e.avro != nil {
		return e.avro.end()
	}
	return nil
}

// values are a row's columns, with the flag of deletes behind them.
func (e *Encoder) values(row *connector.Row) []types.Value {
	if e.flag < 0 {
		return row.Values
	}
	e.row = append(append(e.row[:0], row.Values...), types.BoolValue(row.Value == nil))
	return e.row
}

// Extension is what the names of files end in.
func (o Options) Extension() string {
	if o.Format == Lines {
		return "txt"
	}
	return o.Format
}

// ContentType is the media type.
func (o Options) ContentType() string {
	switch o.Format {
	case JSON:
		return "application/x-ndjson"
	case CSV:
		return "text/csv; charset=utf-8"
	case Avro:
		return "application/avro"
	}
	return "application/octet-stream"
}

// Signature tells files apart that have other columns: rows of another must not be added to one.
func (e *Encoder) Signature() string {
	if e.avro != nil {
		return hex.EncodeToString(e.avro.sync[:])
	}
	return string(e.header)
}
