package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/answer"
	"weir/formats"
	"weir/kafka"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/sample"
	"weir/settings"
	"weir/types"
)

// proposal is what CREATE ... FROM stands for.
type proposal struct {
	create  parser.Stmt  // over the topic
	load    *parser.Stmt // the connector that loads the file; nil for none
	of      string       // what was looked at
	notices []string
}

// text are the statements, and what to know of them, as comments.
func (p *proposal) text() string {
	var b strings.Builder
	b.WriteString(p.create.Text + ";")
	if p.load != nil {
		b.WriteString("\n" + p.load.Text + ";")
	}
	b.WriteString("\n-- " + p.of)
	for _, n := range p.notices {
		b.WriteString("\n-- " + n)
	}
	return b.String()
}

// failed is why a proposal could not be carried out: its places are in a text that nobody has written.
func (p *proposal) failed(n *ast.CreateFrom, err error) error {
	if err == nil {
		return nil
	}
	return &planner.Error{Pos: n.Pos(), Msg: told(err) + "\nThis statement was proposed; correct it and enter it:\n" + p.text()}
}

// propose looks at records and finds the statement for them.
func (e *Engine) propose(ctx context.Context, s *Session, n *ast.CreateFrom) (*proposal, error) {
	if n.File {
		return e.proposeOfFile(ctx, s, n)
	}
	return e.proposeOfTopic(ctx, s, n)
}

// createFrom declares a stream or table as it is proposed, and has a file loaded.
func (e *Engine) createFrom(ctx context.Context, s *Session, n *ast.CreateFrom) (Result, error) {
	if _, ok := e.catalog.Snapshot().Source(n.Name.Name); ok && s.SkipUnchanged {
		return &Done{Warning: "unchanged", Sequence: -1}, nil
	}
	p, err := e.propose(ctx, s, n)
	if err != nil {
		return nil, err
	}
	definition, ok := p.create.Node.(ast.Definition)
	if !ok {
		return nil, fmt.Errorf("%T defines nothing", p.create.Node)
	}
	r, err := e.define(ctx, s, p.create, definition)
	done, ok := r.(*Done)
	if err != nil || !ok || done.Warning != "" {
		return r, p.failed(n, err)
	}
	if p.load != nil {
		connector, ok := p.load.Node.(*ast.CreateConnector)
		if !ok {
			return nil, fmt.Errorf("%T is no connector", p.load.Node)
		}
		c, err := e.createConnector(ctx, s, *p.load, connector)
		if err != nil {
			if undone, why := e.undo(context.WithoutCancel(ctx), s, done.did, map[string]bool{}); !undone {
				err = fmt.Errorf("%w\nThe stream %s has been made, and stands. %s", err, n.Name.Name, why)
			}
			return nil, p.failed(n, err)
		}
		if d, ok := c.(*Done); ok {
			done.did.undo = append(slices.Clone(d.did.undo), done.did.undo...)
		}
	}
	done.Message += "\n" + p.text()
	return done, nil
}

// proposedFor is the statement over the topic, for plans.
func (e *Engine) proposedFor(s *Session, n *ast.CreateFrom) (*parser.Stmt, error) {
	ctx, cancel := context.WithTimeout(context.Background(), proposeTime)
	defer cancel()
	p, err := e.propose(ctx, s, n)
	if err != nil {
		return nil, err
	}
	p.create.Pos = n.Pos()
	return &p.create, nil
}

// proposeTime bounds how long records are looked at before a statement is carried out.
const proposeTime = 30 * time.Second

// explainFrom shows what is proposed, and makes nothing.
func (e *Engine) explainFrom(ctx context.Context, s *Session, n *ast.CreateFrom) (Result, error) {
	p, err := e.propose(ctx, s, n)
	if err != nil {
		return nil, err
	}
	kind := ast.KindStream
	if n.IsTable {
		kind = ast.KindTable
	}
	return &ShowCreate{Kind: kind, Name: n.Name.Name, Statement: p.text()}, nil
}

// proposed writes a statement, a column in each line, and reads it as a restart will.
func proposed(n *ast.CreateFrom, columns types.Schema, props []ast.Prop) (parser.Stmt, error) {
	text := ast.Format(n.Source(nil, props))
	if len(columns) > 0 {
		list, err := asWritten(columns, n.IsTable)
		if err != nil {
			return parser.Stmt{}, err
		}
		lines := make([]string, len(list))
		for i, c := range list {
			lines[i] = ast.Format(c)
		}
		head := ast.Format(n.Source(nil, nil))
		text = head + " (\n  " + strings.Join(lines, ",\n  ") + "\n)" + strings.TrimPrefix(text, head)
	}
	return written(text)
}

// asWritten are columns as a statement declares them.
func asWritten(columns types.Schema, table bool) ([]ast.Column, error) {
	if table {
		return parser.ParseColumns(columns.TableString(), parser.Options{})
	}
	return parser.ParseColumns(columns.String(), parser.Options{})
}

func written(text string) (parser.Stmt, error) {
	list, err := parser.Parse(text+"\n;", parser.Options{})
	if err != nil || len(list) != 1 {
		return parser.Stmt{}, fmt.Errorf("the statement that is proposed does not read: %w\n%s", err, text)
	}
	list[0].Text = text
	return list[0], nil
}

func prop(name, value string) ast.Prop {
	return ast.Prop{Ident: ast.Ident{Name: name}, Value: &ast.StringLit{Value: value}}
}

// given finds a property that WITH has.
func given(props []ast.Prop, name string) (string, bool) {
	for _, p := range props {
		if strings.EqualFold(p.Name, name) {
			return literalText(p.Value), true
		}
	}
	return "", false
}

// proposeOfTopic looks at the latest records of a topic.
func (e *Engine) proposeOfTopic(ctx context.Context, s *Session, n *ast.CreateFrom) (*proposal, error) {
	topic := n.From.Name
	if _, ok := given(n.With, "KAFKA_TOPIC"); ok {
		return nil, &planner.Error{Pos: n.Pos(), Msg: "KAFKA_TOPIC is what stands behind FROM TOPIC: leave it out of WITH"}
	}
	recs, err := e.latest(ctx, s, topic)
	if errors.Is(err, kafka.ErrNoTopic) {
		return nil, &planner.Error{Pos: n.From.Pos(), Msg: "There is no topic " + topic + ". Names of topics are case-sensitive." + e.similarTopic(ctx, topic)}
	}
	if err != nil {
		return nil, err
	}
	keys, values := newSide(e, formats.KeySchemaHeader), newSide(e, formats.ValueSchemaHeader)
	for _, r := range recs {
		keys.add(ctx, r, r.Key)
		values.add(ctx, r, r.Value)
	}
	if len(values.list) == 0 {
		what := "has no records"
		if len(recs) > 0 {
			what = "has records without a value only"
		}
		return nil, &planner.Error{Pos: n.From.Pos(), Msg: fmt.Sprintf("Topic %s %s: there is nothing to see columns in. Write some first, or declare them: %s (name type, ...) WITH (KAFKA_TOPIC=%s, VALUE_FORMAT='JSON');",
			topic, what, strings.TrimSpace(ast.Format(n.Source(nil, nil))), ast.QuoteString(topic))}
	}
	wanted := func(name string) string {
		f, ok := given(n.With, name)
		if !ok {
			f, _ = given(n.With, "FORMAT")
		}
		return strings.ToUpper(f)
	}
	value, err := values.guess(wanted("VALUE_FORMAT"), "VALUE", sample.Values)
	if err != nil {
		return nil, unrecognised(n, "values", err)
	}
	name := "ROWKEY"
	for i := 2; value.Columns.Find(name) >= 0; i++ {
		name = fmt.Sprintf("ROWKEY_%d", i)
	}
	key := &sample.Guess{}
	switch {
	case len(keys.list) > 0:
		if key, err = keys.guess(wanted("KEY_FORMAT"), name, sample.Keys); err != nil {
			return nil, unrecognised(n, "keys", err)
		}
	case n.IsTable:
		return nil, &planner.Error{Pos: n.From.Pos(), Msg: "No record of topic " + topic + " has a key, by which a table tells its rows apart: make a stream of it, CREATE STREAM ... FROM TOPIC, and of that a table by GROUP BY"}
	}
	p := &proposal{of: fmt.Sprintf("Proposed from %s of topic %s.", answer.Counted(int64(len(values.list)), "record"), topic)}
	p.notices = slices.Concat(key.Notices, value.Notices)
	columns := types.Schema{}
	for _, c := range key.Columns {
		c.Role = types.KeyColumn
		columns = append(columns, c)
	}
	for _, c := range value.Columns {
		if columns.Find(c.Name) >= 0 {
			p.notices = append(p.notices, "the column "+c.Name+" is that of the key: the value has one of that name, too")
			continue
		}
		columns = append(columns, c)
	}
	if p.create, err = proposed(n, columns, propsOf(n, topic, key, value)); err == nil {
		p.notices = append(p.notices, e.registered(s, p.create, columns)...)
	}
	return p, err
}

// registered tells of the columns that the schema registry has, beside those that are declared. What is wrong there the statement itself says.
func (e *Engine) registered(s *Session, stmt parser.Stmt, declared types.Schema) []string {
	p, err := planner.Build(stmt.Node, stmt.Text, e.planEnv(s, e.catalog.Snapshot(), 0, nil))
	if err != nil || p.Change.PutSource == nil || len(p.Change.PutSource.Schema) == len(declared) {
		return nil
	}
	var others types.Schema
	for _, c := range p.Change.PutSource.Schema {
		if declared.Find(c.Name) < 0 {
			others = append(others, c)
		}
	}
	list, err := asWritten(others, p.Change.PutSource.IsTable)
	if err != nil {
		return nil
	}
	var texts []string
	for _, c := range list {
		texts = append(texts, ast.Format(c))
	}
	return []string{"columns by the schema registry: " + strings.Join(texts, ", ")}
}

// unrecognised is the error for data that is in no format that is known.
func unrecognised(n *ast.CreateFrom, what string, err error) error {
	text := err.Error()
	if u, ok := errors.AsType[*sample.Unrecognised](err); ok {
		text = "they are in no format that is recognised. Tried:\n  " + strings.Join(u.Tried, "\n  ") +
			"\nPRINT shows them. Declare the columns where you know the format, or read the bytes as they are: KEY_FORMAT or VALUE_FORMAT 'KAFKA' and a column of BYTES."
	}
	return &planner.Error{Pos: n.From.Pos(), Msg: fmt.Sprintf("No columns can be proposed for the %s of topic %s: %s", what, n.From.Name, text)}
}

// propsOf are the properties of a statement: what was found, and what WITH says.
func propsOf(n *ast.CreateFrom, topic string, key, value *sample.Guess) []ast.Prop {
	props := []ast.Prop{prop("KAFKA_TOPIC", topic)}
	_, both := given(n.With, "FORMAT")
	add := func(name, text string) {
		if _, ok := given(n.With, name); !ok && text != "" {
			props = append(props, prop(name, text))
		}
	}
	if !both {
		add("KEY_FORMAT", key.Format)
		add("VALUE_FORMAT", value.Format)
	}
	add("KEY_DELIMITER", key.Delimiter)
	add("VALUE_DELIMITER", value.Delimiter)
	if _, ok := given(n.With, "WRAP_SINGLE_VALUE"); !ok && value.Bare {
		props = append(props, ast.Prop{Ident: ast.Ident{Name: "WRAP_SINGLE_VALUE"}, Value: &ast.BoolLit{}})
	}
	return append(props, n.With...)
}

// side are the keys or the values of records.
type side struct {
	list     []sample.Record
	schemas  guess
	registry map[string]int // how many are in which format of the registry
}

func newSide(e *Engine, header string) *side {
	return &side{schemas: guess{header: header, registry: formats.NewShower(e.opt.Registry)}, registry: map[string]int{}}
}

func (s *side) add(ctx context.Context, r *kgo.Record, data []byte) {
	if data == nil {
		return
	}
	s.list = append(s.list, sample.Record{Data: data, At: fmt.Sprintf("partition %d, offset %d", r.Partition, r.Offset)})
	if format, _, ok := s.schemas.byRegistry(ctx, data, r.Headers); ok {
		s.registry[format]++
	}
}

// guess finds the format and the columns. Those of a format with schemas are the registry's.
func (s *side) guess(wanted, name string, by func(list []sample.Record, format, name string) (*sample.Guess, error)) (*sample.Guess, error) {
	for _, format := range []string{formats.Avro, formats.Protobuf, formats.JSONSR} {
		if n := s.registry[format]; wanted == format || wanted == "" && n > 0 && (len(s.list)-n)*10 <= len(s.list) {
			g := &sample.Guess{Format: format}
			if n < len(s.list) {
				g.Notices = append(g.Notices, fmt.Sprintf("%d of %d records are in another format: they are left out, and go to the processing log", len(s.list)-n, len(s.list)))
			}
			return g, nil
		}
	}
	return by(s.list, wanted, name)
}

// latest are the latest records of a topic, from all of its partitions: as many, and about as many bytes, as settings say.
func (e *Engine) latest(ctx context.Context, s *Session, topic string) ([]*kgo.Record, error) {
	most, bytes := settings.SampleRecords.In(e.config(s)), settings.SampleBytes.In(e.config(s))
	starts, err := e.opt.Cluster.StartOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	ends, err := e.opt.Cluster.StableOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	share := max(most/int64(max(len(ends[topic]), 1)), 1)
	out, err := e.read(ctx, topic, most, bytes, func(p int32) (from, to int64) { return max(starts[topic][p], ends[topic][p]-share), ends[topic][p] }, ends[topic])
	if err == nil && len(out) == 0 { // what lies there may be gone, or markers alone
		out, err = e.read(ctx, topic, most, bytes, func(p int32) (from, to int64) { return starts[topic][p], ends[topic][p] }, ends[topic])
	}
	return out, err
}

var errEnough = errors.New("enough")

func (e *Engine) read(ctx context.Context, topic string, most, bytes int64, between func(p int32) (from, to int64), partitions map[int32]int64) (out []*kgo.Record, err error) {
	var order []int32
	for p := range partitions {
		order = append(order, p)
	}
	slices.SortFunc(order, cmp.Compare)
	each := bytes / int64(max(len(order), 1))
	for _, p := range order {
		from, to := between(p)
		left := each
		err := e.opt.Cluster.Read(ctx, topic, p, from, to, func(r *kgo.Record) error {
			out = append(out, r)
			if left -= int64(len(r.Key) + len(r.Value)); left <= 0 || int64(len(out)) >= most {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return nil, err
		}
		if int64(len(out)) >= most {
			break
		}
	}
	return out, nil
}
