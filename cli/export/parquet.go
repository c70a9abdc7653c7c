package export

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"math/big"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"weir/parser/ast"
	"weir/server/wire"
	"weir/types"
)

// parquetRows writes rows in columns.
type parquetRows struct {
	to      *parquet.GenericWriter[any]
	columns []*column
	leaves  [][]parquet.Value // of the row, column by column
	values  parquet.Row
	held    int64 // bytes of rows that the library has in memory
	most    int64
}

var codecs = map[string]compress.Codec{"none": &parquet.Uncompressed, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip, "zstd": &parquet.Zstd}

func newParquet(to io.Writer, meta wire.QueryMeta, o Options) (*parquetRows, error) {
	schema, columns, err := schemaOf(meta)
	if err != nil {
		return nil, err
	}
	p := &parquetRows{columns: columns, most: o.RowGroup, leaves: make([][]parquet.Value, columns[len(columns)-1].last)}
	p.to = parquet.NewGenericWriter[any](to, schema, parquet.Compression(codecs[o.Compression]), parquet.CreatedBy("weir", "", ""))
	return p, nil
}

func (p *parquetRows) row(values []json.RawMessage, size int) error {
	if len(values) != len(p.columns) {
		return wrongf("it has %d values for %d columns", len(values), len(p.columns))
	}
	for i := range p.leaves {
		p.leaves[i] = p.leaves[i][:0]
	}
	for i, c := range p.columns {
		if err := p.put(c, values[i], 0, 0); err != nil {
			return err
		}
	}
	p.values = p.values[:0]
	for _, leaf := range p.leaves {
		p.values = append(p.values, leaf...)
	}
	if _, err := p.to.WriteRows([]parquet.Row{p.values}); err != nil {
		return err
	}
	if p.held += int64(size); p.held < p.most {
		return nil
	}
	p.held = 0
	return p.to.Flush()
}

func (p *parquetRows) end() error { return p.to.Close() }

// put takes a value apart. rep is the level at which it begins, def the one to which what holds it is there.
func (p *parquetRows) put(c *column, raw json.RawMessage, rep, def int) error {
	if len(raw) == 0 || string(raw) == "null" {
		p.nothing(c, rep, def)
		return nil
	}
	switch c.typ.Kind {
	case ast.TypeArray:
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return c.wrong(raw)
		}
		if len(items) == 0 {
			p.nothing(c, rep, c.def)
		}
		for i, item := range items {
			if i > 0 {
				rep = c.rep + 1
			}
			if err := p.put(c.parts[0], item, rep, c.def+1); err != nil {
				return err
			}
		}
		return nil
	case ast.TypeMap:
		return p.pairs(c, raw, rep)
	case ast.TypeStruct:
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil {
			return c.wrong(raw)
		}
		for i, f := range c.typ.Fields {
			if err := p.put(c.parts[i], fields[f.Name], rep, c.def); err != nil {
				return err
			}
		}
		return nil
	default: // scalars
	}
	v, err := c.value(raw)
	if err != nil {
		return err
	}
	p.leaves[c.first] = append(p.leaves[c.first], v.Level(rep, c.def, c.first))
	return nil
}

// nothing stands for a value that is not there, or an empty list: what holds it is there to the level def.
func (p *parquetRows) nothing(c *column, rep, def int) {
	for i := c.first; i < c.last; i++ {
		p.leaves[i] = append(p.leaves[i], parquet.NullValue().Level(rep, def, i))
	}
}

// pairs takes a MAP apart, in the order in which it came.
func (p *parquetRows) pairs(c *column, raw json.RawMessage, rep int) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return c.wrong(raw)
	}
	key, empty := c.parts[0], true
	for ; dec.More(); empty, rep = false, c.rep+1 {
		name, err := dec.Token()
		text, ok := name.(string)
		var value json.RawMessage
		if err != nil || !ok || dec.Decode(&value) != nil {
			return c.wrong(raw)
		}
		k, err := key.key(text)
		if err != nil {
			return err
		}
		p.leaves[key.first] = append(p.leaves[key.first], k.Level(rep, key.def, key.first))
		if err := p.put(c.parts[1], value, rep, c.def+1); err != nil {
			return err
		}
	}
	if empty {
		p.nothing(c, rep, c.def)
	}
	return nil
}

// key reads a key of a MAP, which is text in JSON.
func (c *column) key(text string) (parquet.Value, error) {
	switch c.typ.Kind {
	case ast.TypeBoolean, ast.TypeInteger, ast.TypeBigint, ast.TypeDecimal:
		return c.value(json.RawMessage(text))
	default: // those that are texts anyway
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return parquet.Value{}, c.wrong(json.RawMessage(text))
	}
	return c.value(quoted)
}

const shownValue = 100

func (c *column) wrong(raw json.RawMessage) error {
	return wrongf("column %s: %.*s is no %s", c.name, shownValue, raw, ast.Format(c.typ))
}

// value reads a scalar as JSON has it.
func (c *column) value(raw json.RawMessage) (parquet.Value, error) {
	text, _, err := textOf(raw)
	if err != nil {
		return parquet.Value{}, err
	}
	var v parquet.Value
	switch c.typ.Kind {
	case ast.TypeBoolean:
		var b bool
		b, err = strconv.ParseBool(text)
		v = parquet.BooleanValue(b)
	case ast.TypeInteger:
		var n int64
		n, err = strconv.ParseInt(text, 10, 32)
		v = parquet.Int32Value(int32(n))
	case ast.TypeBigint:
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		v = parquet.Int64Value(n)
	case ast.TypeDouble:
		var f float64
		f, err = strconv.ParseFloat(text, 64)
		v = parquet.DoubleValue(f)
	case ast.TypeDecimal:
		return c.decimal(text)
	case ast.TypeString:
		v = parquet.ByteArrayValue([]byte(text))
	case ast.TypeBytes:
		var b []byte
		b, err = base64.StdEncoding.DecodeString(text)
		v = parquet.ByteArrayValue(b)
	case ast.TypeTime:
		v, err = days(types.ParseTime(text))
	case ast.TypeDate:
		v, err = days(types.ParseDate(text))
	case ast.TypeTimestamp:
		var ms int64
		ms, err = types.ParseTimestamp(text)
		v = parquet.Int64Value(ms)
	default: // those with parts are taken apart
	}
	if err != nil {
		return parquet.Value{}, c.wrong(raw)
	}
	return v, nil
}

// days is a number that 32 bits have to hold: of days, or of milliseconds of a day.
func days(n int64, err error) (parquet.Value, error) {
	if err == nil && int64(int32(n)) != n {
		err = strconv.ErrRange
	}
	return parquet.Int32Value(int32(n)), err
}

// decimal reads a DECIMAL, exactly.
func (c *column) decimal(text string) (parquet.Value, error) {
	v, err := types.ParseDecimal(text)
	if err == nil {
		v, err = types.FitDecimal(types.Rescale(v, c.typ.Scale), types.TDecimal(c.typ.Precision, c.typ.Scale))
	}
	if err != nil {
		return parquet.Value{}, c.wrong(json.RawMessage(text))
	}
	n := v.BigUnscaled()
	switch decimalType(c.typ.Precision).Kind() {
	case parquet.Int32:
		return parquet.Int32Value(int32(n.Int64())), nil
	case parquet.Int64:
		return parquet.Int64Value(n.Int64()), nil
	default: // bytes
	}
	size := decimalBytes(c.typ.Precision)
	if n.Sign() < 0 { // as two's complement
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	}
	return parquet.FixedLenByteArrayValue(n.FillBytes(make([]byte, size))), nil
}

// decimalBytes are enough for so many digits and a sign.
func decimalBytes(precision int) int {
	return int(math.Ceil((float64(precision)*math.Log2(10) + 1) / 8))
}
