package engine

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"weir/catalog"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
)

// parse substitutes the session's variables in one statement of a text and parses it. Positions are those of the text.
func (e *Engine) parse(s *Session, text string, piece parser.Piece) (*parser.Stmt, error) {
	src := strings.TrimSuffix(piece.Text, ";") + ";"
	if len(s.Variables) > 0 || strings.Contains(src, "${") {
		out, err := parser.Substitute(src, s.Variables)
		if err != nil {
			return nil, e.fault(text, parser.Stmt{Text: piece.Text}, err)
		}
		src = out
	}
	list, err := parser.Parse(src, parser.Options{At: piece.Pos})
	if err != nil {
		var syntax *parser.Error
		if errors.As(err, &syntax) && syntax.Pos.Line == piece.Pos.Line {
			syntax.Line = strings.Repeat(" ", max(piece.Pos.Col-1, 0)) + syntax.Line // the place is marked by its column
		}
		return nil, e.fault(text, parser.Stmt{Text: piece.Text}, err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return &list[0], nil
}

// Validate parses and plans all statements against a catalog that changes as they would change it, and does nothing. A
// query that is a text of its own is carried out as it was planned here, if Execute is next to be given the text and nothing has changed.
func (e *Engine) Validate(s *Session, text string) ([]parser.Stmt, error) {
	if s.checked = e.preparedAs(s, text); s.checked != nil {
		if err := e.casualties().refuse(s.checked.stmt.Node); err != nil {
			return nil, e.fault(text, s.checked.stmt, err)
		}
		return []parser.Stmt{s.checked.stmt}, nil
	}
	sandbox := &Session{Principal: s.Principal, Properties: maps.Clone(s.Properties), Variables: maps.Clone(s.Variables), BaseDir: s.BaseDir, Remote: s.Remote}
	pieces := parser.Split(text)
	if pieces.Open != parser.Complete {
		_, err := parser.Parse(text, parser.Options{})
		if err == nil {
			err = fmt.Errorf("the text ends inside a statement: end it with ;")
		}
		return nil, e.fault(text, parser.Stmt{Text: pieces.Rest.Text}, err)
	}
	snap, next, lost := e.catalog.Snapshot(), e.log.nextID(), e.casualties()
	topics := map[string]int32{}
	plans := map[string]*plan.Query{}
	var out []parser.Stmt
	for _, piece := range pieces.Statements {
		stmt, err := e.parse(sandbox, text, piece)
		if err != nil {
			return nil, err
		}
		if stmt == nil {
			continue
		}
		out = append(out, *stmt)
		if n, ok := stmt.Node.(ast.Setting); ok {
			if err := sandboxSet(sandbox, n); err != nil {
				return nil, e.fault(text, *stmt, err)
			}
		}
		if n, ok := stmt.Node.(*ast.Terminate); ok {
			snap, next = withoutQueries(snap, n), next+1
		}
		env := e.planEnv(sandbox, snap, next, topics)
		if n, ok := stmt.Node.(*ast.InsertValues); ok {
			if _, err := planner.BuildValues(n, env); err != nil {
				return nil, e.fault(text, *stmt, err)
			}
		}
		if n, ok := stmt.Node.(*ast.Copy); ok {
			if err := copies(sandbox, n); err != nil {
				return nil, e.fault(text, *stmt, err)
			}
		}
		if n, ok := stmt.Node.(*ast.CreateTopic); ok {
			t, err := planner.TopicOf(n, env)
			if err != nil {
				return nil, e.fault(text, *stmt, err)
			}
			if _, there := env.Partitions(t.Name); !there {
				topics[t.Name] = max(t.Partitions, 1)
			}
		}
		if n, ok := stmt.Node.(*ast.CreateFrom); ok {
			made, err := e.proposedFor(sandbox, n)
			if err != nil {
				return nil, e.fault(text, *stmt, err)
			}
			stmt = made
		}
		if !planned(stmt.Node) {
			continue
		}
		env.Running = func(id string) *plan.Query {
			if q := plans[id]; q != nil {
				return q
			}
			return e.runningPlan(id)
		}
		before := snap
		p, err := e.draft(sandbox, *stmt, world{env, snap, lost, nil})
		if err == nil && !p.Change.Empty() {
			snap, err = snap.With(p.Change)
			next++
		}
		if err != nil {
			return nil, e.fault(text, *stmt, err)
		}
		if _, ok := stmt.Node.(*ast.Query); ok && len(pieces.Statements) == 1 {
			s.checked = checkedNow(s, text, snap, *stmt, p.Query)
			e.prepare(s, s.checked)
		}
		lost = lost.afterDrop(stmt.Node, before)
		if p.Change.PutQuery != nil {
			plans[p.Query.ID] = p.Query
		}
		for _, t := range []*planner.Topic{p.Topic, p.LateTopic} {
			if t == nil {
				continue
			}
			if n, ok := env.Partitions(t.Name); ok {
				topics[t.Name] = n
			} else {
				topics[t.Name] = max(t.New(), 1)
			}
		}
	}
	return out, nil
}

// withoutQueries is the catalog after TERMINATE. What it does not find it is told when it is carried out.
func withoutQueries(snap *catalog.Snapshot, n *ast.Terminate) *catalog.Snapshot {
	ids, err := snap.Terminates(n.All, n.QueryID.Name)
	if err != nil {
		return snap
	}
	for _, id := range ids {
		if next, err := snap.With(dropQuery(id)); err == nil {
			snap = next
		}
	}
	return snap
}

// planned says whether a statement goes through the planner.
func planned(n ast.Statement) bool {
	_, query := n.(*ast.Query)
	_, definition := n.(ast.Definition)
	return query || definition
}
