package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/answer"
	"weir/catalog"
	"weir/connectors"
	"weir/connectors/connect"
	"weir/connectors/connector"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
)

// ShowCreate answers SHOW CREATE.
type ShowCreate struct {
	answer.Common
	Kind      string `json:"kind"` // stream, table, ...
	Name      string `json:"name"`
	Statement string `json:"statement"`
}

func (*ShowCreate) result() {}

// Layout implements answer.Entity.
func (s *ShowCreate) Layout() answer.Layout { return answer.Layout{answer.Lines(s.Statement)} }

// showCreate finds the statement that makes something as it stands.
func (e *Engine) showCreate(ctx context.Context, n *ast.ShowCreate) (Result, error) {
	out := &ShowCreate{Kind: n.Kind, Name: n.Name.Name}
	var err error
	switch n.Kind {
	case ast.KindStream, ast.KindTable:
		out.Statement, err = e.createOfSource(ctx, n)
	case ast.KindType:
		out.Statement, err = e.createOfType(n)
	case ast.KindFunction:
		out.Statement, err = e.createOfFunction(n)
	case ast.KindConnector:
		err = e.createOfConnector(ctx, n.Name.Name, out)
	case ast.KindQuery:
		out.Statement, err = e.createOfQuery(ctx, n)
	default:
		err = refuse(BadStatement, "SHOW CREATE %s is not supported", strings.ToUpper(n.Kind))
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (e *Engine) createOfSource(ctx context.Context, n *ast.ShowCreate) (string, error) {
	cat := e.catalog.Snapshot()
	src, ok := cat.Source(n.Name.Name)
	if !ok {
		return "", e.noSource(n.Name)
	}
	if src.Kind() != n.Kind {
		return "", &planner.Error{Pos: n.Name.Pos(), Msg: fmt.Sprintf("%s is a %s: write SHOW CREATE %s", src.Name, src.Kind(), strings.ToUpper(src.Kind()))}
	}
	return e.createOf(ctx, cat, src)
}

func (e *Engine) createOf(ctx context.Context, cat *catalog.Snapshot, src *catalog.Source) (string, error) {
	_, running := cat.Query(src.Query)
	partitions := 0
	if t, err := e.opt.Cluster.Topic(ctx, src.Topic); err == nil {
		partitions = len(t.Partitions)
	}
	stmt, err := planner.Written(src, running, partitions)
	if err != nil {
		return "", err
	}
	return ast.Format(stmt) + ";", nil
}

func (e *Engine) createOfType(n *ast.ShowCreate) (string, error) {
	t, ok := e.catalog.Snapshot().Type(n.Name.Name)
	if !ok {
		names := slices.Collect(maps.Keys(e.catalog.Snapshot().Types()))
		return "", &planner.Error{Pos: n.Name.Pos(), Msg: "Type " + n.Name.Name + " does not exist." + suggestion(n.Name.Name, names)}
	}
	return "CREATE TYPE " + ast.Quote(n.Name.Name) + " AS " + t.String() + ";", nil
}

// createOfFunction has the digest of the module that is in use, so that no other one is taken for it.
func (e *Engine) createOfFunction(n *ast.ShowCreate) (string, error) {
	name := strings.ToUpper(n.Name.Name)
	f, ok := e.catalog.Snapshot().Function(name)
	if !ok {
		if _, err := e.Functions().Describe(name); err == nil {
			return "", &planner.Error{Pos: n.Name.Pos(), Msg: name + " is a function of Weir's own: DESCRIBE FUNCTION " + name + " tells of it"}
		}
		return "", &planner.Error{Pos: n.Name.Pos(), Msg: "Function " + name + " does not exist."}
	}
	stmt, err := readAgain(f.SQL)
	if err != nil {
		return "", err
	}
	made, ok := stmt.(*ast.CreateFunction)
	if !ok {
		return "", fmt.Errorf("the statement of %s is none that makes a function", name)
	}
	whole := *made
	whole.OrReplace, whole.IfNotExists, whole.SHA256 = false, false, f.SHA256
	return ast.Format(&whole) + ";", nil
}

// createOfConnector gives a connector's statement without its secrets, and says which those are.
func (e *Engine) createOfConnector(ctx context.Context, name string, out *ShowCreate) error {
	made := &ast.CreateConnector{Name: ast.Ident{Name: name}}
	if c, ok := e.connector(name); ok {
		stmt, err := readAgain(c.sql)
		if err != nil {
			return err
		}
		if made, ok = stmt.(*ast.CreateConnector); !ok {
			return fmt.Errorf("the statement of %s is none that makes a connector", name)
		}
	} else if err := e.createElsewhereOf(ctx, made); err != nil {
		return err
	}
	shown := *made
	shown.IfNotExists, shown.With = false, nil
	var hidden []string
	for _, p := range made.With {
		text := literalText(p.Value)
		if visible := connectors.Show(connector.Setting{Name: p.Name, Value: text}); visible != text {
			hidden = append(hidden, ast.QuoteString(p.Name))
			p.Value = &ast.StringLit{Value: visible}
		}
		shown.With = append(shown.With, p)
	}
	if len(hidden) > 0 {
		out.Warnings = append(out.Warnings, answer.Warning{Message: "What is secret of " + strings.Join(hidden, ", ") +
			" is not shown: put it in place of " + connectors.Masked + ", best as ${env:NAME} or ${file:PATH}."})
	}
	out.Statement = ast.Format(&shown) + ";"
	return nil
}

// createElsewhereOf fills in what Kafka Connect knows of a connector.
func (e *Engine) createElsewhereOf(ctx context.Context, made *ast.CreateConnector) error {
	name := made.Name.Name
	if e.connect == nil {
		return refuse(NotFound, "%s", missingConnector(name))
	}
	c, err := e.connect.Connector(ctx, name)
	var config map[string]string
	if err == nil {
		config, err = e.connect.Config(ctx, name)
	}
	switch {
	case connect.IsMissing(err):
		return refuse(NotFound, "%s", missingConnector(name))
	case err != nil:
		return fromConnect("query connector config", err)
	}
	made.Kind = ast.SourceConnector
	if strings.EqualFold(c.Kind, ast.SinkConnector.String()) {
		made.Kind = ast.SinkConnector
	}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		if key != "name" {
			made.With = append(made.With, ast.Prop{Ident: ast.Ident{Name: key}, Value: &ast.StringLit{Value: config[key]}})
		}
	}
	return nil
}

// createOfQuery is the statement that started a query: that of its stream or table, or an INSERT INTO.
func (e *Engine) createOfQuery(ctx context.Context, n *ast.ShowCreate) (string, error) {
	cat := e.catalog.Snapshot()
	var ids []string
	for _, q := range cat.Queries() {
		if !strings.EqualFold(q.ID, n.Name.Name) {
			ids = append(ids, q.ID)
			continue
		}
		for _, src := range cat.Sources() {
			if src.Query == q.ID {
				return e.createOf(ctx, cat, src)
			}
		}
		stmt, err := readAgain(q.SQL)
		if err != nil {
			return "", err
		}
		return ast.Format(stmt) + ";", nil
	}
	return "", &planner.Error{Pos: n.Name.Pos(), Msg: "Query with id:" + n.Name.Name + " does not exist." + suggestion(n.Name.Name, ids) + " SHOW QUERIES lists them."}
}

// readAgain parses the statement of something that is there.
func readAgain(sql string) (ast.Statement, error) {
	list, err := parser.Parse(strings.TrimSuffix(strings.TrimSpace(sql), ";")+"\n;", parser.Options{})
	if err == nil && len(list) != 1 {
		err = errors.New("it is not one statement")
	}
	if err != nil {
		return nil, fmt.Errorf("the statement can't be read again: %w", err)
	}
	return list[0].Node, nil
}
