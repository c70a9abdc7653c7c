package plan

import (
	"fmt"
	"strings"

	"weir/types"
)

// Explain prints the steps of a query as a tree that a person can read: the result on top, what it is made from below.
func Explain(q *Query) string {
	var b strings.Builder
	if q.Lookup != nil {
		explainLookup(&b, q.Lookup)
		return b.String()
	}
	if q.Root == nil {
		return "Row: " + texts(q.Row)
	}
	explainNode(&b, q.Root, 0)
	return b.String()
}

func explainNode(b *strings.Builder, n Node, depth int) {
	b.WriteString(strings.Repeat("  ", depth))
	b.WriteString(Describe(n))
	b.WriteByte('\n')
	for _, in := range n.Inputs() {
		explainNode(b, in, depth+1)
	}
}

func explainLookup(b *strings.Builder, l *Lookup) {
	how := "every row"
	switch {
	case len(l.Keys) == 1:
		how = "one key"
	case l.Keys != nil:
		how = fmt.Sprintf("%d keys", len(l.Keys))
	}
	fmt.Fprintf(b, "Lookup %s: %s", types.QuoteName(l.Table.Name), how)
	if l.Table.Windowed != nil {
		b.WriteString(", windows by WINDOWSTART")
	}
	if l.Where != nil {
		fmt.Fprintf(b, "\n  where %s", Text(l.Where))
	}
	for i := len(l.Steps) - 1; i >= 0; i-- {
		fmt.Fprintf(b, "\n  %s", Describe(l.Steps[i]))
	}
	for i, o := range l.Order {
		word := ", "
		if i == 0 {
			word = "\n  order by "
		}
		b.WriteString(word + Text(l.Exprs[o.Column]))
		if o.Desc {
			b.WriteString(" desc")
		}
	}
	if l.Limit >= 0 {
		fmt.Fprintf(b, "\n  limit %d", l.Limit)
	}
	b.WriteByte('\n')
}

// Describe is a step's line in EXPLAIN.
func Describe(n Node) string {
	kind := "stream"
	if n.Table() {
		kind = "table"
	}
	switch n := n.(type) {
	case *Sink:
		s := fmt.Sprintf("Sink %s %s: topic %s, key %s, value %s", kind, types.QuoteName(n.Target.Name), n.Target.Topic, n.Target.Key.Format, n.Target.Value.Format)
		if n.Materialize {
			s += ", kept for pull queries"
		}
		return s
	case *Result:
		if scan, ok := n.In.(*Scan); ok {
			return "Keep " + kind + " " + types.QuoteName(scan.Source.Name) + " for pull queries"
		}
		if n.Limit >= 0 {
			return fmt.Sprintf("Result %s to the client, limit %d", kind, n.Limit)
		}
		return fmt.Sprintf("Result %s to the client", kind)
	case *Project:
		parts := make([]string, len(n.Exprs))
		for i, e := range n.Exprs {
			if parts[i] = Text(e); parts[i] != n.Slots[i].Name {
				parts[i] += " AS " + n.Slots[i].Name
			}
		}
		return "Project " + strings.Join(parts, ", ")
	case *Filter:
		word := "Filter "
		if n.Having {
			word = "Having "
		}
		return word + Text(n.Cond)
	case *Explode:
		parts := make([]string, len(n.Calls))
		for i, c := range n.Calls {
			parts[i] = Text(c)
		}
		return "Explode " + strings.Join(parts, ", ")
	case *Top:
		return describeTop(n)
	case *Repartition:
		out := "Repartition by " + texts(n.Key) + " through a topic of its own"
		if n.Combine != nil {
			out += ", rows combined per group"
		}
		return out
	case *Aggregate:
		return describeGrouping(&n.Grouping, "")
	case *SessionAggregate:
		return describeGrouping(&n.Grouping, "")
	case *PaneAggregate:
		return describeGrouping(&n.Grouping, ", made of panes")
	case *StreamJoin:
		w := n.Within
		s := describeJoin("Join streams", &n.KeyJoin, fmt.Sprintf(", from %s before to %s after, grace %s", millis(w.Before), millis(w.After), millis(w.Grace)), "")
		if n.Gather != nil {
			s += ", each left row once, with " + aggregates(n.Gather.Aggs)
		}
		return s
	case *TableJoin:
		return describeJoin("Join tables", &n.KeyJoin, "", "")
	case *LookupJoin:
		return describeJoin("Join stream with table", &n.KeyJoin, "", "")
	case *WindowedJoin:
		return describeJoin("Join windows with table", &n.KeyJoin, "", ", windows kept for "+millis(n.Retention))
	case *Subscribe:
		return "Subscribe by the foreign key " + texts(n.Foreign)
	case *ForeignLookup:
		s := "Look up rows by " + texts(n.RightKey) + ", told of their changes"
		if n.Match != nil {
			s += ", where " + Text(n.Match)
		}
		return s
	case *Resolve:
		return "Join table, " + n.Kind.String() + ", by a foreign key: newest answer by " + texts(n.Key)
	case *Scan:
		return describeScan(n, kind)
	}
	return fmt.Sprintf("%T", n) // the set is closed
}

func describeTop(n *Top) string {
	s := fmt.Sprintf("Top %d by ", n.Limit)
	for i, o := range n.Order {
		if i > 0 {
			s += ", "
		}
		if s += Text(o.Expr); o.Desc {
			s += " desc"
		}
	}
	if n.Window != nil {
		s += ", in each window"
	}
	if n.Final() {
		s += ", once it has closed"
	}
	return s
}

// describeGrouping tells of an aggregation; how says of what its final results are made.
func describeGrouping(n *Grouping, how string) string {
	s := "Aggregate by " + texts(n.Group) + ": " + aggregates(n.Aggs)
	if w := n.Window; w != nil {
		s += fmt.Sprintf(", %s window of %s", w.Kind, millis(w.Size))
		if w.Advance > 0 && w.Advance != w.Size {
			s += " every " + millis(w.Advance)
		}
		s += ", grace " + millis(w.Grace)
	}
	if n.Final {
		s += ", final results only" + how
	}
	if n.Late != nil {
		s += ", late rows to " + types.QuoteName(n.Late.Sink.Target.Name)
	}
	return s
}

func aggregates(list []Agg) string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.Name + "(" + withLambdas(texts(a.Args), a.Deferred) + ")"
	}
	return strings.Join(out, ", ")
}

// describeJoin tells of a join by key: what kind it is, which rows meet, and for how long they are kept.
func describeJoin(kind string, n *KeyJoin, near, kept string) string {
	s := fmt.Sprintf("%s, %s, on %s = %s%s", kind, n.Kind, texts(n.LeftKey[:len(n.RightKey)]), texts(n.RightKey), near)
	if n.Match != nil {
		s += ", where " + Text(n.Match)
	}
	return s + kept
}

func describeScan(n *Scan, kind string) string {
	var names []string
	for i, s := range n.Slots {
		if n.Cols[i].Kind != ScanHeaders {
			names = append(names, s.Name)
		}
	}
	s := fmt.Sprintf("Scan %s %s: topic %s, key %s, value %s, columns %s", kind, types.QuoteName(n.Source.Name), n.Source.Topic,
		n.Source.Key.Format, n.Source.Value.Format, strings.Join(names, ", "))
	if n.Time != nil {
		s += ", event time from " + Text(n.Time)
	}
	if n.Materialize {
		s += ", kept so that changes know the row before"
	}
	return s
}

// withLambdas are the arguments of a call; of a lambda without parameters its body is one.
func withLambdas(args string, lambdas []*Lambda) string {
	for _, l := range lambdas {
		if args != "" {
			args += ", "
		}
		if l.Params > 0 {
			args += "=> "
		}
		args += Text(l.Body)
	}
	return args
}

func millis(ms int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}} {
		if ms != 0 && ms%u.size == 0 {
			return fmt.Sprintf("%d %s", ms/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d ms", ms)
}

func texts(list []Expr) string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = Text(e)
	}
	return strings.Join(out, ", ")
}

// Text prints an expression for people.
func Text(e Expr) string {
	switch e := e.(type) {
	case *Column:
		return e.Name
	case *Literal:
		if e.Value.Kind() == types.String {
			return "'" + strings.ReplaceAll(e.Value.Str(), "'", "''") + "'"
		}
		return strings.ToUpper(types.Text(e.Value, e.T))
	case *Arith:
		return "(" + Text(e.L) + " " + string(e.Op) + " " + Text(e.R) + ")"
	case *Neg:
		return "-" + Text(e.E)
	case *Concat:
		return "(" + Text(e.L) + " || " + Text(e.R) + ")"
	case *Compare:
		return "(" + Text(e.L) + " " + e.Op.String() + " " + Text(e.R) + ")"
	case *Logic:
		word := " OR "
		if e.And {
			word = " AND "
		}
		return "(" + Text(e.L) + word + Text(e.R) + ")"
	case *Not:
		return "(NOT " + Text(e.E) + ")"
	case *IsNull:
		return "(" + Text(e.E) + " IS " + not(e.Not) + "NULL)"
	case *In:
		return "(" + Text(e.E) + " " + not(e.Not) + "IN (" + texts(e.List) + "))"
	case *Like:
		return "(" + Text(e.E) + " " + not(e.Not) + "LIKE " + Text(e.Pattern) + ")"
	case *Case:
		s := "CASE"
		for _, w := range e.Whens {
			s += " WHEN " + Text(w.Cond) + " THEN " + Text(w.Result)
		}
		if e.Else != nil {
			s += " ELSE " + Text(e.Else)
		}
		return s + " END"
	case *Cast:
		if e.Implicit {
			return Text(e.E)
		}
		return "CAST(" + Text(e.E) + " AS " + e.T.String() + ")"
	case *Call:
		return e.Name + "(" + withLambdas(texts(e.Args), e.Lambdas) + ")"
	case *Param:
		return e.Name
	case *Subscript:
		return Text(e.E) + "[" + Text(e.Index) + "]"
	case *Deref:
		return Text(e.E) + "->" + e.E.Type().Fields[e.Index].Name
	case *Array:
		return "ARRAY[" + texts(e.Items) + "]"
	case *Map:
		return "MAP(" + texts(e.Items) + ")"
	case *Struct:
		return "STRUCT(" + texts(e.Fields) + ")"
	}
	return fmt.Sprintf("%T", e)
}

func not(n bool) string {
	if n {
		return "NOT "
	}
	return ""
}
