package engine

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"weir/catalog"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
)

// casualty is what the command log tells and this node could not bring back. The rest of the log goes on without it; it is there, in ERROR,
// until it is dropped or terminated.
type casualty struct {
	kind   string // that of a definition, or query; command for an entry of which nothing is known
	name   string // of what is defined; otherwise the id under which SHOW QUERIES has it
	query  string // id of the persistent query that goes with it; empty for none
	sink   string // what the query writes; empty for none
	sql    string
	reads  []string
	reason error
}

// casualties are never changed once they are shared.
type casualties []*casualty

// remedy says what to do about it.
func (c *casualty) remedy() string {
	switch c.kind {
	case "query", "command":
		return "TERMINATE " + c.name + "; and give the statement again"
	}
	return fmt.Sprintf("DROP %s `%s`; and CREATE it again", strings.ToUpper(c.kind), c.name)
}

func (c *casualty) Error() string {
	return fmt.Sprintf("%s could not be brought back from the command log: %v. %s", c.name, c.reason, c.remedy())
}

func (c *casualty) Unwrap() error { return c.reason }

// asQuery is how SHOW QUERIES has it.
func (c *casualty) asQuery() (Query, bool) {
	q := Query{ID: c.query, Kind: plan.Persistent, SQL: c.sql, Sink: c.sink, Sources: c.reads, State: Failed, Error: c.Error()}
	if c.kind == "command" {
		q.ID = c.name
	}
	return q, q.ID != ""
}

// asSource is how SHOW STREAMS and SHOW TABLES have it; nil where it is neither.
func (c *casualty) asSource() *catalog.Source {
	if c.kind != "stream" && c.kind != "table" {
		return nil
	}
	return &catalog.Source{Name: c.name, IsTable: c.kind == "table", SQL: c.sql, Query: c.query}
}

// named finds what a definition may name.
func (all casualties) named(kind, name string) *casualty {
	for _, c := range all {
		if c.name == name && (c.kind == kind || ast.IsSource(c.kind) && ast.IsSource(kind)) {
			return c
		}
	}
	return nil
}

// queryID finds what SHOW QUERIES has under an id.
func (all casualties) queryID(id string) *casualty {
	for _, c := range all {
		if q, ok := c.asQuery(); ok && q.ID == id {
			return c
		}
	}
	return nil
}

func (all casualties) without(gone *casualty) casualties {
	var out casualties
	for _, c := range all {
		if c != gone {
			out = append(out, c)
		}
	}
	return out
}

// terminated is what is left once a query has ended: a stream or table is still there until it is dropped.
func (all casualties) terminated(c *casualty) casualties {
	out := all.without(c)
	if ast.IsSource(c.kind) {
		left := *c
		left.query, left.sink = "", ""
		out = append(out, &left)
	}
	return out
}

// droppedBy are those that go with a DROP statement: the one that it names, and with CASCADE what depends on what it takes away.
func (all casualties) droppedBy(n ast.Statement, cat *catalog.Snapshot) casualties {
	var out casualties
	if c := all.dropped(n); c != nil {
		out = append(out, c)
	}
	d, ok := n.(*ast.DropSource)
	if !ok {
		return out
	}
	gone := []string{d.Name.Name}
	if _, there := cat.Source(d.Name.Name); there && d.Cascade {
		gone = cat.Cascade(d.Name.Name).Sources
	}
	for more := true; more; {
		more = false
		for _, c := range all {
			depends := c.kind == "command" && c.sink == d.Name.Name || d.Cascade &&
				slices.ContainsFunc(gone, func(name string) bool { return slices.Contains(c.reads, name) || c.kind == "query" && c.sink == name })
			if !depends || slices.Contains(out, c) {
				continue
			}
			out, more = append(out, c), true
			if ast.IsSource(c.kind) {
				gone = append(gone, c.name)
			}
		}
	}
	return out
}

// dropped is what a DROP statement means, or nil.
func (all casualties) dropped(n ast.Statement) *casualty {
	if is := defined(n); is.Action == ast.Drops {
		return all.named(is.Kind, is.Name.Name)
	}
	return nil
}

// defined is what a statement defines; nothing where it is of another sort.
func defined(n ast.Statement) ast.Defined {
	if d, ok := n.(ast.Definition); ok {
		return d.Defines()
	}
	return ast.Defined{}
}

// afterDrop is what a DROP statement leaves; cat is the catalog before it.
func (all casualties) afterDrop(n ast.Statement, cat *catalog.Snapshot) casualties {
	gone := all.droppedBy(n, cat)
	return slices.DeleteFunc(all.without(nil), func(c *casualty) bool { return slices.Contains(gone, c) })
}

// mayDrop refuses the wrong kind, and what others read.
func (all casualties) mayDrop(c *casualty, n ast.Statement) error {
	if d := defined(n); d.Kind != c.kind {
		return &planner.Error{Pos: d.Name.Pos(), Msg: fmt.Sprintf("Incompatible data source type is %s, but statement was DROP %s",
			strings.ToUpper(c.kind), strings.ToUpper(d.Kind))}
	}
	if drop, ok := n.(*ast.DropSource); ok && drop.Cascade {
		return nil
	}
	var readers []string
	for _, o := range all {
		if o != c && ast.IsSource(c.kind) && (slices.Contains(o.reads, c.name) || o.kind == "query" && o.sink == c.name) {
			readers = append(readers, o.name)
		}
	}
	if len(readers) > 0 {
		return refuse(BadStatement, "Cannot drop %s.\nThe following, which could not be brought back either, go with it: [%s].\nYou need to drop or terminate them before dropping %s, or to add CASCADE.",
			c.name, strings.Join(readers, ", "), c.name)
	}
	return nil
}

// refuse says why a statement can't be carried out that names one of them; dropping is another matter.
func (all casualties) refuse(n ast.Statement) error {
	if len(all) == 0 {
		return nil
	}
	for _, m := range mentions(n) {
		if c := all.named(ast.KindStream, m.name); c != nil {
			return &planner.Error{Pos: m.pos, Msg: c.Error()}
		}
	}
	if d := defined(n); d.Action == ast.Creates && !ast.IsSource(d.Kind) {
		if c := all.named(d.Kind, d.Name.Name); c != nil {
			return &planner.Error{Pos: d.Name.Pos(), Msg: c.Error()}
		}
	}
	return nil
}

// mention is a name in a statement.
type mention struct {
	name string
	pos  ast.Pos
}

// mentions are the streams and tables that a statement names, what it makes first.
func mentions(n ast.Statement) []mention {
	one := func(id ast.Ident) []mention { return []mention{{id.Name, id.Pos()}} }
	switch n := n.(type) {
	case *ast.CreateSource:
		return one(n.Name)
	case *ast.CreateFrom:
		return one(n.Name)
	case *ast.CreateAs:
		return append(one(n.Name), tables(n.Query)...)
	case *ast.InsertSelect:
		return append(one(n.Target), tables(n.Query)...)
	case *ast.InsertValues:
		return one(n.Target)
	case *ast.AlterSource:
		return one(n.Name)
	case *ast.RenameSource:
		return append(one(n.Name), one(n.To)...)
	case *ast.Describe:
		return one(n.Name)
	case *ast.ShowCreate:
		if ast.IsSource(n.Kind) {
			return one(n.Name)
		}
	case *ast.Query:
		return tables(n)
	case *ast.Copy:
		return tables(n.Query)
	case *ast.Explain:
		return mentions(n.Statement)
	default: // about these alone
	}
	return nil
}

func tables(q *ast.Query) []mention {
	var out []mention
	ast.Tables(q.From, func(t *ast.Table) { out = append(out, mention{t.Name, t.Pos()}) })
	return out
}

// creates tells what a statement that can't be parsed was to make.
var creates = regexp.MustCompile("(?is)^\\s*CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:SOURCE\\s+)?(STREAM|TABLE|TYPE|FUNCTION)\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?(?:`([^`]+)`|\"([^\"]+)\"|([A-Za-z_][A-Za-z0-9_]*))")

// unreadable is the casualty of an entry that can't be parsed.
func unreadable(c entry, reason error) *casualty {
	if m := creates.FindStringSubmatch(c.Statement); m != nil {
		return &casualty{kind: strings.ToLower(m[1]), name: m[2] + m[3] + strings.ToUpper(m[4]), sql: c.Statement, reason: reason}
	}
	return &casualty{kind: "command", name: fmt.Sprintf("COMMAND_%d", c.offset), sql: c.Statement, reason: reason}
}

// unplanned is the casualty of a statement that can't be carried out again. running is the query that it was to take over; empty for none.
func unplanned(n ast.Statement, c entry, running string, reason error) *casualty {
	d := defined(n)
	out := &casualty{kind: d.Kind, name: d.Name.Name, sql: c.Statement, query: running, reason: reason}
	if d.Kind == "" {
		out.kind, out.name = "command", fmt.Sprintf("COMMAND_%d", c.offset)
	}
	switch n := n.(type) {
	case *ast.CreateSource:
		if n.IsTable && n.ReadOnly {
			out.query = fmt.Sprintf("CST_%s_%d", strings.ToUpper(n.Name.Name), c.ID)
		}
	case *ast.CreateAs:
		out.sink = n.Name.Name
		if out.query == "" {
			out.query = fmt.Sprintf("%s_%s_%d", map[bool]string{true: "CTAS", false: "CSAS"}[n.IsTable], strings.ToUpper(n.Name.Name), c.ID)
		}
	case *ast.InsertSelect:
		out.kind, out.sink, out.name = "query", n.Target.Name, fmt.Sprintf("INSERTQUERY_%d", c.ID)
		for _, p := range n.With {
			if p.Name == "QUERY_ID" {
				out.name = strings.ToUpper(literalText(p.Value))
			}
		}
		out.query = out.name
	default: // about those that make queries
	}
	if id := c.Begin.id(); id != "" && running == "" {
		if out.query = id; out.kind == "query" {
			out.name = id
		}
	}
	for _, m := range mentions(n) {
		if m.name != out.name && m.name != out.sink {
			out.reads = append(out.reads, m.name)
		}
	}
	return out
}
