package engine

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"weir/catalog"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// checked is a SELECT that was parsed and planned, and is still to be carried out.
type checked struct {
	text                  string
	properties, variables map[string]string // of the session then
	cat                   *catalog.Snapshot
	stmt                  parser.Stmt
	query                 *plan.Query
}

func checkedNow(s *Session, text string, cat *catalog.Snapshot, stmt parser.Stmt, query *plan.Query) *checked {
	return &checked{text, maps.Clone(s.Properties), maps.Clone(s.Variables), cat, stmt, query}
}

// checkedAs is what was found out about a text by Validate, if that still says how it is to be carried out; else it is forgotten.
func (s *Session) checkedAs(text string) *checked {
	c := s.checked
	if c != nil && (c.text != text || !maps.Equal(c.properties, s.Properties) || !maps.Equal(c.variables, s.Variables)) {
		s.checked, c = nil, nil
	}
	return c
}

// planOf is the plan of the statement that Validate has checked, once; nil where there is none by this catalog.
func (s *Session) planOf(stmt parser.Stmt, cat *catalog.Snapshot) *plan.Query {
	c := s.checked
	s.checked = nil
	if c == nil || c.cat != cat || c.stmt.Node != stmt.Node {
		return nil
	}
	return c.query
}

// prepared are the pull queries by one key that were asked by a catalog: applications ask for one key after the other, in the same words. What differs is put into
// the plan.
type prepared struct {
	cat   *catalog.Snapshot
	known sync.Map // *template by its words
	count atomic.Int32
}

// maxPrepared and maxPreparedText bound what is kept: queries, and the bytes of each.
const maxPrepared, maxPreparedText = 256, 4 << 10

// template is a query, and the texts before and behind its one literal, with the quotes.
type template struct {
	node           *ast.Query
	pos            ast.Pos
	query          *plan.Query
	before, behind string // of the statement's text
}

// blank is a text that has one literal which stands in quotes.
type blank struct {
	before, literal, behind string
}

// blankOf finds the literal of a text; ok is false where there is none, or where another one in its place may be read otherwise.
func blankOf(text string) (b blank, ok bool) {
	if len(text) > maxPreparedText || strings.Count(text, "'") != 2 || strings.Contains(text, "${") {
		return b, false
	}
	from, to := strings.IndexByte(text, '\''), strings.LastIndexByte(text, '\'')
	b = blank{text[:from+1], text[from+1 : to], text[to:]}
	plain := utf8.ValidString(b.literal) && !strings.ContainsFunc(b.literal, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f || r == utf8.RuneError })
	return b, plain
}

// words are what is the same of all queries of a template: their text without the literal, and what the session has set.
func (b blank) words(s *Session) string {
	words := b.before + b.behind
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		words += "\x00" + name + "\x00" + s.Properties[name]
	}
	return words
}

// preparedAs is a query of which one like it was planned by the same catalog, with its own literal.
func (e *Engine) preparedAs(s *Session, text string) *checked {
	all := e.prepared.Load()
	if all == nil || all.cat != e.catalog.Snapshot() || len(s.Variables) > 0 {
		return nil
	}
	b, ok := blankOf(text)
	if !ok {
		return nil
	}
	found, ok := all.known.Load(b.words(s))
	if !ok {
		return nil
	}
	t := found.(*template)
	stmt := parser.Stmt{Node: withText(t.node, b.literal), Text: t.before + b.literal + t.behind, Pos: t.pos}
	return checkedNow(s, text, all.cat, stmt, withKey(t.query, stmt.Text, b.literal))
}

// prepare keeps what was checked for queries like it, if its literal is the key and nothing else hangs on it.
func (e *Engine) prepare(s *Session, c *checked) {
	b, ok := blankOf(c.text)
	ok = ok && len(s.Variables) == 0
	if key, byKey := keyOf(c.query); !ok || !byKey || key != b.literal {
		return
	}
	if lit := comparedText(c.stmt.Node.(*ast.Query)); lit == nil || lit.Pos().Offset != len(b.before)-1 {
		return
	}
	own, ok := blankOf(c.stmt.Text)
	if !ok || own.literal != b.literal {
		return
	}
	all := e.prepared.Load()
	if all == nil || all.cat != c.cat || all.count.Load() >= maxPrepared {
		all = &prepared{cat: c.cat}
		e.prepared.Store(all)
	}
	all.count.Add(1)
	all.known.Store(strings.Clone(b.words(s)), &template{c.stmt.Node.(*ast.Query), c.stmt.Pos, c.query, own.before, own.behind})
}

// comparedText is the text that a condition which is one comparison has on one side; nil for other conditions.
func comparedText(q *ast.Query) *ast.StringLit {
	c, ok := q.Where.(*ast.Comparison)
	if !ok {
		return nil
	}
	l, left := c.L.(*ast.StringLit)
	r, right := c.R.(*ast.StringLit)
	switch {
	case left == right:
		return nil
	case left:
		return l
	}
	return r
}

// withText is the query with another text in the comparison: it may have to be planned anew, by another catalog.
func withText(q *ast.Query, text string) *ast.Query {
	query, cond, lit := *q, *q.Where.(*ast.Comparison), *comparedText(q)
	lit.Value = text
	if _, left := cond.L.(*ast.StringLit); left {
		cond.L = &lit
	} else {
		cond.R = &lit
	}
	query.Where = &cond
	return &query
}

// keyOf is the key of a query that asks a table by nothing but a key of one text; ok is false for others.
func keyOf(q *plan.Query) (key string, ok bool) {
	l := q.Lookup
	if l == nil || len(l.Keys) != 1 || len(l.Keys[0]) != 1 || l.Keys[0][0].Kind() != types.String {
		return "", false
	}
	cond, ok := l.Where.(*plan.Compare)
	if !ok || cond.Op != plan.Eq {
		return "", false
	}
	_, left := cond.L.(*plan.Column)
	_, right := cond.R.(*plan.Literal)
	return l.Keys[0][0].Str(), left && right
}

// withKey is the plan with another key.
func withKey(q *plan.Query, sql, key string) *plan.Query {
	query, lookup, cond := *q, *q.Lookup, *q.Lookup.Where.(*plan.Compare)
	value := types.StringValue(key)
	cond.R = &plan.Literal{Value: value, T: cond.R.(*plan.Literal).T}
	lookup.Keys, lookup.Where = [][]types.Value{{value}}, &cond
	query.SQL, query.Lookup = sql, &lookup
	return &query
}
