package formats

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/hamba/avro/v2"

	"weir/registry"
	"weir/types"
)

// avroDecoder reads Avro data by a program made of the writer's schema, one per schema, and the wanted columns. What
// the writer has not is NULL. Names match exactly or, failing that, in upper case.
type avroDecoder struct {
	arena
	client   registry.Client
	cols     types.Schema
	wanted   []int
	slots    []int // the wanted ones
	unwrap   bool
	programs map[schemaRef]*avroProgram
	last     *avroProgram
	lastRef  schemaRef
	zeros    int // items without a byte of their own that the record has had
}

// avroProgram is compiled for one schema; err is set where the columns can't be read with it.
type avroProgram struct {
	root *avroNode
	err  error
}

const maxEmptyItems = 1 << 16

func newAvroDecoder(spec Spec, cols types.Schema, wanted []int) (Decoder, error) {
	d := &avroDecoder{client: spec.Registry, cols: cols, wanted: wanted, unwrap: spec.unwrapped(cols), programs: map[schemaRef]*avroProgram{}}
	for _, slot := range wanted {
		if slot >= 0 {
			d.slots = append(d.slots, slot)
		}
	}
	return d, nil
}

// Reset takes back the values given out so far.
func (d *avroDecoder) Reset() { d.reset() }

// Decode reads one record in the wire format of a schema registry. The first record of a schema waits for the registry;
// where that can't be asked the error is ErrRegistry.
func (d *avroDecoder) Decode(data []byte, dst []types.Value) error {
	ref, at, err := prefixed(Avro, data)
	if err != nil {
		return err
	}
	return d.decode(ref, data, at, dst)
}

// DecodeHeaded implements Headed.
func (d *avroDecoder) DecodeHeaded(header, data []byte, dst []types.Value) error {
	ref, _, err := headed(Avro, header)
	if err != nil {
		return err
	}
	return d.decode(ref, data, 0, dst)
}

func (d *avroDecoder) decode(ref schemaRef, data []byte, at int, dst []types.Value) error {
	if d.last == nil || ref != d.lastRef {
		if err := d.load(ref); err != nil {
			return err
		}
	}
	if d.last.err != nil {
		return d.last.err
	}
	for _, slot := range d.slots {
		dst[slot] = types.NullValue
	}
	d.zeros, d.stack = 0, d.stack[:0]
	end, err := d.row(d.last.root, data, at, dst)
	if err != nil {
		if e := (*Error)(nil); errors.As(err, &e) {
			return fmt.Errorf("schema %s: %w", ref, err)
		}
		return err
	}
	if end < len(data) {
		return fmt.Errorf("schema %s: %w", ref, &Error{Format: Avro, Offset: end, Want: "the end of the record", Got: excerpt(data[end:])})
	}
	return nil
}

func (d *avroDecoder) load(ref schemaRef) error {
	p := d.programs[ref]
	if p == nil {
		ctx, cancel := context.WithTimeout(context.Background(), registryTimeout)
		defer cancel()
		schema, err := fetchAvro(ctx, d.client, ref)
		if errors.Is(err, ErrRegistry) {
			return err
		}
		p = &avroProgram{err: err}
		if err == nil {
			c := &avroCompiler{skips: map[avro.Schema]*avroNode{}}
			switch {
			case !d.unwrap:
				p.root, p.err = c.root(schema, d.cols, d.wanted)
			case d.wanted[0] < 0:
				p.root, p.err = c.skip(schema)
			default:
				p.root, p.err = c.value(schema, d.cols[0].Type, d.cols[0].Name)
			}
			if p.err != nil {
				p.err = fmt.Errorf("schema %s: %w", ref, p.err)
			}
		}
		if len(d.programs) >= maxPrograms {
			clear(d.programs)
		}
		d.programs[ref] = p
	}
	d.last, d.lastRef = p, ref
	return nil
}

// row reads the record of the columns, or the bare column.
func (d *avroDecoder) row(n *avroNode, data []byte, i int, dst []types.Value) (int, error) {
	if d.unwrap {
		if d.wanted[0] < 0 {
			return d.skip(n, data, i, 0)
		}
		v, end, err := d.value(n, data, i)
		if err == nil {
			dst[d.wanted[0]] = v
			if v.IsNull() {
				err = ErrNullRecord
			}
		}
		return end, err
	}
	if n.code == avroUnion {
		branch, end, err := d.branch(n, data, i)
		if err != nil {
			return 0, err
		}
		if branch.code == avroNull {
			return end, ErrNullRecord
		}
		n, i = branch, end
	}
	return d.fields(n, data, i, dst)
}

// fields reads a record's fields into the slots of dst.
func (d *avroDecoder) fields(n *avroNode, data []byte, i int, dst []types.Value) (int, error) {
	var err error
	for f := range n.fields {
		field := &n.fields[f]
		node := field.node
		if node.code == avroUnion && i < len(data) && data[i]&0x81 == 0 && int(data[i]>>1) < len(node.union) {
			node = node.union[data[i]>>1]
			i++
		}
		if field.slot >= 0 {
			dst[field.slot], i, err = d.value(node, data, i)
		} else if end := skipShort(node, data, i); end > 0 {
			i = end
		} else {
			i, err = d.skip(node, data, i, 0)
		}
		if err != nil {
			return 0, err
		}
	}
	return i, nil
}

// skipShort steps over the commonest values; 0 where it takes the long way.
func skipShort(n *avroNode, data []byte, i int) (end int) {
	if i >= len(data) || data[i]&0x80 != 0 {
		return 0
	}
	switch n.code {
	case avroInt, avroLong:
		return i + 1
	case avroText, avroBytes:
		if end := i + 1 + int(data[i]>>1); data[i]&1 == 0 && end <= len(data) {
			return end
		}
	}
	return 0
}

func (n *avroNode) fail(data []byte, at int, want string) error {
	at = min(at, len(data))
	return &Error{Format: Avro, Column: n.path, Offset: at, Want: want, Got: excerpt(data[at:])}
}

// varint reads a zig-zag number; end is 0 where there is none.
func varint(data []byte, i int) (n int64, end int) {
	if i < len(data) && data[i] < 0x80 {
		u := data[i]
		return int64(u>>1) ^ -int64(u&1), i + 1
	}
	if i > len(data) {
		return 0, 0
	}
	n, used := binary.Varint(data[i:])
	if used <= 0 {
		return 0, 0
	}
	return n, i + used
}

func (d *avroDecoder) branch(n *avroNode, data []byte, i int) (*avroNode, int, error) {
	at, end := varint(data, i)
	if end == 0 || at < 0 || at >= int64(len(n.union)) {
		return nil, 0, n.fail(data, i, fmt.Sprintf("the number of one of %d branches of a union", len(n.union)))
	}
	return n.union[at], end, nil
}

// span reads a length and gives the bytes behind it.
func (n *avroNode) span(data []byte, i int) (from, to int, err error) {
	size, from := varint(data, i)
	if from == 0 || size < 0 || size > int64(len(data)-from) {
		return 0, 0, n.fail(data, i, "a length within the record")
	}
	return from, from + int(size), nil
}

// value reads a value that is wanted.
func (d *avroDecoder) value(n *avroNode, data []byte, i int) (v types.Value, end int, err error) {
	switch n.code {
	case avroNull:
		return types.NullValue, i, nil
	case avroUnion:
		branch, end, err := d.branch(n, data, i)
		if err != nil {
			return types.NullValue, 0, err
		}
		return d.value(branch, data, end)
	case avroInt, avroLong:
		num, end := varint(data, i)
		if end == 0 {
			return types.NullValue, 0, n.fail(data, i, "a whole number")
		}
		if n.code == avroInt && !fits32(num) {
			return types.NullValue, 0, n.fail(data, i, "a number of 32 bits")
		}
		if n.divide > 0 {
			num = types.FloorDiv(num, n.divide)
		}
		return n.converted(types.NumberValue(n.kind, num), data, i, end)
	case avroBytes, avroText:
		from, to, err := n.span(data, i)
		if err != nil {
			return types.NullValue, 0, err
		}
		if n.kind == types.Bytes {
			return n.converted(types.BytesValue(data[from:to]), data, i, to)
		}
		if !utf8.Valid(data[from:to]) {
			return types.NullValue, 0, n.fail(data, from, "text in UTF-8")
		}
		return n.converted(types.StringOf(data[from:to]), data, i, to)
	case avroBoolean, avroFloat, avroDouble, avroFixed, avroFixedDecimal:
		return d.fixed(n, data, i)
	case avroDecimal:
		from, to, err := n.span(data, i)
		if err != nil {
			return types.NullValue, 0, err
		}
		return n.converted(types.TwosComplement(data[from:to], n.scale), data, i, to)
	case avroEnum:
		at, end := varint(data, i)
		if end == 0 || at < 0 || at >= int64(len(n.symbols)) {
			return types.NullValue, 0, n.fail(data, i, fmt.Sprintf("the number of one of %d symbols", len(n.symbols)))
		}
		return n.symbols[at], end, nil
	case avroRecord:
		fields := d.values(n.width)
		end, err := d.fields(n, data, i, fields)
		return types.StructValue(fields), end, err
	case avroArray, avroMap, avroEntries:
		return d.collection(n, data, i)
	}
	return types.NullValue, 0, n.fail(data, i, n.want)
}

func (n *avroNode) converted(v types.Value, data []byte, i, end int) (types.Value, int, error) {
	if n.convert == nil {
		return v, end, nil
	}
	v, err := n.convert(v)
	if err != nil {
		return types.NullValue, 0, n.fail(data[:end], i, n.want)
	}
	return v, end, nil
}

func (d *avroDecoder) fixed(n *avroNode, data []byte, i int) (types.Value, int, error) {
	size := map[avroCode]int{avroBoolean: 1, avroFloat: 4, avroDouble: 8}[n.code]
	if size == 0 {
		size = n.size
	}
	if len(data)-i < size {
		return types.NullValue, 0, n.fail(data, i, fmt.Sprintf("%d bytes", size))
	}
	b := data[i : i+size]
	var v types.Value
	switch n.code {
	case avroBoolean:
		v = types.BoolValue(b[0] != 0)
	case avroFloat:
		v = types.DoubleValue(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	case avroDouble:
		v = types.DoubleValue(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case avroFixed:
		v = types.BytesValue(b)
	case avroFixedDecimal:
		v = types.TwosComplement(b, n.scale)
	}
	return n.converted(v, data, i, i+size)
}
