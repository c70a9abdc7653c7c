package parser

import (
	"strconv"

	tast "github.com/pingcap/tidb/pkg/parser/ast"

	"weir/parser/ast"
)

func (l *lowering) statement(s ast.Statement, n tast.StmtNode) {
	switch s := s.(type) {
	case *ast.Explain:
		l.statement(s.Statement, n)
	case *ast.Query:
		l.selectInto(n)
	case *ast.Copy:
		s.Query = l.selectInto(n)
	case *ast.CreateSource:
		if t, ok := n.(*tast.CreateTableStmt); ok && t.Table.Name.O == s.Name.Name {
			s.Columns = l.columnDefs(t.Cols)
			return
		}
		l.bug("CREATE became %T", n)
	case *ast.CreateAs:
		if t, ok := n.(*tast.CreateTableStmt); ok && t.Table.Name.O == s.Name.Name {
			s.Query = l.selectInto(t.Select)
			return
		}
		l.bug("CREATE AS became %T", n)
	case *ast.InsertSelect:
		if t, ok := n.(*tast.InsertStmt); ok {
			s.Query = l.selectInto(t.Select)
			return
		}
		l.bug("INSERT became %T", n)
	case *ast.InsertValues:
		s.Rows = l.insertedRows(n, len(s.Columns))
	case *ast.AssertValues:
		if rows := l.insertedRows(n, 0); len(rows) == 1 {
			s.Values = rows[0]
		}
	case *ast.AlterSource:
		t, ok := n.(*tast.AlterTableStmt)
		if !ok {
			l.bug("ALTER became %T", n)
			return
		}
		for _, spec := range t.Specs {
			s.Add = append(s.Add, l.columnDefs(spec.NewColumns)...)
		}
	case *ast.DropSource:
		if t, ok := n.(*tast.DropTableStmt); !ok || len(t.Tables) != 1 || t.Tables[0].Name.O != s.Name.Name {
			l.bug("DROP became %T", n)
		}
	default:
		l.bug("%T went to TiDB", s)
	}
}

// columnDefs finds the definitions again by their comments.
func (l *lowering) columnDefs(defs []*tast.ColumnDef) []ast.Column {
	var list []ast.Column
	for _, d := range defs {
		for _, o := range d.Options {
			if o.Tp != tast.ColumnOptionComment {
				continue
			}
			i, ok := l.index(o.Expr, len(l.cutter.columns))
			if !ok || d.Name.Name.O != l.cutter.columns[i].Name {
				l.bug("column %s is lost", d.Name.Name.O)
				return nil
			}
			list = append(list, l.cutter.columns[i])
		}
	}
	return list
}

func (l *lowering) insertedRows(n tast.StmtNode, columns int) (rows [][]ast.Expr) {
	t, ok := n.(*tast.InsertStmt)
	if !ok || len(t.Lists) == 0 || len(t.Columns) != columns {
		l.bug("INSERT became %T", n)
		return nil
	}
	for _, row := range t.Lists {
		rows = append(rows, l.exprs(row))
	}
	return rows
}

func (l *lowering) selectInto(n tast.Node) *ast.Query {
	t, ok := n.(*tast.SelectStmt)
	if !ok || len(t.WindowSpecs) != 1 {
		l.bug("SELECT became %T", n)
		return nil
	}
	id, err := strconv.Atoi(t.WindowSpecs[0].Name.O)
	if err != nil || id < 0 || id >= len(l.queries) {
		l.bug("query %q is lost", t.WindowSpecs[0].Name.O)
		return nil
	}
	q := l.queries[id]
	l.query(q, t)
	return q
}

func (l *lowering) query(q *ast.Query, t *tast.SelectStmt) {
	if len(t.Fields.Fields) != len(q.Select) {
		l.bug("%d items became %d", len(q.Select), len(t.Fields.Fields))
		return
	}
	for i, f := range t.Fields.Fields {
		switch item := q.Select[i].(type) {
		case *ast.ExprItem:
			item.X = l.expr(f.Expr)
		case *ast.StructAllItem:
			item.X = l.expr(f.Expr)
		case *ast.AllItem:
			if f.WildCard == nil || f.WildCard.Table.O != item.Qualifier {
				l.bug("* is lost")
			}
		}
	}
	if t.From == nil || t.From.TableRefs == nil {
		l.bug("FROM is lost")
		return
	}
	if !readsNothing(t.From.TableRefs) {
		q.From = l.source(t.From.TableRefs)
	}
	if t.Where != nil {
		q.Where = l.expr(t.Where)
	}
	if t.GroupBy != nil && q.GroupBy != nil {
		for _, item := range t.GroupBy.Items {
			q.GroupBy.Items = append(q.GroupBy.Items, l.expr(item.Expr))
		}
	}
	if by := t.WindowSpecs[0].PartitionBy; by != nil && q.PartitionBy != nil {
		for _, item := range by.Items {
			q.PartitionBy.Items = append(q.PartitionBy.Items, l.expr(item.Expr))
		}
	}
	if t.Having != nil {
		q.Having = l.expr(t.Having.Expr)
	}
	if t.OrderBy == nil || len(t.OrderBy.Items) != len(q.OrderBy) {
		if len(q.OrderBy) > 0 {
			l.bug("ORDER BY is lost")
		}
		return
	}
	for i, item := range t.OrderBy.Items {
		q.OrderBy[i].X = l.expr(item.Expr)
	}
}

// readsNothing says whether a FROM was put in for a query that has none: its table lacks the number that all others have.
func readsNothing(j *tast.Join) bool {
	t, ok := j.Left.(*tast.TableSource)
	if !ok || j.Right != nil {
		return false
	}
	name, ok := t.Source.(*tast.TableName)
	return ok && name.Schema.O == ""
}

func (l *lowering) source(n tast.ResultSetNode) ast.Source {
	switch n := n.(type) {
	case *tast.Join:
		if n.Right == nil {
			return l.source(n.Left)
		}
		return l.join(n)
	case *tast.TableSource:
		if name, ok := n.Source.(*tast.TableName); ok {
			if i, err := strconv.Atoi(name.Schema.O); err == nil && i >= 0 && i < len(l.tables) && l.tables[i].Name == name.Name.O {
				return l.tables[i]
			}
		}
	}
	l.bug("a source became %T", n)
	return nil
}

func (l *lowering) join(n *tast.Join) ast.Source {
	if !l.down(nil) {
		return nil
	}
	defer l.up()
	if n.On != nil {
		if on, ok := n.On.Expr.(*tast.FuncCallExpr); ok && len(on.Args) == 2 {
			if i, ok := l.index(on.Args[0], len(l.joins)); ok {
				j := l.joins[i]
				j.Left, j.Right, j.On = l.source(n.Left), l.source(n.Right), l.expr(on.Args[1])
				return j
			}
		}
	}
	l.bug("a join is lost")
	return nil
}
