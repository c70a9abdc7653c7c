// Package formats turns the bytes of keys and values into rows and back. What a query needs of a format is compiled
// once, from the columns and which of them are used; then one call per record writes straight into the batch.
package formats

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"weir/parser/suggest"
	"weir/registry"
	"weir/types"
)

// The names of the formats.
const (
	JSON         = "JSON"
	Avro         = "AVRO"
	Delimited    = "DELIMITED"
	Kafka        = "KAFKA"
	None         = "NONE"
	JSONSR       = "JSON_SR"
	Protobuf     = "PROTOBUF"
	ProtobufNoSR = "PROTOBUF_NOSR"
	MsgPack      = "MSGPACK"
)

// Properties of formats, as they appear in Spec.Props and in error messages.
const (
	PropDelimiter = "delimiter"
	PropFullName  = "fullSchemaName"
	PropNullable  = "nullableRepresentation"
)

// Format is one entry of the registry: what a format is called and what it can do.
type Format struct {
	Name       string
	Doc        string
	Key, Value bool     // can hold keys, values
	Multi      bool     // can hold several columns
	Nested     bool     // can hold ARRAY, MAP and STRUCT
	Infers     bool     // columns can be taken from the schema registry
	Wraps      bool     // WRAP_SINGLE_VALUE=true is allowed
	Unwraps    bool     // WRAP_SINGLE_VALUE=false is allowed
	Registry   bool     // needs a schema registry
	Props      []string // properties it takes
	newDecoder func(Spec, types.Schema, []int) (Decoder, error)
	newEncoder func(Spec, types.Schema, []int) (Encoder, error)
	schemaType registry.Type // of formats with a registry
	schemaText func(Spec, types.Schema) (string, error)
	infer      func(Spec, registered) (types.Schema, error)
}

// All lists the formats.
func All() []Format {
	return []Format{
		{Name: JSON, Doc: "JSON documents, read without a schema. A single key column is a bare value.",
			Key: true, Value: true, Multi: true, Nested: true, Wraps: true, Unwraps: true,
			newDecoder: jsonDecoders, newEncoder: jsonEncoders},
		{Name: Avro, Doc: "Avro in the wire format of a schema registry: a zero byte, the schema's id, the data. Of timestamp-micros, local-timestamp-micros and time-micros " +
			"a BIGINT is the microseconds and a STRING shows them; TIMESTAMP and TIME, which are what is inferred, have milliseconds: what is finer is cut off.",
			Key: true, Value: true, Multi: true, Nested: true, Wraps: true, Unwraps: true, Infers: true, Registry: true,
			Props: []string{PropFullName}, newDecoder: newAvroDecoder, newEncoder: newAvroEncoder,
			schemaType: registry.Avro, schemaText: avroSchemaText, infer: inferAvro},
		{Name: JSONSR, Doc: "JSON with its JSON schema in a schema registry: a zero byte, the schema's id, the document.",
			Key: true, Value: true, Multi: true, Nested: true, Wraps: true, Unwraps: true, Infers: true, Registry: true,
			newDecoder: newJSONSRDecoder, newEncoder: newJSONSREncoder,
			schemaType: registry.JSON, schemaText: jsonSchemaText, infer: inferJSON},
		{Name: Protobuf, Doc: "Protobuf in the wire format of a schema registry: a zero byte, the schema's id, which message it is, the message. " +
			"NULLs become zeros and empty text unless NULLABLE_REPRESENTATION is OPTIONAL or WRAPPER; a single column is the field of a message too. " +
			"A uint64 above 9223372036854775807 needs a DECIMAL(20, 0), a DOUBLE or a STRING: as a BIGINT, which is what is inferred, it is negative, as in ksqlDB. " +
			"A google.protobuf.Timestamp is cut off at milliseconds.",
			Key: true, Value: true, Multi: true, Nested: true, Wraps: true, Infers: true, Registry: true,
			Props: []string{PropFullName, PropNullable}, newDecoder: newProtoDecoder, newEncoder: newProtoEncoder,
			schemaType: registry.Protobuf, schemaText: protoSchemaText, infer: inferProto},
		{Name: ProtobufNoSR, Doc: "Bare Protobuf messages of a schema that the columns make: numbered from 1, in their order.",
			Key: true, Value: true, Multi: true, Nested: true, Wraps: true, Unwraps: true,
			Props: []string{PropNullable}, newDecoder: newProtoDecoder, newEncoder: newProtoEncoder},
		{Name: MsgPack, Doc: "MessagePack: a map per row with the columns' names as keys, read in any case; a single key column is a bare value. " +
			"TIMESTAMP is MessagePack's own timestamp, DATE days, TIME milliseconds, DECIMAL text, BYTES bin.",
			Key: true, Value: true, Multi: true, Nested: true, Wraps: true, Unwraps: true,
			newDecoder: newMsgPackDecoder, newEncoder: newMsgPackEncoder},
		{Name: Delimited, Doc: "Lines of text with a delimiter between the columns: CSV. BOOLEAN is true, false, t or f in any case; TIMESTAMP, DATE and TIME " +
			"are read as numbers or as text such as 2026-01-02 03:04:05, and written as numbers.",
			Key: true, Value: true, Multi: true, Unwraps: true, Props: []string{PropDelimiter},
			newDecoder: newDelimitedDecoder, newEncoder: newDelimitedEncoder},
		{Name: Kafka, Doc: "The bytes of Kafka's own serializers for INTEGER, BIGINT, DOUBLE, STRING and BYTES: one column.",
			Key: true, Value: true, Unwraps: true, newDecoder: newKafkaDecoder, newEncoder: newKafkaEncoder},
		{Name: None, Doc: "No key: what is there is ignored, null is written.",
			Key: true, Value: true, Multi: true, newDecoder: newNoneDecoder, newEncoder: newNoneEncoder},
	}
}

// Lookup finds a format by its name in any case.
func Lookup(name string) (*Format, error) {
	upper := strings.ToUpper(strings.TrimSpace(name))
	all := All()
	names := make([]string, len(all))
	for i := range all {
		if all[i].Name == upper {
			return &all[i], nil
		}
		names[i] = all[i].Name
	}
	hint := ""
	if upper == "CSV" || upper == "TSV" {
		hint = " Did you mean DELIMITED?"
	} else if near, ok := suggest.Suggest(upper, names); ok {
		hint = " Did you mean " + near + "?"
	}
	return nil, fmt.Errorf("Unknown format: %s.%s The formats are: %s", upper, hint, strings.Join(names, ", "))
}

// Spec says how the keys or the values of a topic are written.
type Spec struct {
	Format    string
	IsKey     bool
	Wrap      *bool             // WRAP_SINGLE_VALUE; nil for the format's default
	Delimiter string            // of DELIMITED: one character, SPACE or TAB; empty for a comma
	Props     map[string]string // other properties as given, by the names of this package
	Registry  registry.Client   // nil where there is none
	Topic     string
	SchemaID  *int   // a schema of the registry to write with; nil for one made from the columns
	FullName  string // of the record in a schema made from the columns
}

// unwrapped says whether a single column stands bare, without an object or record around it.
func (s Spec) unwrapped(cols types.Schema) bool {
	return len(cols) == 1 && (s.IsKey || s.Wrap != nil && !*s.Wrap) && !strings.EqualFold(s.Format, Protobuf)
}

// fullName is the name of the record or message that the spec asks for; empty for the format's own choice.
func (s Spec) fullName() string {
	if name := strings.TrimSpace(s.FullName); name != "" {
		return name
	}
	return strings.TrimSpace(s.Props[PropFullName])
}

// Subject is the name under which the schema is registered.
func (s Spec) Subject() string {
	if s.IsKey {
		return s.Topic + "-key"
	}
	return s.Topic + "-value"
}

// Decoder reads keys or values. It belongs to one task. Text may share memory with the data and with the decoder: what
// was decoded is valid until the data is reused or Reset is called, whichever comes first.
type Decoder interface {
	// Decode writes the wanted columns into their slots of dst, NULL where the data has nothing, and leaves the others
	// alone. After an error the slots hold anything.
	Decode(data []byte, dst []types.Value) error
	// Reset takes back the memory of everything decoded so far; to be called after each batch.
	Reset()
}

// Encoder writes keys or values. It belongs to one task.
type Encoder interface {
	// Append writes a row behind dst. The error is ErrNullRecord where the record is to be null; dst is then unchanged.
	Append(dst []byte, row []types.Value) ([]byte, error)
}

// NewDecoder compiles a decoder. cols are all key columns or all value columns as declared; wanted[i] is the slot in
// dst of column i, or -1. Without columns whatever is there is ignored.
func NewDecoder(spec Spec, cols types.Schema, wanted []int) (Decoder, error) {
	f, err := check(spec, cols, len(wanted))
	if err != nil {
		return nil, err
	}
	if len(cols) == 0 {
		return noneDecoder{}, nil
	}
	return f.newDecoder(spec, cols, wanted)
}

// NewEncoder compiles an encoder. from[i] is the slot in the row of column i. A key without columns is null.
func NewEncoder(spec Spec, cols types.Schema, from []int) (Encoder, error) {
	f, err := check(spec, cols, len(from))
	if err != nil {
		return nil, err
	}
	if len(cols) == 0 && spec.IsKey {
		return noneEncoder{}, nil
	}
	return f.newEncoder(spec, cols, from)
}

func check(spec Spec, cols types.Schema, slots int) (*Format, error) {
	if err := Check(spec, cols); err != nil {
		return nil, err
	}
	if slots != len(cols) {
		return nil, fmt.Errorf("%d slots were given for %d columns", slots, len(cols))
	}
	return Lookup(spec.Format)
}

// Check says whether the format can hold the columns, with the properties given.
func Check(spec Spec, cols types.Schema) error {
	f, err := Lookup(spec.Format)
	if err != nil {
		return err
	}
	if err := f.checkProps(spec); err != nil {
		return err
	}
	if err := f.checkWrap(spec, cols); err != nil {
		return err
	}
	switch {
	case f.Name == None && len(cols) > 0:
		return fmt.Errorf("The 'NONE' format can only be used when no columns are defined. Got: [%s]", cols)
	case !f.Multi && len(cols) > 1:
		return fmt.Errorf("The '%s' format only supports a single field. Got: [%s]", f.Name, cols)
	}
	for _, c := range cols {
		if err := f.checkType(c.Type, c.Name); err != nil {
			return err
		}
	}
	return nil
}

func (f *Format) checkProps(spec Spec) error {
	given := []string{}
	for name := range spec.Props {
		given = append(given, name)
	}
	if spec.Delimiter != "" {
		given = append(given, PropDelimiter)
	}
	if spec.FullName != "" {
		given = append(given, PropFullName)
	}
	given = slices.DeleteFunc(given, func(name string) bool { return slices.Contains(f.Props, name) })
	if len(given) > 0 {
		slices.Sort(given)
		return fmt.Errorf("%s does not support the following configs: [%s]", f.Name, strings.Join(slices.Compact(given), ", "))
	}
	if name, ok := spec.Props[PropFullName]; ok && strings.TrimSpace(name) == "" || spec.FullName != "" && strings.TrimSpace(spec.FullName) == "" {
		return fmt.Errorf("%s cannot be empty. Format configuration: {%s=}", PropFullName, PropFullName)
	}
	if _, err := spec.nullable(); err != nil {
		return err
	}
	_, err := spec.delimiter()
	return err
}

func (f *Format) checkWrap(spec Spec, cols types.Schema) error {
	if spec.Wrap == nil || spec.IsKey {
		return nil
	}
	if *spec.Wrap && !f.Wraps || !*spec.Wrap && !f.Unwraps {
		return fmt.Errorf("Format '%s' does not support 'WRAP_SINGLE_VALUE' set to '%t'.", f.Name, *spec.Wrap)
	}
	if len(cols) > 1 {
		return fmt.Errorf("'WRAP_SINGLE_VALUE' is only valid for single-field value schemas")
	}
	return nil
}

func (f *Format) checkType(t *types.Type, column string) error {
	switch {
	case t.Kind.Nested() && !f.Nested,
		f.Name == Kafka && !slices.Contains(kafkaKinds, t.Kind):
		return fmt.Errorf("The '%s' format does not support type '%s', column: `%s`", f.Name, t.Kind, column)
	case t.Kind == types.Map && t.Key.Kind != types.String && f.Name == Avro:
		return fmt.Errorf("Avro only supports MAPs with STRING keys, column: `%s`", column)
	case t.Kind == types.Map && t.Key.Kind != types.String && f.Name == JSONSR:
		return fmt.Errorf("JSON only supports MAP types with STRING keys, column: `%s`", column)
	case t.Kind == types.Map && t.Key.Kind != types.String && f.protobuf():
		return fmt.Errorf("PROTOBUF format only supports MAP types with STRING keys, column: `%s`", column)
	case t.Kind == types.Map && t.Key.Kind != types.String:
		return fmt.Errorf("%s only supports MAP types with STRING keys, column: `%s`", f.Name, column)
	case t.Kind == types.Array && t.Elem.Kind == types.Array && f.protobuf(), t.Kind == types.Array && t.Elem.Kind == types.Map && f.protobuf():
		return fmt.Errorf("The '%s' format does not support %s in an ARRAY, column: `%s`. Put a STRUCT in between.", f.Name, t.Elem.Kind, column)
	case t.Kind == types.Map, t.Kind == types.Array:
		return f.checkType(t.Elem, column)
	}
	for _, field := range t.Fields {
		if err := f.checkType(field.Type, column); err != nil {
			return err
		}
	}
	return nil
}

func (f *Format) protobuf() bool { return f.Name == Protobuf || f.Name == ProtobufNoSR }

// delimiter is the delimiter of DELIMITED.
func (s Spec) delimiter() (rune, error) {
	given := s.Delimiter
	if given == "" {
		var ok bool
		if given, ok = s.Props[PropDelimiter]; !ok {
			return ',', nil
		}
	}
	r := []rune(given)
	switch {
	case strings.EqualFold(given, "SPACE"):
		return ' ', nil
	case strings.EqualFold(given, "TAB"):
		return '\t', nil
	case strings.TrimFunc(given, unicode.IsSpace) == "":
		return 0, fmt.Errorf("Delimiter cannot be empty, if you meant to have a tab or space for delimiter, please use the special values 'TAB' or 'SPACE'\nExample valid value: ';'")
	case len(r) != 1 || r[0] == '"' || r[0] == '\n' || r[0] == unicode.ReplacementChar:
		return 0, fmt.Errorf("Invalid delimiter value: '%s'. Delimiter must be a single character or TAB,SPACE\nExample valid value: ';'", given)
	}
	return r[0], nil
}

// FileDelimiter reads what stands between the values of a CSV file: a character, TAB or SPACE.
func FileDelimiter(text string) (byte, error) {
	switch strings.ToUpper(text) {
	case "TAB", `\T`:
		return '\t', nil
	case "SPACE":
		return ' ', nil
	}
	if len(text) != 1 || text[0] >= utf8.RuneSelf || strings.ContainsAny(text, "\"\r\n") {
		return 0, errors.New("expected one ASCII character that is no quote and ends no line, TAB or SPACE")
	}
	return text[0], nil
}

func jsonDecoders(spec Spec, cols types.Schema, wanted []int) (Decoder, error) {
	return newJSONDecoder(spec, cols, wanted), nil
}

func jsonEncoders(spec Spec, cols types.Schema, from []int) (Encoder, error) {
	return newJSONEncoder(spec, cols, from), nil
}
