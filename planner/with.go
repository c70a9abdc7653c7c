package planner

import (
	"strconv"
	"strings"

	"weir/catalog"
	"weir/formats"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/settings"
	"weir/types"
)

// withKind says what the value of a WITH property is.
type withKind uint8

const (
	withText withKind = iota
	withNumber
	withBool
)

// WithProperty is a property that a WITH clause takes.
type WithProperty struct {
	Name    string
	Meaning string
	kind    withKind
}

// WithProperties are the properties of WITH, the formats' own included.
var WithProperties = []WithProperty{
	{"KAFKA_TOPIC", "The topic. A query writes to one of its stream's or table's name unless told otherwise.", withText},
	{"PARTITIONS", "How many partitions the topic is made with, where it is not there yet. A query takes over those of its source. Without it CREATE STREAM and CREATE TABLE take a topic that is there; the broker in this program makes one that is not, with weir.topics.partitions (see weir.topics.create).", withNumber},
	{"REPLICAS", "How many replicas the topic is made with.", withNumber},
	{"RETENTION_MS", "How long the topic keeps records, in milliseconds.", withNumber},
	{"CLEANUP_POLICY", "The topic's cleanup.policy: delete, compact, or both.", withText},
	{"MAX_MESSAGE_BYTES", "How many bytes a batch of records may have that the topic takes, and so a record: its max.message.bytes, from 128 to 94371840 (90 MB). " +
		"A topic that is there already has to have it.", withNumber},
	{"FORMAT", "The format of keys and values alike.", withText},
	{"KEY_FORMAT", "The format of the keys; KAFKA unless told otherwise.", withText},
	{"VALUE_FORMAT", "The format of the values.", withText},
	{"KEY_DELIMITER", "What stands between the columns of DELIMITED keys: a character, SPACE or TAB.", withText},
	{"VALUE_DELIMITER", "Between the columns of DELIMITED values.", withText},
	{"TIMESTAMP", "The column that holds the event time; without it, it is the record's own.", withText},
	{"TIMESTAMP_FORMAT", "How the event time is written where its column is a STRING, as for PARSE_TIMESTAMP.", withText},
	{"WRAP_SINGLE_VALUE", "Whether a single value column is written as a field of a record, or by itself.", withBool},
	{"WINDOW_TYPE", "TUMBLING, HOPPING or SESSION, where the keys of a topic carry windows.", withText},
	{"WINDOW_SIZE", "The size of such windows, as '10 SECONDS'; sessions have none.", withText},
	{"KEY_SCHEMA_ID", "The schema of the keys, by its id in the registry.", withNumber},
	{"VALUE_SCHEMA_ID", "The schema of the values, by its id in the registry.", withNumber},
	{"KEY_SCHEMA_FULL_NAME", "The name of the schema that is made for the keys.", withText},
	{"VALUE_SCHEMA_FULL_NAME", "The name of the schema that is made for the values.", withText},
	{"VALUE_AVRO_SCHEMA_FULL_NAME", "The older name of VALUE_SCHEMA_FULL_NAME.", withText},
	{"KEY_PROTOBUF_NULLABLE_REPRESENTATION", "OPTIONAL or WRAPPER: how PROTOBUF keys keep NULLs.", withText},
	{"VALUE_PROTOBUF_NULLABLE_REPRESENTATION", "OPTIONAL or WRAPPER: how PROTOBUF values keep NULLs.", withText},
	{"REPARTITION", "Whether joins send the rows through a topic of the query's own first: for a topic whose keys lie in other partitions than Weir would choose.", withBool},
	{"REPLAY", "With CREATE OR REPLACE TABLE ... AS SELECT: the table is computed anew from the beginning of its topics, beside the one that is there, " +
		"and takes its place once it has caught up.", withBool},
	{"LATE_STREAM", "A stream to be made for the rows that come too late for a window of the query, each with the window that it missed.", withText},
	{"SOURCED_BY_CONNECTOR", "The connector that writes the topic.", withText},
	{"QUERY_ID", "The id of the query of an INSERT INTO.", withText},
}

// withKindOf finds a property by its name in capitals.
func withKindOf(name string) (withKind, bool) {
	for _, p := range WithProperties {
		if p.Name == name {
			return p.kind, true
		}
	}
	return 0, false
}

// serdeProps are handed on to the formats, without KEY_ or VALUE_.
var serdeProps = []string{"DELIMITER", "SCHEMA_ID", "SCHEMA_FULL_NAME", "PROTOBUF_NULLABLE_REPRESENTATION"}

// inheritedProps go with a format that a query's result takes over from its source.
var inheritedProps = []string{"DELIMITER", "PROTOBUF_NULLABLE_REPRESENTATION"}

// with is a checked WITH clause; values are text, as the catalog keeps them.
type with struct {
	vals map[string]string
	pos  map[string]ast.Pos
	end  ast.Pos
}

func (b *builder) with(props []ast.Prop, pos ast.Pos) (*with, error) {
	w := &with{vals: map[string]string{}, pos: map[string]ast.Pos{}, end: pos}
	for _, p := range props {
		name := strings.ToUpper(p.Name)
		kind, ok := withKindOf(name)
		if !ok {
			known := make([]string, len(WithProperties))
			for i, k := range WithProperties {
				known[i] = k.Name
			}
			return nil, at(p.Pos(), "Invalid config variable(s) in the WITH clause: %s%s", name, didYouMean(name, known))
		}
		if _, twice := w.vals[name]; twice {
			return nil, at(p.Pos(), "Duplicate property %s in the WITH clause", name)
		}
		text, err := propText(p, name, kind)
		if err != nil {
			return nil, err
		}
		if most := settings.MaxPartitions.In(b.env.Config); name == "PARTITIONS" {
			if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > most {
				return nil, at(p.Value.Pos(), "Invalid value %s for property PARTITIONS: at most %d are allowed by %s", text, most, settings.MaxPartitions.About().Name)
			}
		}
		w.vals[name], w.pos[name] = text, p.Pos()
	}
	_, older := w.vals["VALUE_AVRO_SCHEMA_FULL_NAME"]
	if _, newer := w.vals["VALUE_SCHEMA_FULL_NAME"]; older && newer {
		return nil, at(w.pos["VALUE_AVRO_SCHEMA_FULL_NAME"], "Cannot supply both 'VALUE_AVRO_SCHEMA_FULL_NAME' and 'VALUE_SCHEMA_FULL_NAME' properties. "+
			"Please only set 'VALUE_SCHEMA_FULL_NAME'.")
	}
	return w, nil
}

// leastMessageBytes and mostMessageBytes bound MAX_MESSAGE_BYTES: a batch of one record has up to 105 bytes of its own, and requests to brokers end at 100 MB.
const leastMessageBytes, mostMessageBytes = 128, 90 << 20

func propText(p ast.Prop, name string, kind withKind) (string, error) {
	x, err := literal(p.Value)
	if err != nil {
		return "", err
	}
	lit := x.(*plan.Literal)
	text := types.Text(lit.Value, lit.T)
	switch kind {
	case withNumber:
		number, bits := numberType(name)
		n, err := strconv.ParseInt(text, 10, bits)
		if err != nil {
			return "", at(p.Value.Pos(), "Invalid value %s for property %s: Not a number of type %s", text, name, number)
		}
		if (name == "PARTITIONS" || name == "REPLICAS") && n < 1 && n != -1 {
			return "", at(p.Value.Pos(), "Invalid value %s for property %s: Value must be at least 1, or -1 for what the brokers give a topic", text, name)
		}
		if name == "MAX_MESSAGE_BYTES" && (n < leastMessageBytes || n > mostMessageBytes) {
			return "", at(p.Value.Pos(), "Invalid value %s for property %s: Value must be from %d, as an empty record needs, to %d: brokers take no requests much larger", text, name, leastMessageBytes, mostMessageBytes)
		}
	case withBool:
		text = strings.ToLower(text)
		if text != "true" && text != "false" {
			return "", at(p.Value.Pos(), "Invalid value %s for property %s: Expected value to be either true or false", text, name)
		}
	}
	return text, checkText(p, name, text)
}

// checkText refuses text that a property can't have.
func checkText(p ast.Prop, name, text string) error {
	switch name {
	case "KAFKA_TOPIC":
		if text == "" {
			return at(p.Value.Pos(), "Invalid value %s for property %s: String must be non-empty", text, name)
		}
	case "KEY_PROTOBUF_NULLABLE_REPRESENTATION", "VALUE_PROTOBUF_NULLABLE_REPRESENTATION":
		if upper := strings.ToUpper(text); upper != "OPTIONAL" && upper != "WRAPPER" {
			return at(p.Value.Pos(), "Invalid value %s for property %s: String must be one of: OPTIONAL, WRAPPER, null", text, name)
		}
	}
	return nil
}

// numberType is how wide Kafka's clients take a property.
func numberType(name string) (number string, bits int) {
	switch name {
	case "REPLICAS":
		return "SHORT", 16
	case "RETENTION_MS":
		return "LONG", 64
	}
	return "INT", 32
}

func (w *with) get(name string) (string, bool) {
	v, ok := w.vals[name]
	return v, ok
}

func (w *with) text(name, otherwise string) string {
	if v, ok := w.vals[name]; ok {
		return v
	}
	return otherwise
}

func (w *with) number(name string) int64 {
	n, _ := strconv.ParseInt(w.vals[name], 10, 64)
	return n
}

// serde reads the format and its properties for keys or values. inherit is what a query's sink takes over.
func (b *builder) serde(w *with, key bool, inherit *catalog.Serde) (catalog.Serde, error) {
	side := "VALUE"
	if key {
		side = "KEY"
	}
	format, given := w.get(side + "_FORMAT")
	if both, ok := w.get("FORMAT"); ok {
		if given {
			return catalog.Serde{}, at(w.pos[side+"_FORMAT"], "Cannot supply both '%s_FORMAT' and 'FORMAT' properties, as 'FORMAT' sets both key and value formats. "+
				"Either use just 'FORMAT', or use 'KEY_FORMAT' and 'VALUE_FORMAT'.", side)
		}
		format, given = both, true
	}
	s := catalog.Serde{Format: strings.ToUpper(strings.TrimSpace(format)), Props: map[string]string{}}
	if !given {
		switch {
		case inherit != nil:
			s.Format = inherit.Format
		case key:
			s.Format = settings.KeyFormat.In(b.env.Config)
		default:
			s.Format = settings.ValueFormat.In(b.env.Config)
		}
	}
	if s.Format == "" {
		return s, at(w.end, "Statement is missing the 'VALUE_FORMAT' property from the WITH clause. Either provide one or set a "+
			"default via the 'ksql.persistence.default.format.value' config.")
	}
	if _, err := formats.Lookup(s.Format); err != nil {
		pos := w.end
		for _, name := range []string{"FORMAT", side + "_FORMAT"} {
			if p, ok := w.pos[name]; ok {
				pos = p
			}
		}
		return s, at(pos, "%v", err)
	}
	if inherit != nil && inherit.Format == s.Format { // named again or not
		for _, name := range inheritedProps {
			if v := inherit.Props[name]; v != "" {
				s.Props[name] = v
			}
		}
	}
	if p, ok := w.pos[side+"_PROTOBUF_NULLABLE_REPRESENTATION"]; ok && s.Format != formats.Protobuf && s.Format != formats.ProtobufNoSR {
		return s, at(p, "Property %s_PROTOBUF_NULLABLE_REPRESENTATION can only be enabled with protobuf format", side)
	}
	for _, p := range serdeProps {
		if v, ok := w.get(side + "_" + p); ok {
			s.Props[p] = v
		}
	}
	if v, ok := w.get("VALUE_AVRO_SCHEMA_FULL_NAME"); ok && !key {
		s.Props["SCHEMA_FULL_NAME"] = v
	}
	if v, ok := w.get("WRAP_SINGLE_VALUE"); ok && !key {
		s.Props["WRAP_SINGLE_VALUE"] = v
	}
	return s, nil
}

// topic is the topic that the clause asks for.
func (b *builder) topic(w *with, name string) *Topic {
	t := &Topic{Name: name, Partitions: int32(w.number("PARTITIONS")), Replicas: int16(w.number("REPLICAS")), Configs: map[string]string{}}
	if v, ok := w.get("RETENTION_MS"); ok {
		t.Configs["retention.ms"] = v
	}
	if n := w.number("MAX_MESSAGE_BYTES"); n > 0 {
		t.Configs[MaxMessageBytes] = strconv.FormatInt(n, 10)
	}
	if v, ok := w.get("CLEANUP_POLICY"); ok {
		t.Configs["cleanup.policy"] = strings.ToLower(v)
	}
	return t
}

// windowed reads WINDOW_TYPE and WINDOW_SIZE.
func (b *builder) windowed(w *with) (*catalog.Windowed, error) {
	kind, ok := w.get("WINDOW_TYPE")
	size, sized := w.get("WINDOW_SIZE")
	if !ok {
		if sized {
			return nil, at(w.pos["WINDOW_SIZE"], "'WINDOW_SIZE' should not be set for SESSION windows. It needs a WINDOW_TYPE beside it: TUMBLING or HOPPING.")
		}
		return nil, nil
	}
	out := &catalog.Windowed{Kind: catalog.WindowKind(strings.ToUpper(kind))}
	switch out.Kind {
	case catalog.Session:
		if sized {
			return nil, at(w.pos["WINDOW_SIZE"], "'WINDOW_SIZE' should not be set for SESSION windows.")
		}
		return out, nil
	case catalog.Tumbling, catalog.Hopping:
		if !sized {
			return nil, at(w.pos["WINDOW_TYPE"], "%s windows require 'WINDOW_SIZE' to be provided in the WITH clause. For example: 'WINDOW_SIZE'='10 SECONDS'", out.Kind)
		}
		span, err := settings.ParseSpan(size)
		if err != nil {
			return nil, at(w.pos["WINDOW_SIZE"], "Error in WITH clause property 'WINDOW_SIZE': Invalid duration: '%s'. %v\nExample valid value: '10 SECONDS'", size, err)
		}
		out.Size = span.Milliseconds()
		return out, nil
	}
	return nil, at(w.pos["WINDOW_TYPE"], "Invalid value %s for property WINDOW_TYPE: String must be one of: SESSION, HOPPING, TUMBLING, null", kind)
}
