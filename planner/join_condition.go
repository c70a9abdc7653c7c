package planner

import (
	"slices"
	"strings"

	"weir/catalog"
	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

// condition is the ON of a join: the equalities by which rows are brought together, each of whose sides speaks of one source, and
// terms that they must fulfil to match.
type condition struct {
	j           *joining
	at          *ast.Join
	left, right *side
	// terms are the equalities as they stand in the text, with the sources' names; leftX and rightX their sides as they belong.
	terms             []*ast.Comparison
	leftX, rightX     []ast.Expr
	leftKey, rightKey []plan.Expr
	rest              []ast.Expr // the other terms
	// leftServes and rightServes say that a side's rows have this key already.
	leftServes, rightServes bool
}

const joinOn = "JOIN ON"

// condition takes an ON apart.
func (j *joining) condition(n *ast.Join, left, right *side) (*condition, error) {
	scopes := slices.Concat(left.scopes, right.scopes)
	on, err := qualified(n.On, scopes, joinOn)
	if err != nil {
		return nil, err
	}
	c := &condition{j: j, at: n, left: left, right: right}
	c.terms, c.rest = keyTerms(on, left, right)
	if len(c.terms) == 0 {
		if _, ok := on.(*ast.Comparison); ok {
			return nil, at(n.On.Pos(), "Only equality join criteria is supported. Got %s.", ast.Quoted(on))
		}
		return nil, at(n.On.Pos(), "Unsupported join expression: %s. A join needs an equality of its two sides, such as ON A.ID = B.ID.", ast.Quoted(on))
	}
	if j.gathers {
		c.equalities()
	}
	for _, cmp := range c.terms {
		if err := c.take(cmp); err != nil {
			return nil, err
		}
	}
	c.leftServes, c.rightServes = left.holds(c.leftX...), right.holds(c.rightX...)
	return c, nil
}

// take adds an equality to the key.
func (c *condition) take(cmp *ast.Comparison) error {
	var of [2]string
	for i, x := range []ast.Expr{cmp.L, cmp.R} {
		var ok bool
		if of[i], ok = onlySource(x); !ok {
			return at(x.Pos(), "Invalid comparison expression '%s' in join '%s'. Each side of the join comparision must contain references from exactly one source.",
				ast.Quoted(x), ast.Quoted(cmp))
		}
	}
	leftX, rightX, ok := acrossSides(cmp, c.right)
	switch {
	case of[0] == of[1]:
		return at(c.at.On.Pos(), "Each side of the join must reference exactly one source and not the same source. Left side references `%s` and right references `%s`", of[0], of[1])
	case !ok:
		return at(c.at.On.Pos(), "A join criteria is expected to reference the source (`%s`) in the FROM clause, instead the right source references `%s` and the left source references `%s`",
			c.right.scopes[0].alias, of[1], of[0])
	}
	c.leftX, c.rightX = append(c.leftX, leftX), append(c.rightX, rightX)
	return nil
}

// onlySource is the source that an expression speaks of; ok is false where there is none, or more than one.
func onlySource(x ast.Expr) (alias string, ok bool) {
	ok = true
	ast.Walk(x, func(e ast.Expr) bool {
		if ref, is := e.(*ast.ColumnRef); is && ref.Qualifier != "" {
			ok = ok && (alias == "" || alias == ref.Qualifier)
			alias = ref.Qualifier
		}
		return true
	})
	return alias, ok && alias != ""
}

// qualified writes the sources in front of all columns; one that can't be told is an error.
func qualified(x ast.Expr, scopes []*scope, clause string) (ast.Expr, error) {
	var unknown *ast.ColumnRef
	ast.Walk(x, func(e ast.Expr) bool {
		ref, ok := e.(*ast.ColumnRef)
		if ok && ref.Qualifier != "" && !slices.ContainsFunc(scopes, func(sc *scope) bool { return sc.alias == ref.Qualifier }) {
			unknown = ref
		}
		return true
	})
	if unknown != nil {
		_, err := scopeOf(unknown, scopes, clause)
		return nil, err
	}
	params := lambdaParams(x)
	return ast.Rewrite(x, func(e ast.Expr) (ast.Expr, error) {
		ref, ok := e.(*ast.ColumnRef)
		if !ok || ref.Qualifier == "" && slices.Contains(params, ref.Name) {
			return e, nil
		}
		sc, err := scopeOf(ref, scopes, clause)
		if err != nil {
			return nil, err
		}
		return &ast.ColumnRef{At: ref.At, Qualifier: sc.alias, Name: ref.Name}, nil
	})
}

// withSources writes the sources in front of the columns that lack them, where there is no doubt, so that two ways to write
// an expression become one.
func withSources(x ast.Expr, scopes []*scope) ast.Expr {
	params := lambdaParams(x)
	out, _ := ast.Rewrite(x, func(e ast.Expr) (ast.Expr, error) {
		ref, ok := e.(*ast.ColumnRef)
		if !ok || ref.Qualifier != "" || slices.Contains(params, ref.Name) {
			return e, nil
		}
		sc, err := scopeOf(ref, scopes, "")
		if err != nil {
			return e, nil // whoever resolves it will say so
		}
		return &ast.ColumnRef{At: ref.At, Qualifier: sc.alias, Name: ref.Name}, nil
	})
	return out
}

// lambdaParams are the names of the parameters of all lambdas in an expression.
func lambdaParams(x ast.Expr) []string {
	var out []string
	ast.Walk(x, func(e ast.Expr) bool {
		if l, ok := e.(*ast.Lambda); ok {
			for _, p := range l.Params {
				out = append(out, p.Name)
			}
		}
		return true
	})
	return out
}

// part is which part of the rows' key an expression is known to be; -1 for none.
func (s *side) part(x ast.Expr) int {
	text := ast.Format(x)
	return slices.IndexFunc(s.parts, func(p joinKey) bool {
		return slices.ContainsFunc(p.equal, func(e ast.Expr) bool { return ast.Format(e) == text })
	})
}

// holds says whether expressions are known to be the key of the rows, in its order.
func (s *side) holds(list ...ast.Expr) bool {
	for i, x := range list {
		if s.part(x) != i {
			return false
		}
	}
	return len(list) == len(s.parts)
}

// covers is holds in whatever order.
func (s *side) covers(list []ast.Expr) bool {
	found := make([]bool, len(s.parts))
	for _, x := range list {
		if i := s.part(x); i >= 0 {
			found[i] = true
		}
	}
	return len(list) == len(s.parts) && !slices.Contains(found, false)
}

func (c *condition) serves(s *side) bool {
	if s == c.left {
		return c.leftServes
	}
	return c.rightServes
}

// resolve types the two keys. Where the rows have the key already, it is taken from there: it is there even where the
// column named is NULL for want of a match.
func (c *condition) resolve() error {
	var err error
	if c.leftKey, err = c.key(c.left, c.leftX); err != nil {
		return err
	}
	c.rightKey, err = c.key(c.right, c.rightX)
	return err
}

func (c *condition) key(s *side, list []ast.Expr) ([]plan.Expr, error) {
	r := &resolver{env: c.j.b.env, clause: joinOn, column: columnIn(s.scopes, joinOn)}
	var out []plan.Expr
	for _, x := range list {
		if i := s.part(x); i >= 0 && len(s.scopes) > 1 {
			out = append(out, &plan.Column{Slot: s.parts[i].slot, Name: ast.Format(x), T: s.parts[i].t})
			continue
		}
		key, err := r.expr(x)
		if err != nil {
			return nil, err
		}
		out = append(out, key)
	}
	return out, nil
}

// got is the condition as messages show it.
func (c *condition) got() string {
	out := make([]string, len(c.terms))
	for i, t := range c.terms {
		out[i] = termText(t)
	}
	return strings.Join(out, " AND ")
}

func termText(t *ast.Comparison) string { return ast.Quoted(t.L) + " = " + ast.Quoted(t.R) }

// joinWords are how messages name the kinds.
var joinWords = map[ast.JoinKind]string{ast.InnerJoin: "[INNER] JOIN", ast.LeftJoin: "LEFT [OUTER] JOIN", ast.RightJoin: "RIGHT [OUTER] JOIN", ast.FullJoin: "[FULL] OUTER JOIN"}

func (c *condition) sources() (left, words, right string) {
	return c.left.scopes[0].src.Name, joinWords[c.at.Kind], c.right.scopes[0].src.Name
}

// checkKinds refuses what can't be joined in this order, in this way, or with this window.
func (c *condition) checkKinds() error {
	left, words, right := c.sources()
	switch l, r := c.left.in.Table(), c.right.in.Table(); {
	case l && !r:
		return at(c.at.Pos(), "Invalid join order: table-stream joins are not supported; only stream-table joins. Got %s %s %s.", left, words, right)
	case !l && r && c.at.Kind == ast.FullJoin:
		return at(c.at.Pos(), "Invalid join type: full-outer join not supported for stream-table join. Got %s %s %s.", left, words, right)
	case !l && r && c.at.Kind == ast.RightJoin:
		return at(c.at.Pos(), "Invalid join type: right-outer join not supported for stream-table join. Got %s %s %s.", left, words, right)
	case !l && !r && c.at.Within == nil:
		return at(c.at.Pos(), "Stream-Stream joins must have a WITHIN clause specified. None was provided. Add one, as in %s %s %s WITHIN 1 HOUR ON %s.", left, words, right, c.got())
	case c.j.gathers && (c.at.Kind == ast.RightJoin || c.at.Kind == ast.FullJoin):
		return at(c.at.Pos(), "A query grouped by the rows of %s has a row for each of them: use JOIN or LEFT JOIN. Got %s %s %s.", left, left, words, right)
	case r && c.at.Within != nil:
		kind := sideName(c.left.in) + "-" + sideName(c.right.in)
		return at(c.at.Within.Pos(), "A window definition was provided for a %s join. These joins are not windowed. "+
			"Please drop the window definition (i.e. the WITHIN clause) and try to execute your %s join again. Got %s %s %s.", kind, kind, left, words, right)
	}
	return nil
}

// checkWindows refuses a windowed source beside one that is not, unless both are tables and the windows stand on the left; and
// beside one of another kind of window.
func (c *condition) checkWindows() error {
	l, r := c.left, c.right
	if l.windowed == nil && r.windowed == nil {
		return nil
	}
	if tables := l.in.Table() && r.in.Table(); l.windowed != nil && r.windowed == nil && tables {
		return c.checkUnwindowed()
	} else if l.windowed == nil || r.windowed == nil {
		hint := ""
		if tables {
			hint = "\nA windowed table is joined with one that is not by naming the windowed one first."
		}
		return at(c.at.Pos(), "Can not join windowed source to non-windowed source.\n%s is %s\n%s is %s%s",
			types.QuoteName(l.scopes[0].alias), windowedAs(l.scopes[0].src), types.QuoteName(r.scopes[0].alias), windowedAs(r.scopes[0].src), hint)
	}
	if (l.windowed.Kind == catalog.Session) != (r.windowed.Kind == catalog.Session) {
		return at(c.at.Pos(), "Incompatible windowed sources.\nLeft source: %s\nRight source: %s\n"+
			"Session windowed sources can only be joined to other session windowed sources, and may still not result in expected behaviour "+
			"as session bounds must be an exact match for the join to work\n"+
			"Hopping and tumbling windowed sources can only be joined to other hopping and tumbling windowed sources", l.windowed.Kind, r.windowed.Kind)
	}
	return nil
}

// checkUnwindowed refuses what a windowed table can't have from a table without windows.
func (c *condition) checkUnwindowed() error {
	left, words, right := c.sources()
	switch {
	case c.at.Kind == ast.RightJoin || c.at.Kind == ast.FullJoin:
		return at(c.at.Pos(), "Invalid join type: a row of %s that no window matches has no window to stand in: use JOIN or LEFT JOIN. Got %s %s %s.", right, left, words, right)
	case !c.leftServes:
		return at(c.at.On.Pos(), "Invalid join condition: a windowed table is joined with a table by its own key. Got %s.%s", c.got(), c.left.partsHint())
	}
	return nil
}

// foreign says that the join is by a foreign key: a table, by something that is not its key, with another's primary key.
func (c *condition) foreign() bool {
	return c.left.in.Table() && c.right.in.Table() && !c.left.covers(c.leftX)
}

// partsHint is what a message adds about a primary key of several columns.
func (s *side) partsHint() string {
	if len(s.parts) < 2 || len(s.scopes) > 1 {
		return ""
	}
	names := make([]string, len(s.parts))
	for i, p := range s.parts {
		names[i] = ast.Quoted(p.columns[0])
	}
	return "\nThe primary key of " + s.scopes[0].src.Name + " has several columns: an equality is needed for each of " + joinAnd(names) + "."
}

// checkPrimaryKeys refuses conditions that don't name a table's whole primary key.
func (c *condition) checkPrimaryKeys() error {
	if !c.right.in.Table() {
		return nil
	}
	if !c.left.in.Table() {
		if c.right.covers(c.rightX) {
			return nil
		}
		return at(c.at.On.Pos(), "Invalid join condition: stream-table joins require to join on the table's primary key. Got %s.%s", c.got(), c.right.partsHint())
	}
	switch {
	case !c.right.covers(c.rightX):
		return at(c.at.On.Pos(), "Invalid join condition: table-table joins require to join on the primary key of the right input table. Got %s.%s",
			c.got(), c.right.partsHint())
	case !c.foreign():
		return nil
	case len(c.left.scopes) > 1 && len(c.leftX) == 1 && c.sourceKey(c.leftX[0]):
		return at(c.at.On.Pos(), "Cannot repartition a TABLE source. If this is a join, make sure that the criteria uses the TABLE's key column %s instead of [%s].",
			c.left.parts[0].keyName(), c.columnName(c.leftX[0]))
	case len(c.left.scopes) > 1:
		return at(c.at.On.Pos(), "Invalid join condition: foreign-key table-table joins are not supported as part of n-way joins. Got %s.", c.got())
	case c.at.Kind == ast.RightJoin:
		return at(c.at.Pos(), "Invalid join type: RIGHT OUTER JOIN on a foreign key is not supported. Got %s.", c.got())
	case c.at.Kind == ast.FullJoin:
		left, words, right := c.sources()
		return at(c.at.Pos(), "Invalid join type: full-outer join not supported for foreign-key table-table join. Got %s %s %s.", left, words, right)
	case c.left.windowed != nil || c.right.windowed != nil:
		return at(c.at.Pos(), "Foreign-key table-table joins are not supported on windowed tables.")
	}
	return nil
}

// sourceKey says whether an expression is the primary key of one of the sources on the left.
func (c *condition) sourceKey(x ast.Expr) bool {
	ref, ok := x.(*ast.ColumnRef)
	return ok && slices.ContainsFunc(c.left.scopes, func(sc *scope) bool {
		keys := sc.src.Schema.With(types.KeyColumn)
		return sc.alias == ref.Qualifier && len(keys) == 1 && keys[0].Name == ref.Name
	})
}

// keyName is what the column of a key is called in messages.
func (p joinKey) keyName() string {
	if p.name != "" {
		return p.name
	}
	return p.columns[0].Qualifier + "_" + p.columns[0].Name
}

func (c *condition) checkTypes() error {
	for i, term := range c.terms {
		l, r := c.leftKey[i].Type(), c.rightKey[i].Type()
		if !l.Equal(r) && !(c.left.in.Table() && c.right.in.Table()) {
			return at(c.at.On.Pos(), "Invalid join. Key types differ: %s vs %s. Got %s.", typeName(l), typeName(r), termText(term))
		}
		if term.L != c.leftX[i] {
			l, r = r, l
		}
		if !l.Equal(r) || l.Kind == types.Null {
			return at(c.at.On.Pos(), "Invalid join condition: types don't match. Got %s{%s} = %s{%s}.", ast.Quoted(term.L), typeName(l), ast.Quoted(term.R), typeName(r))
		}
		if l.Contains(types.Map) {
			return mapKey(c.at.On.Pos(), c.columnName(c.leftX[i]), l)
		}
	}
	return nil
}

// columnName is the name that a key's column has in messages and internal topics.
func (c *condition) columnName(x ast.Expr) string {
	if ref, ok := x.(*ast.ColumnRef); ok {
		return ref.Qualifier + "_" + ref.Name
	}
	return syntheticKey
}

func sideName(n plan.Node) string {
	if n.Table() {
		return "Table"
	}
	return "Stream"
}
