package planner

import (
	"strings"
	"unicode/utf8"

	"weir/parser/ast"
	"weir/planner/plan"
	"weir/types"
)

var compareOps = [...]plan.CompareOp{ast.Eq: plan.Eq, ast.Ne: plan.Ne, ast.Lt: plan.Lt, ast.Le: plan.Le, ast.Gt: plan.Gt,
	ast.Ge: plan.Ge, ast.IsDistinct: plan.Distinct, ast.IsNotDistinct: plan.NotDistinct}

// compareNames are the operators' names in messages.
var compareNames = [...]string{ast.Eq: "EQUAL", ast.Ne: "NOT_EQUAL", ast.Lt: "LESS_THAN", ast.Le: "LESS_THAN_OR_EQUAL",
	ast.Gt: "GREATER_THAN", ast.Ge: "GREATER_THAN_OR_EQUAL", ast.IsDistinct: "IS_DISTINCT_FROM",
	ast.IsNotDistinct: "IS_NOT_DISTINCT_FROM"}

func (r *resolver) comparison(e *ast.Comparison) (plan.Expr, error) {
	l, rt, err := r.pair(r.expr, e.L, e.R)
	if err != nil {
		return nil, err
	}
	return r.compare(e.Pos(), e.Op, e.L, e.R, l, rt)
}

func (r *resolver) compare(pos ast.Pos, op ast.CompareOp, le, re ast.Expr, l, rt plan.Expr) (plan.Expr, error) {
	l, rt, err := r.comparable(pos, op, le, re, l, rt)
	if err != nil {
		return nil, err
	}
	return &plan.Compare{Op: compareOps[op], L: l, R: rt}, nil
}

// comparable converts both sides to types that can be compared, or says why that can't be.
func (r *resolver) comparable(pos ast.Pos, op ast.CompareOp, le, re ast.Expr, l, rt plan.Expr) (_, _ plan.Expr, err error) {
	if l, err = timeText(le, l, rt); err != nil {
		return nil, nil, err
	}
	if rt, err = timeText(re, rt, l); err != nil {
		return nil, nil, err
	}
	a, b := l.Type(), rt.Type()
	if (a.Kind == types.Null || b.Kind == types.Null) && op != ast.IsDistinct && op != ast.IsNotDistinct {
		return nil, nil, at(pos, "Error in %s expression: Comparison with NULL not supported: %s %s %s\nUse 'IS NULL' or 'IS NOT NULL' instead.", r.clause,
			kindOf(a), op, kindOf(b))
	}
	ordered := op == ast.Lt || op == ast.Le || op == ast.Gt || op == ast.Ge
	ok := a.Kind == types.Null || b.Kind == types.Null || types.Widest(a, b) != nil || onCalendar(a) && onCalendar(b)
	if !ok || (ordered && (a.Kind.Nested() || a.Kind == types.Boolean)) {
		return nil, nil, at(pos, "Error in %s expression: Cannot compare %s (%s) to %s (%s) with %s.", r.clause,
			r.quoted(le), typeName(a), r.quoted(re), typeName(b), compareNames[op])
	}
	if a.Kind != b.Kind && a.Kind.Temporal() && b.Kind.Temporal() {
		return implicit(l, types.TTimestamp), implicit(rt, types.TTimestamp), nil
	}
	return l, rt, nil
}

// onCalendar says whether a type has days: a DATE can be compared with a TIMESTAMP, and neither with a TIME.
func onCalendar(t *types.Type) bool { return t.Kind == types.Date || t.Kind == types.Timestamp }

// kindOf is the name of a type without what it is made of.
func kindOf(t *types.Type) string {
	name, _, _ := strings.Cut(strings.ReplaceAll(typeName(t), "<", "("), "(")
	return strings.ToUpper(name)
}

// timeText reads a string literal that is compared with a time as one.
func timeText(e ast.Expr, x, other plan.Expr) (plan.Expr, error) {
	lit, ok := x.(*plan.Literal)
	if !ok || lit.T.Kind != types.String {
		return x, nil
	}
	t := other.Type()
	if isTimeColumn(other) {
		ms, err := types.ParseTimestamp(lit.Value.Str())
		if err != nil {
			return nil, at(e.Pos(), "Failed to parse timestamp '%s': %v\nRequired format is: \"yyyy-MM-dd'T'HH:mm:ss.SSS\", with an optional numeric timezone. "+
				"Partials are also supported, e.g. \"2020-05-26\"", lit.Value.Str(), err)
		}
		return &plan.Literal{Value: types.BigintValue(ms), T: types.TBigint}, nil
	}
	if !t.Kind.Temporal() {
		return x, nil
	}
	conv, err := types.NewCaster(types.TString, t)
	if err != nil {
		return nil, err
	}
	v, err := conv(lit.Value)
	if err != nil {
		return nil, at(e.Pos(), "%v", err)
	}
	return &plan.Literal{Value: v, T: t}, nil
}

func isTimeColumn(e plan.Expr) bool {
	c, ok := e.(*plan.Column)
	return ok && (c.Name == types.RowTime || c.Name == types.WindowStart || c.Name == types.WindowEnd) && c.T.Kind == types.Bigint
}

func (r *resolver) between(e *ast.Between) (plan.Expr, error) {
	list, err := r.all([]ast.Expr{e.X, e.Low, e.High})
	if err != nil {
		return nil, err
	}
	low, err := r.compare(e.Pos(), ast.Ge, e.X, e.Low, list[0], list[1])
	if err != nil {
		return nil, err
	}
	high, err := r.compare(e.Pos(), ast.Le, e.X, e.High, list[0], list[2])
	if err != nil {
		return nil, err
	}
	both := plan.Expr(&plan.Logic{And: true, L: low, R: high})
	if e.Not {
		return &plan.Not{E: both}, nil
	}
	return both, nil
}

// in converts the list to what the left side is, widened where an item asks for that.
func (r *resolver) in(e *ast.In) (plan.Expr, error) {
	terms, err := r.terms(append([]ast.Expr{e.X}, e.List...))
	if err != nil {
		return nil, err
	}
	x := terms[0].expr
	for i := range terms[1:] {
		if isTimeColumn(x) || x.Type().Kind.Temporal() {
			if terms[i+1].expr, err = timeText(e.List[i], terms[i+1].expr, x); err != nil {
				return nil, err
			}
		}
	}
	t, list, err := agree(e, terms, r.invalid())
	if err != nil {
		return nil, err
	}
	out := &plan.In{E: list[0], List: list[1:], Not: e.Not}
	if t.Kind.Numeric() && x.Type().Kind.Numeric() {
		// Numbers compare as they are. What loses nothing gets the type of the left side, which may be a key to look up.
		out.E = x
		for i := range out.List {
			out.List[i] = narrowLiteral(out.List[i], x.Type())
		}
	}
	return out, nil
}

// narrowLiteral converts a number to the type where that loses nothing; else it leaves it.
func narrowLiteral(e plan.Expr, t *types.Type) plan.Expr {
	lit, ok := e.(*plan.Literal)
	if !ok || lit.Value.IsNull() || lit.T.Equal(t) {
		return e
	}
	conv, err := types.NewCaster(lit.T, t)
	if err != nil {
		return e
	}
	if v, err := conv(lit.Value); err == nil && types.Equal(v, lit.Value) {
		return &plan.Literal{Value: v, T: t}
	}
	return e
}

func (r *resolver) like(e *ast.Like) (plan.Expr, error) {
	x, p, err := r.pair(r.expr, e.X, e.Pattern)
	if err != nil {
		return nil, err
	}
	for _, side := range []plan.Expr{x, p} {
		if k := side.Type().Kind; k != types.String && k != types.Null {
			return nil, at(e.Pos(), "The column type for Like condition must be VARCHAR. The column type is %s", typeName(side.Type()))
		}
	}
	out := &plan.Like{E: x, Pattern: p, Not: e.Not}
	if e.Escape != "" {
		out.Escape, _ = utf8.DecodeRuneInString(e.Escape)
	}
	return out, nil
}

func (r *resolver) caseOf(e *ast.Case) (plan.Expr, error) {
	var operand plan.Expr
	var err error
	if e.Operand != nil {
		if operand, err = r.expr(e.Operand); err != nil {
			return nil, err
		}
	}
	out := &plan.Case{}
	sameThen := "Invalid Case expression. Type for all 'THEN' clauses should be the same. "
	var results []term
	for _, w := range e.Whens {
		var cond plan.Expr
		if operand == nil {
			cond, err = r.whenTrue(w.Cond)
		} else if cond, err = r.expr(w.Cond); err == nil {
			cond, err = r.equals(term{e.Operand, operand}, term{w.Cond, cond})
		}
		if err != nil {
			return nil, err
		}
		result, err := r.expr(w.Result)
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, plan.When{Cond: cond})
		results = append(results, term{w.Result, result})
	}
	if e.Else != nil {
		last, err := r.expr(e.Else)
		if err != nil {
			return nil, err
		}
		results = append(results, term{e.Else, last})
	}
	if e.Else != nil { // whether the other branches agree is said first
		if _, _, err := agree(e, results[:len(results)-1], sameThen); err != nil {
			return nil, err
		}
		sameThen = "Invalid Case expression. Type for the default clause should be the same as for 'THEN' clauses. "
	}
	t, list, err := agree(e, results, sameThen)
	if err != nil {
		return nil, err
	}
	if t.Kind == types.Null {
		return nil, at(e.Pos(), "Invalid Case expression. All case branches have NULL type")
	}
	out.T = t
	for i := range out.Whens {
		out.Whens[i].Result = list[i]
	}
	if e.Else != nil {
		out.Else = list[len(list)-1]
	}
	return out, nil
}

func (r *resolver) whenTrue(e ast.Expr) (plan.Expr, error) {
	x, err := r.expr(e)
	if err != nil {
		return nil, err
	}
	if k := x.Type().Kind; k != types.Boolean && k != types.Null {
		return nil, at(e.Pos(), "WHEN operand type should be boolean.\nType for '%s' is %s", r.quoted(e), typeName(x.Type()))
	}
	return x, nil
}

// equals compares the operand of a CASE with a WHEN, whose text is read as what the operand is.
func (r *resolver) equals(operand, when term) (plan.Expr, error) {
	if _, list, err := unify([]term{operand, when}); err == nil && isText(when.expr) {
		return &plan.Compare{Op: plan.Eq, L: list[0], R: list[1]}, nil
	}
	return r.compare(when.x.Pos(), ast.Eq, operand.x, when.x, operand.expr, when.expr)
}
