package formats

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weir/registry"
	"weir/registry/protoschema"
	"weir/types"
)

// protoDecoder reads Protobuf messages by a program made of the writer's schema and the wanted columns. Names match
// exactly or, failing that, in upper case. Fields that nobody wants are stepped over.
type protoDecoder struct {
	arena
	format   string
	client   registry.Client // nil for bare messages
	cols     types.Schema
	wanted   []int
	unwrap   bool
	files    map[schemaRef]protoreflect.FileDescriptor
	programs map[protoKey]*protoProgram
	last     *protoProgram
	lastKey  protoKey
	grown    map[*types.Value]grownList
}

// protoKey names a message: the schema and the path of indexes as it stands in the record.
type protoKey struct {
	ref  schemaRef
	path string
}

// protoProgram is compiled for one message; err is set where the columns can't be read from it.
type protoProgram struct {
	root *protoMessage
	err  error
}

// maxPrograms bounds what a topic full of made-up message paths can make the decoder keep.
const maxPrograms = 1024

func newProtoDecoder(spec Spec, cols types.Schema, wanted []int) (Decoder, error) {
	f, err := Lookup(spec.Format)
	if err != nil {
		return nil, err
	}
	d := &protoDecoder{format: f.Name, cols: cols, wanted: wanted, unwrap: spec.unwrapped(cols) && cols[0].Type.Kind == types.Struct}
	if f.Registry {
		d.client, d.programs = spec.Registry, map[protoKey]*protoProgram{}
		d.files = map[schemaRef]protoreflect.FileDescriptor{}
		return d, nil
	}
	text, err := protoSchemaText(spec, cols)
	if err != nil {
		return nil, err
	}
	file, err := protoschema.Parse(text, nil)
	if err != nil {
		return nil, fmt.Errorf("the schema made of the columns: %w", err)
	}
	d.last = d.compile(file, []int{0})
	return d, d.last.err
}

// Reset takes back the values given out so far.
func (d *protoDecoder) Reset() { d.reset() }

// Decode reads one record: a bare message, or one in the wire format of a schema registry. The first record of a schema
// waits for the registry; where that can't be asked the error is ErrRegistry.
func (d *protoDecoder) Decode(data []byte, dst []types.Value) error {
	at := 0
	if d.programs != nil {
		var err error
		var ref schemaRef
		if ref, at, err = prefixed(d.format, data); err != nil {
			return err
		}
		if at, err = d.choose(ref, data, at); err != nil {
			return err
		}
	}
	return d.decode(data, at, dst)
}

// DecodeHeaded implements Headed. A bare message has no schema of a registry, whatever its headers.
func (d *protoDecoder) DecodeHeaded(header, data []byte, dst []types.Value) error {
	if d.programs == nil {
		return d.Decode(data, dst)
	}
	ref, at, err := headed(d.format, header)
	if err != nil {
		return err
	}
	if _, err := d.choose(ref, header, at); err != nil {
		return err
	}
	return d.decode(data, 0, dst)
}

func (d *protoDecoder) decode(data []byte, at int, dst []types.Value) error {
	if d.last.err != nil {
		return d.last.err
	}
	d.begin(len(data))
	clear(d.grown)
	err := d.row(data, at, dst)
	if err == nil {
		d.settle()
		return nil
	}
	if e := (*Error)(nil); d.programs != nil && errors.As(err, &e) {
		return fmt.Errorf("schema %s: %w", d.lastKey.ref, err)
	}
	return err
}

func (d *protoDecoder) row(data []byte, at int, dst []types.Value) error {
	m := d.last.root
	if !d.unwrap {
		for _, slot := range d.wanted {
			if slot >= 0 {
				dst[slot] = types.NullValue
			}
		}
		m.defaults(dst)
		return d.message(m, data, at, len(data), dst)
	}
	// A bare STRUCT is the message.
	fields := d.values(m.width)
	m.defaults(fields)
	if err := d.message(m, data, at, len(data), fields); err != nil {
		return err
	}
	if slot := d.wanted[0]; slot >= 0 {
		dst[slot] = types.StructValue(fields)
	}
	return nil
}

func (m *protoMessage) defaults(dst []types.Value) {
	for i := range m.absents {
		dst[m.absents[i].slot] = m.absents[i].value
	}
}

// choose reads which message of a schema it is, at a place of what names the schema, and finds the program.
func (d *protoDecoder) choose(ref schemaRef, data []byte, at int) (end int, err error) {
	end, ok := indexesEnd(data, at)
	if !ok {
		return 0, &Error{Format: d.format, Offset: at, Want: "the indexes of a message", Got: excerpt(data[at:])}
	}
	path := data[at:end]
	if d.last != nil && ref == d.lastKey.ref && string(path) == d.lastKey.path {
		return end, nil
	}
	p := d.programs[protoKey{ref, string(path)}]
	if p == nil {
		p, err = d.load(ref, path)
		if err != nil {
			return 0, err
		}
		if len(d.programs) >= maxPrograms {
			clear(d.programs)
		}
		d.programs[protoKey{ref, string(path)}] = p
	}
	d.last, d.lastKey = p, protoKey{ref, string(path)}
	return end, nil
}

const maxIndexes = 32 // messages in one another

// indexesEnd is where the path of message indexes ends that starts at i: their number, then each, as zig-zag varints. A lone
// 0 stands for the first message.
func indexesEnd(data []byte, i int) (end int, ok bool) {
	n, i := varint(data, i)
	if i == 0 || n < 0 || n > maxIndexes {
		return 0, false
	}
	for range n {
		if _, i = varint(data, i); i == 0 {
			return 0, false
		}
	}
	return i, true
}

// protoIndexes reads a path of message indexes, which indexesEnd has found to be whole.
func protoIndexes(path []byte) []int {
	n, i := varint(path, 0)
	if n == 0 {
		return []int{0}
	}
	var indexes []int
	for range n {
		var at int64
		at, i = varint(path, i)
		indexes = append(indexes, int(at))
	}
	return indexes
}

func (d *protoDecoder) load(ref schemaRef, path []byte) (*protoProgram, error) {
	file := d.files[ref]
	if file == nil {
		ctx, cancel := context.WithTimeout(context.Background(), registryTimeout)
		defer cancel()
		s, err := fetch(ctx, d.client, ref, registry.Protobuf)
		if errors.Is(err, ErrRegistry) {
			return nil, err
		}
		if err == nil {
			file, err = protoFile(s)
		}
		if err != nil {
			return &protoProgram{err: err}, nil
		}
		if len(d.files) >= maxPrograms {
			clear(d.files)
		}
		d.files[ref] = file
	}
	p := d.compile(file, protoIndexes(path))
	if p.err != nil {
		p.err = fmt.Errorf("schema %s: %w", ref, p.err)
	}
	return p, nil
}

func (d *protoDecoder) compile(file protoreflect.FileDescriptor, indexes []int) *protoProgram {
	m, err := protoschema.At(file, indexes)
	if err != nil {
		return &protoProgram{err: err}
	}
	cols, slots, path := d.cols, d.wanted, ""
	if d.unwrap {
		cols, path = fieldsOf(d.cols[0].Type), d.cols[0].Name
		slots = make([]int, len(cols))
		for i := range slots {
			slots[i] = i
		}
	}
	root, err := compileProto(m, cols, slots, path)
	return &protoProgram{root, err}
}

func (d *protoDecoder) fail(path string, data []byte, at int, want string) error {
	at = min(at, len(data))
	return &Error{Format: d.format, Column: path, Offset: at, Want: want, Got: excerpt(data[at:])}
}

// uvarint reads a number; next is 0 where there is none before end.
func uvarint(data []byte, i, end int) (n uint64, next int) {
	if i < end && data[i] < 0x80 {
		return uint64(data[i]), i + 1
	}
	n, used := binary.Uvarint(data[i:end])
	if used <= 0 {
		return 0, 0
	}
	return n, i + used
}

// message reads the fields between i and end into the slots of dst, which holds the defaults.
func (d *protoDecoder) message(m *protoMessage, data []byte, i, end int, dst []types.Value) error {
	for i < end {
		at := i
		tag, next := uvarint(data, i, end)
		if next == 0 || tag>>3 == 0 || tag>>3 > uint64(protowire.MaxValidNumber) {
			return d.fail("", data, i, "the tag of a field")
		}
		number, wire := int32(tag>>3), protowire.Type(tag&7)
		f := m.find(number)
		if f == nil {
			if i = skipProto(data, next, end, number, wire); i == 0 {
				return d.fail("", data, at, fmt.Sprintf("the value of field %d of message %s", number, m.name))
			}
			continue
		}
		var err error
		switch {
		case f.node.repeated:
			i, err = d.repeated(f, data, at, end, &dst[f.slot])
		case f.member >= 0:
			members, ok := d.structure(f.width)
			if !ok {
				return d.fail(f.node.path, data, at, wantFewer)
			}
			i, err = d.single(f.node, wire, data, next, end, &members[f.member])
			dst[f.slot] = types.StructValue(members)
		default:
			i, err = d.single(f.node, wire, data, next, end, &dst[f.slot])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// skipProto steps over a value that is not wanted; 0 where it does not end before end.
func skipProto(data []byte, i, end int, number int32, wire protowire.Type) (next int) {
	size := 0
	switch wire {
	case protowire.VarintType:
		_, next = uvarint(data, i, end)
		return next
	case protowire.BytesType:
		n, from := uvarint(data, i, end)
		if from == 0 || n > uint64(end-from) {
			return 0
		}
		return from + int(n)
	case protowire.Fixed32Type:
		size = 4
	case protowire.Fixed64Type:
		size = 8
	default:
		if size = protowire.ConsumeFieldValue(protowire.Number(number), wire, data[i:end]); size < 0 {
			return 0
		}
	}
	if end-i < size {
		return 0
	}
	return i + size
}
