package planner

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/catalog"
	"weir/parser"
	"weir/parser/ast"
	"weir/types"
)

// Written is the statement that makes a stream or table as it stands: what was altered is in it, and what settings decided when it was made.
// running says that the query of its statement still writes it; otherwise it is declared over what that query has left. partitions are those of its
// topic, 0 where they are not known.
func Written(src *catalog.Source, running bool, partitions int) (ast.Statement, error) {
	history, name, err := historyOf(src)
	if err != nil {
		return nil, err
	}
	var given []ast.Prop
	var as *ast.CreateAs
	altered := false
	for _, n := range history {
		switch n := n.(type) {
		case *ast.CreateSource:
			given, as, altered = n.With, nil, false
		case *ast.CreateAs:
			if n.Name.Name == name { // and not the one whose late rows it has
				given, as, altered = n.With, n, false
			}
		case *ast.RenameSource:
			name = n.To.Name
		default:
			altered = true
		}
	}
	if as != nil && running {
		out := *as
		out.OrReplace, out.IfNotExists, out.With = false, false, asWritten(src, given)
		return &out, nil
	}
	w := &written{src: src, given: given, renamed: slices.ContainsFunc(history, isRename)}
	w.ofTopic(partitions)
	w.side("KEY", src.Key, altered)
	w.side("VALUE", src.Value, altered)
	w.ofTime()
	columns, err := w.columns()
	if err != nil {
		return nil, err
	}
	return &ast.CreateSource{IsTable: src.IsTable, ReadOnly: src.ReadOnly, Name: ast.Ident{Name: src.Name}, Columns: columns, With: w.props}, nil
}

// historyOf are the statements that made a stream or table what it is, the first first, and the name that it had before them.
func historyOf(src *catalog.Source) (history []ast.Statement, name string, err error) {
	for _, text := range slices.Concat(src.Before, []string{src.SQL}) {
		list, err := parser.Parse(strings.TrimSuffix(strings.TrimSpace(text), ";")+"\n;", parser.Options{})
		if err != nil || len(list) != 1 {
			return nil, "", fmt.Errorf("the statement of %s can't be read again: %w", src.Name, err)
		}
		history = append(history, list[0].Node)
	}
	name = src.Name
	if i := slices.IndexFunc(history, isRename); i >= 0 {
		name = history[i].(*ast.RenameSource).Name.Name
	}
	return history, name, nil
}

func isRename(n ast.Statement) bool {
	_, ok := n.(*ast.RenameSource)
	return ok
}

// asWritten is the WITH clause of a query's statement, and what it took over or was told by settings.
func asWritten(src *catalog.Source, given []ast.Prop) []ast.Prop {
	w := &written{src: src, given: given, props: without(given, "REPLAY")}
	add := func(name, value string, by ...string) {
		if value != "" && !slices.ContainsFunc(append(by, name), func(n string) bool { return w.has(n) }) {
			w.put(name, value)
		}
	}
	add("KAFKA_TOPIC", src.Topic)
	add("KEY_FORMAT", src.Key.Format, "FORMAT")
	add("VALUE_FORMAT", src.Value.Format, "FORMAT")
	add("WRAP_SINGLE_VALUE", src.Value.Props["WRAP_SINGLE_VALUE"])
	return w.props
}

// written puts a WITH clause together.
type written struct {
	src   *catalog.Source
	given []ast.Prop
	props []ast.Prop
	// renamed says that what is named after the stream or table bears the name that it had.
	renamed bool
	byID    map[types.Role]bool // columns that the schema registry tells
}

func (w *written) has(name string) bool { return w.find(name) != nil }

func (w *written) find(name string) *ast.Prop {
	for i := range w.given {
		if strings.ToUpper(w.given[i].Name) == name {
			return &w.given[i]
		}
	}
	return nil
}

// put adds a property whose value is text as the catalog keeps it.
func (w *written) put(name, text string) {
	kind, _ := withKindOf(name)
	var x ast.Expr = &ast.StringLit{Value: text}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && kind == withNumber {
		x = &ast.BigintLit{Value: n}
	}
	if kind == withBool {
		x = &ast.BoolLit{Value: text == "true"}
	}
	w.props = append(w.props, ast.Prop{Ident: ast.Ident{Name: name}, Value: x})
}

// keep adds properties as they were given.
func (w *written) keep(names ...string) {
	for _, name := range names {
		if p := w.find(name); p != nil {
			w.props = append(w.props, ast.Prop{Ident: ast.Ident{Name: name}, Value: p.Value})
		}
	}
}

func (w *written) ofTopic(partitions int) {
	w.put("KAFKA_TOPIC", w.src.Topic)
	if partitions > 0 {
		w.put("PARTITIONS", strconv.Itoa(partitions))
	} else {
		w.keep("PARTITIONS")
	}
	w.keep("REPLICAS", "RETENTION_MS", "CLEANUP_POLICY", "MAX_MESSAGE_BYTES")
}

// side adds the format of keys or values with its properties. A schema that was named by its id tells the columns, unless some were added since.
func (w *written) side(name string, serde catalog.Serde, altered bool) {
	w.put(name+"_FORMAT", serde.Format)
	for _, p := range append(slices.Clone(serdeProps), "WRAP_SINGLE_VALUE") {
		v := serde.Props[p]
		full := name + "_" + p
		switch {
		case v == "":
		case p == "WRAP_SINGLE_VALUE":
			w.put(p, v)
		case p == "SCHEMA_ID":
			if altered || !w.has(full) {
				continue
			}
			if w.byID == nil {
				w.byID = map[types.Role]bool{}
			}
			w.byID[map[string]types.Role{"KEY": types.KeyColumn, "VALUE": types.ValueColumn}[name]] = true
			w.put(full, v)
		case full == "KEY_SCHEMA_FULL_NAME" && !w.has(full) && !w.renamed: // it is named after the stream or table
		default:
			w.put(full, v)
		}
	}
}

func (w *written) ofTime() {
	if w.src.Timestamp != "" {
		w.put("TIMESTAMP", w.src.Timestamp)
	}
	if w.src.TimeFmt != "" {
		w.put("TIMESTAMP_FORMAT", w.src.TimeFmt)
	}
	if of := w.src.Windowed; of != nil {
		w.put("WINDOW_TYPE", string(of.Kind))
		if of.Size > 0 {
			w.put("WINDOW_SIZE", span(of.Size))
		}
	}
	if w.src.Repartition {
		w.put("REPARTITION", "true")
	}
	w.keep("SOURCED_BY_CONNECTOR")
}

// span is a length of time in the largest unit of which it is a whole number.
func span(millis int64) string {
	for _, u := range slices.Backward(parser.Units) {
		if one := u.Duration() / time.Millisecond; millis%int64(one) == 0 {
			return fmt.Sprintf("%d %s", millis/int64(one), u)
		}
	}
	return "" // milliseconds are among the units
}

func (w *written) columns() ([]ast.Column, error) {
	schema := slices.DeleteFunc(slices.Clone(w.src.Schema), func(c types.Column) bool { return w.byID[c.Role] })
	if len(schema) == 0 {
		return nil, nil
	}
	text := schema.String()
	if w.src.IsTable {
		text = schema.TableString()
	}
	return parser.ParseColumns(text, parser.Options{})
}
