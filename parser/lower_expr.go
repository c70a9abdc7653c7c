package parser

import (
	"strconv"

	tast "github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"weir/parser/ast"
)

// down counts a level of the tree: all that walk it later are recursive too.
func (l *lowering) down(n tast.Node) bool {
	l.depth++
	if l.err != nil {
		l.depth--
		return false
	}
	if l.depth <= l.opts.MaxDepth {
		return true
	}
	l.depth--
	pos := l.toks[0].pos
	if n != nil {
		pos = ast.Pos(l.pos(n))
	}
	l.failKind(TooBig, pos, "the expression is too deep: it has more than "+strconv.Itoa(l.opts.MaxDepth)+" operators in a row",
		"Use IN (...) instead of many ORs, or split the expression with brackets.")
	return false
}

func (l *lowering) up() { l.depth-- }

// index is the value of a number that stands for an entry of a list with n entries.
func (l *lowering) index(e tast.ExprNode, n int) (int, bool) {
	v, ok := e.(*value)
	if !ok {
		return 0, false
	}
	i := 0
	switch val := v.val.(type) {
	case int64:
		i = int(val)
	case string:
		var err error
		if i, err = strconv.Atoi(val); err != nil {
			return 0, false
		}
	default:
		return 0, false
	}
	return i, i >= 0 && i < n
}

func (l *lowering) exprs(list []tast.ExprNode) []ast.Expr {
	if len(list) == 0 {
		return nil
	}
	out := make([]ast.Expr, len(list))
	for i, e := range list {
		out[i] = l.expr(e)
	}
	return out
}

// expr turns an expression of TiDB's into one of ours. The set of its nodes is closed: only what the walk writes can come back.
func (l *lowering) expr(e tast.ExprNode) ast.Expr {
	for {
		p, ok := e.(*tast.ParenthesesExpr)
		if !ok {
			break
		}
		e = p.Expr
	}
	if e == nil || !l.down(e) {
		return nil
	}
	defer l.up()
	switch e := e.(type) {
	case *value:
		if lit := l.out.tokens[l.at(e)].lit; lit != nil {
			return lit
		}
	case *tast.ColumnNameExpr:
		return &ast.ColumnRef{At: l.pos(e), Qualifier: e.Name.Table.O, Name: e.Name.Name.O}
	case *tast.UnaryOperationExpr:
		return l.unary(e)
	case *tast.BinaryOperationExpr:
		return l.binary(e)
	case *tast.BetweenExpr:
		return &ast.Between{At: l.predicateAt(e.Left, e.Not), X: l.expr(e.Expr), Low: l.expr(e.Left), High: l.expr(e.Right), Not: e.Not}
	case *tast.PatternInExpr:
		if len(e.List) == 0 {
			break
		}
		at := l.out.tokens[max(0, l.at(e.List[0])-2)].pos
		if e.Not {
			at = l.out.tokens[max(0, l.at(e.List[0])-3)].pos
		}
		return &ast.In{At: ast.At(at), X: l.expr(e.Expr), List: l.exprs(e.List), Not: e.Not}
	case *tast.PatternLikeOrIlikeExpr:
		return l.like(e)
	case *tast.CaseExpr:
		return l.caseOf(e)
	case *tast.FuncCallExpr:
		if e.Schema.O == extensionSchema {
			return l.extension(e)
		}
		return l.call(e)
	}
	l.bug("an expression became %T", e)
	return nil
}

// predicateAt is the place of the keyword before an operand, or of the NOT before the keyword.
func (l *lowering) predicateAt(operand tast.Node, not bool) ast.At {
	i := l.at(operand) - 1
	if not {
		i--
	}
	return ast.At(l.out.tokens[max(0, i)].pos)
}

func (l *lowering) unary(e *tast.UnaryOperationExpr) ast.Expr {
	switch e.Op {
	case opcode.Minus:
		return &ast.Unary{At: l.pos(e), Op: ast.Neg, X: l.expr(e.V)}
	case opcode.Plus:
		return &ast.Unary{At: l.pos(e), Op: ast.Plus, X: l.expr(e.V)}
	case opcode.Not:
		return &ast.Not{At: l.pos(e), X: l.expr(e.V)}
	}
	l.bug("operator %s", e.Op)
	return nil
}

var (
	binaryOps = map[opcode.Op]ast.BinaryOp{opcode.Plus: ast.Add, opcode.Minus: ast.Sub, opcode.Mul: ast.Mul,
		opcode.Div: ast.Div, opcode.Mod: ast.Mod, opcode.Or: ast.Concat}
	compareOps = map[opcode.Op]ast.CompareOp{opcode.EQ: ast.Eq, opcode.NE: ast.Ne, opcode.LT: ast.Lt, opcode.LE: ast.Le,
		opcode.GT: ast.Gt, opcode.GE: ast.Ge}
	logicalOps = map[opcode.Op]ast.LogicalOp{opcode.LogicAnd: ast.And, opcode.LogicOr: ast.Or}
)

func (l *lowering) binary(e *tast.BinaryOperationExpr) ast.Expr {
	at := l.operator(e.R)
	if op, ok := binaryOps[e.Op]; ok {
		return &ast.Binary{At: at, Op: op, L: l.expr(e.L), R: l.expr(e.R)}
	}
	if op, ok := compareOps[e.Op]; ok {
		return &ast.Comparison{At: at, Op: op, L: l.expr(e.L), R: l.expr(e.R)}
	}
	if op, ok := logicalOps[e.Op]; ok {
		return &ast.Logical{At: at, Op: op, L: l.expr(e.L), R: l.expr(e.R)}
	}
	if e.Op != opcode.NullEQ {
		l.bug("operator %s", e.Op)
		return nil
	}
	if call, ok := e.R.(*tast.FuncCallExpr); ok && call.Schema.O == extensionSchema {
		switch name := call.FnName.O; {
		case name == "null":
			return &ast.IsNull{At: at, X: l.expr(e.L)}
		case name == "notnull":
			return &ast.IsNull{At: at, X: l.expr(e.L), Not: true}
		case name == "distinct" && len(call.Args) == 1:
			return &ast.Comparison{At: at, Op: ast.IsDistinct, L: l.expr(e.L), R: l.expr(call.Args[0])}
		}
	}
	return &ast.Comparison{At: at, Op: ast.IsNotDistinct, L: l.expr(e.L), R: l.expr(e.R)}
}

func (l *lowering) like(e *tast.PatternLikeOrIlikeExpr) ast.Expr {
	n := &ast.Like{At: l.predicateAt(e.Pattern, e.Not), X: l.expr(e.Expr), Not: e.Not}
	pattern := e.Pattern
	if p, ok := pattern.(*tast.ParenthesesExpr); ok {
		pattern = p.Expr
	}
	if call, ok := pattern.(*tast.FuncCallExpr); ok && call.Schema.O == extensionSchema && call.FnName.O == "escape" && len(call.Args) == 2 {
		pattern = call.Args[0]
		n.Escape = call.Args[1].(*value).GetString()
	}
	n.Pattern = l.expr(pattern)
	return n
}

func (l *lowering) caseOf(e *tast.CaseExpr) ast.Expr {
	n := &ast.Case{At: l.pos(e)}
	if e.Value != nil {
		n.Operand = l.expr(e.Value)
	}
	for _, w := range e.WhenClauses {
		n.Whens = append(n.Whens, ast.When{At: l.operator(w.Expr), Cond: l.expr(w.Expr), Result: l.expr(w.Result)})
	}
	if e.ElseClause != nil {
		n.Else = l.expr(e.ElseClause)
	}
	return n
}

func (l *lowering) call(e *tast.FuncCallExpr) ast.Expr {
	n := &ast.Call{At: l.pos(e), Name: e.FnName.O}
	if len(e.Args) == 1 {
		if star, ok := e.Args[0].(*tast.FuncCallExpr); ok && star.Schema.O == extensionSchema && star.FnName.O == "star" {
			n.Star = true
			return n
		}
	}
	n.Args = l.exprs(e.Args)
	return n
}

// extension lowers a call in our schema: what MySQL's grammar does not have.
func (l *lowering) extension(e *tast.FuncCallExpr) ast.Expr {
	at, args := l.pos(e), e.Args
	switch name := e.FnName.O; {
	case name == "deref" && len(args) == 2:
		if field, ok := args[1].(*value); ok {
			return &ast.Deref{At: at, X: l.expr(args[0]), Field: field.GetString()}
		}
	case name == "structall" && len(args) == 1:
		return l.expr(args[0])
	case name == "subscript" && len(args) == 2:
		return &ast.Subscript{At: at, X: l.expr(args[0]), Index: l.expr(args[1])}
	case name == "array":
		return &ast.ArrayCtor{At: at, Elems: l.exprs(args)}
	case name == "map" && len(args)%2 == 0:
		n := &ast.MapCtor{At: at}
		for i := 0; i < len(args); i += 2 {
			n.Entries = append(n.Entries, ast.MapEntry{Key: l.expr(args[i]), Value: l.expr(args[i+1])})
		}
		return n
	case name == "struct" && len(args) > 0:
		if i, ok := l.index(args[0], len(l.structs)); ok && len(l.structs[i].Fields) == len(args)-1 {
			for j, arg := range args[1:] {
				l.structs[i].Fields[j].Value = l.expr(arg)
			}
			return l.structs[i]
		}
	case name == "lambda" && len(args) == 2:
		if i, ok := l.index(args[0], len(l.lambdas)); ok {
			l.lambdas[i].Body = l.expr(args[1])
			return l.lambdas[i]
		}
	case name == "cast" && len(args) == 2:
		if i, ok := l.index(args[1], len(l.types)); ok {
			return &ast.Cast{At: at, X: l.expr(args[0]), Type: l.types[i]}
		}
	}
	l.bug("the call %s has another shape", e.FnName.O)
	return nil
}
