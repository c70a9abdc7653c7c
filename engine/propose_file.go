package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"weir/answer"
	"weir/connectors"
	"weir/connectors/connector"
	"weir/formats"
	"weir/kafka"
	"weir/parser/ast"
	"weir/parser/suggest"
	"weir/planner"
	"weir/sample"
	"weir/settings"
)

// fileProps are the properties that CREATE STREAM ... FROM FILE takes.
var fileProps = []string{"FORMAT", "HEADER", "DELIMITER", "KAFKA_TOPIC", "PARTITIONS", "REPLICAS"}

// loading is how a file is read.
type loading struct {
	path, format string
	head         bool
	delim        rune // of CSV; 0 where it is to be found out
	topic        string
	sizes        []ast.Prop // of the topic
}

// fileFormats are the formats by the endings of files.
var fileFormats = map[string]string{".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json"}

func readLoading(n *ast.CreateFrom) (*loading, error) {
	wrong := func(p ast.Prop, format string, args ...any) error {
		return &planner.Error{Pos: p.Pos(), Msg: fmt.Sprintf("The property %s: "+format, append([]any{strings.ToUpper(p.Name)}, args...)...)}
	}
	l := &loading{path: n.From.Name, head: true, topic: strings.ToLower(n.Name.Name)}
	name := strings.TrimSuffix(strings.ToLower(filepath.Base(l.path)), ".gz")
	l.format = fileFormats[filepath.Ext(name)]
	if filepath.Ext(name) == ".tsv" {
		l.delim = '\t'
	}
	for _, p := range n.With {
		text := literalText(p.Value)
		switch strings.ToUpper(p.Name) {
		case "FORMAT":
			if l.format = strings.ToLower(text); l.format == "jsonl" || l.format == "ndjson" {
				l.format = "json"
			}
			if l.format != "csv" && l.format != "json" {
				return nil, wrong(p, "expected csv or json, got '%s'", text)
			}
		case "HEADER":
			head, err := strconv.ParseBool(strings.ToLower(text))
			if err != nil {
				return nil, wrong(p, "expected TRUE or FALSE, got '%s'", text)
			}
			l.head = head
		case "DELIMITER":
			delim, err := formats.FileDelimiter(text)
			if err != nil {
				return nil, wrong(p, "%v, got '%s'", err, text)
			}
			l.delim = rune(delim)
		case "KAFKA_TOPIC":
			l.topic = text
		case "PARTITIONS", "REPLICAS":
			l.sizes = append(l.sizes, p)
		default:
			hint := ""
			if s, ok := suggest.Suggest(strings.ToUpper(p.Name), fileProps); ok {
				hint = ". Did you mean " + s + "?"
			}
			return nil, &planner.Error{Pos: p.Pos(), Msg: fmt.Sprintf("CREATE STREAM ... FROM FILE takes %s, but not %s%s", strings.Join(fileProps, ", "), strings.ToUpper(p.Name), hint)}
		}
	}
	if _, ok := given(l.sizes, "PARTITIONS"); !ok {
		l.sizes = append(l.sizes, ast.Prop{Ident: ast.Ident{Name: "PARTITIONS"}, Value: &ast.IntLit{Value: 1}})
	}
	if l.format == "" {
		return nil, &planner.Error{Pos: n.From.Pos(), Msg: "The name " + l.path + " does not tell how the file is written: WITH (FORMAT='csv') or 'json' does, for lines of values or of objects"}
	}
	return l, nil
}

// connector are the properties of the connector that loads the file.
func (l *loading) connector() []ast.Prop {
	props := []ast.Prop{prop(connector.ClassProperty, "file"), prop("path", l.path), prop("format", l.format), prop("topic", l.topic)}
	if l.format == "csv" {
		if l.head {
			props = append(props, prop("csv.header", "true"))
		}
		switch l.delim {
		case 0, ',':
		case '\t':
			props = append(props, prop("csv.delimiter", "TAB"))
		case ' ':
			props = append(props, prop("csv.delimiter", "SPACE"))
		default:
			props = append(props, prop("csv.delimiter", string(l.delim)))
		}
	}
	return props
}

// proposeOfFile looks at the first rows of a file. It is read under the rules of connectors, one of which is to load it.
func (e *Engine) proposeOfFile(ctx context.Context, s *Session, n *ast.CreateFrom) (*proposal, error) {
	l, err := readLoading(n)
	if err != nil {
		return nil, err
	}
	name := n.Name.Name + "_FILE"
	if _, ok := e.connector(name); ok && !n.IfNotExists {
		return nil, &planner.Error{Pos: n.Pos(), Msg: "There is a connector " + name + " already, which loads a file: drop it, or give the stream another name"}
	}
	if _, ok := e.catalog.Snapshot().Source(n.Name.Name); !ok {
		if _, err := e.opt.Cluster.Topic(ctx, l.topic); err == nil {
			return nil, &planner.Error{Pos: n.Pos(), Msg: "There is a topic " + l.topic + " already: CREATE STREAM ... FROM TOPIC makes a stream over it, and KAFKA_TOPIC names another one for the file"}
		} else if !errors.Is(err, kafka.ErrNoTopic) {
			return nil, err
		}
	}
	wrong := func(err error) error { return &planner.Error{Pos: n.From.Pos(), Msg: err.Error()} }
	path, rows, err := e.fileRows(s, name, l)
	if err == nil && len(rows) == 0 {
		err = fmt.Errorf("%s has no rows: there is nothing to see columns in", path)
	}
	if err != nil {
		return nil, wrong(err)
	}
	g, delim, err := sample.File(rows, l.format, l.head, l.delim)
	if err != nil {
		return nil, wrong(fmt.Errorf("No columns can be proposed for %s: %w", path, err))
	}
	if l.format == "csv" && l.delim == 0 && delim != ',' { // rows are cut by the delimiter, too
		l.delim = delim
		if path, rows, err = e.fileRows(s, name, l); err == nil {
			g, _, err = sample.File(rows, l.format, l.head, delim)
		}
		if err != nil {
			return nil, wrong(err)
		}
	}
	looked := len(rows)
	if l.format == "csv" && l.head {
		looked--
	}
	p := &proposal{of: fmt.Sprintf("Proposed from %s of %s.", answer.Counted(int64(looked), "row"), path), notices: g.Notices}
	props := []ast.Prop{prop("KAFKA_TOPIC", l.topic), prop("VALUE_FORMAT", g.Format)}
	if g.Delimiter != "" {
		props = append(props, prop("VALUE_DELIMITER", g.Delimiter))
	}
	props = append(props, l.sizes...)
	if p.create, err = proposed(n, g.Columns, props); err != nil {
		return nil, err
	}
	load, err := written(loads(n, name, l))
	p.load = &load
	return p, err
}

// loads writes the statement of the connector, with its properties in quotes, as is usual.
func loads(n *ast.CreateFrom, name string, l *loading) string {
	text := ast.Format(&ast.CreateConnector{Kind: ast.SourceConnector, IfNotExists: n.IfNotExists, Name: ast.Ident{Name: name}}) + " WITH ("
	for i, p := range l.connector() {
		if i > 0 {
			text += ", "
		}
		text += ast.QuoteString(p.Name) + " = " + ast.Format(p.Value)
	}
	return text + ")"
}

// fileRows are the first rows of a file, each with its place.
func (e *Engine) fileRows(s *Session, name string, l *loading) (path string, rows []sample.Record, err error) {
	sp := connectors.Spec{Name: name, Kind: connector.Source, BaseDir: s.BaseDir, Confined: s.Remote}
	for _, p := range l.connector() {
		sp.Properties = append(sp.Properties, connector.Setting{Name: p.Name, Value: literalText(p.Value)})
	}
	config := e.config(s)
	path, list, lines, err := e.conns.SampleFile(sp, int(settings.SampleRecords.In(config)), settings.SampleBytes.In(config))
	for i, row := range list {
		rows = append(rows, sample.Record{Data: row, At: fmt.Sprintf("%s, line %d", filepath.Base(path), lines[i])})
	}
	return path, slices.Clip(rows), err
}
