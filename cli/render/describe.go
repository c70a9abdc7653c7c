package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"weir/server/wire"
)

// SchemaText is a type as SQL writes it.
func SchemaText(s wire.Schema) string {
	member := func() string {
		if s.Member == nil {
			return ""
		}
		return SchemaText(*s.Member)
	}
	switch s.Type {
	case "DECIMAL":
		return fmt.Sprintf("DECIMAL(%d, %d)", s.Parameters["precision"], s.Parameters["scale"])
	case "ARRAY":
		return "ARRAY<" + member() + ">"
	case "MAP":
		return "MAP<STRING, " + member() + ">"
	case "STRUCT":
		parts := make([]string, len(s.Fields))
		for i, f := range s.Fields {
			parts[i] = f.Name + " " + SchemaText(f.Schema)
		}
		return "STRUCT<" + strings.Join(parts, ", ") + ">"
	}
	return s.Type
}

func fieldTable(fields []wire.Field, keys string) Table {
	t := Table{Headers: []string{"Field", "Type"}}
	for _, f := range fields {
		text := SchemaText(f.Schema)
		switch {
		case f.Type == "KEY":
			text += " (" + keys + ")"
		case f.Type == "HEADER" && f.Header != "":
			text += " (header('" + f.Header + "'))"
		case f.Type == "HEADER":
			text += " (headers)"
		}
		t.Rows = append(t.Rows, []string{f.Name, text})
	}
	return t
}

func describe(d wire.SourceDescription, columns int) string {
	var b strings.Builder
	keys := "key"
	if d.Type == "TABLE" {
		keys = "primary key"
	}
	if d.WindowType != nil {
		keys += ", window: " + strings.ToLower(*d.WindowType)
	}
	fmt.Fprintf(&b, "Name: %s (%s)\n", d.Name, strings.ToLower(d.Type))
	if d.Extended {
		pairs(&b, [][2]string{
			{"Topic", fmt.Sprintf("%s (partitions: %d, replication: %d)", d.Topic, d.Partitions, d.Replication)},
			{"Key format", d.KeyFormat}, {"Value format", d.ValueFormat}, {"Timestamp field", d.Timestamp}, {"Statement", oneLine(d.Statement)},
		})
	}
	b.WriteString(fieldTable(d.Fields, keys).Text(columns))
	if !d.Extended {
		fmt.Fprintf(&b, "For figures and queries: DESCRIBE %s EXTENDED;\n", d.Name)
		return b.String()
	}
	for _, list := range []struct {
		title   string
		queries []wire.RunningQuery
	}{{"Queries that read from this " + strings.ToLower(d.Type), d.ReadQueries}, {"Queries that write to this " + strings.ToLower(d.Type), d.WriteQueries}} {
		if len(list.queries) == 0 {
			continue
		}
		t := Table{Title: list.title, Headers: []string{"Query ID", "Status", "Query String"}}
		for _, q := range list.queries {
			t.Rows = append(t.Rows, []string{q.ID, q.State, oneLine(q.SQL)})
		}
		b.WriteString("\n" + t.Text(columns))
	}
	pairs(&b, [][2]string{{"Statistics", d.Statistics}, {"Errors", d.ErrorStats}})
	for _, q := range d.Steps {
		b.WriteString("\n" + steps("Rows of "+q.ID, q.Steps).Text(columns))
	}
	b.WriteString(offsets(d.Offsets, columns))
	return b.String()
}

// steps are what became of the rows that each step of a query has read.
func steps(title string, list []wire.Step) Table {
	t := Table{Title: title, Headers: []string{"Step", "Read", "Used", "Made", "Filtered", "Late", "Null key", "Bad"}}
	for _, s := range list {
		row := []string{s.Step}
		for _, n := range []int64{s.Read, s.Used, s.Made, s.Filtered, s.Late, s.NullKey, s.Bad} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func offsets(list []wire.QueryOffsets, columns int) string {
	t := Table{Headers: []string{"Consumer Group", "Kafka Topic", "Partition", "Start", "End", "Offset", "Lag"}}
	for _, g := range list {
		for _, topic := range g.Topics {
			for _, o := range topic.Offsets {
				n := func(v int64) string { return strconv.FormatInt(v, 10) }
				t.Rows = append(t.Rows, []string{g.Group, topic.Topic, strconv.Itoa(int(o.Partition)), n(o.Start), n(o.End), n(o.Consumer), n(max(o.End-o.Consumer, 0))})
			}
		}
	}
	if len(t.Rows) == 0 {
		return ""
	}
	return "\n" + t.Text(columns)
}

// pairs writes names with values; empty values are left out.
func pairs(b *strings.Builder, list [][2]string) {
	for _, p := range list {
		if p[1] != "" {
			fmt.Fprintf(b, "%-16s: %s\n", p[0], p[1])
		}
	}
}

func explain(d wire.QueryDescription, columns int) string {
	var b strings.Builder
	window := ""
	if d.WindowType != nil {
		window = *d.WindowType
	}
	pairs(&b, [][2]string{
		{"ID", d.ID}, {"SQL", oneLine(d.StatementText)}, {"Type", d.Type}, {"Status", d.State}, {"Window", window},
		{"Sources", strings.Join(d.Sources, ", ")}, {"Sinks", strings.Join(d.Sinks, ", ")}, {"Consumer group", d.Group},
	})
	for _, e := range d.Errors {
		pairs(&b, [][2]string{{"Error", e.Message}})
	}
	for _, name := range slices.Sorted(maps.Keys(d.Properties)) {
		pairs(&b, [][2]string{{"Property", name + " = " + d.Properties[name]}})
	}
	if len(d.Fields) > 0 {
		b.WriteString("\n" + fieldTable(d.Fields, "key").Text(columns))
	}
	if d.Plan != "" {
		b.WriteString("\n" + strings.TrimRight(d.Plan, "\n") + "\n")
	}
	if len(d.Steps) > 0 {
		b.WriteString("\n" + steps("Rows of the steps", d.Steps).Text(columns))
	}
	return b.String()
}

func functions(list []wire.FunctionName) Table {
	t := Table{Headers: []string{"Function Name", "Category", "Type"}}
	for _, f := range list {
		t.Rows = append(t.Rows, []string{f.Name, f.Category, f.Type})
	}
	return t
}

func function(e *wire.FunctionDescription) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n%s\n", e.Name, strings.ToLower(e.Kind), e.Description)
	for _, v := range e.Functions {
		args := make([]string, len(v.Arguments))
		for i, a := range v.Arguments {
			args[i] = strings.TrimSpace(a.Name + " " + a.Type)
			if a.Variadic {
				args[i] += "..."
			}
		}
		fmt.Fprintf(&b, "  %s(%s) -> %s\n", e.Name, strings.Join(args, ", "), v.Returns)
	}
	for i, x := range e.Examples {
		if i == 0 {
			b.WriteString("Examples:\n")
		}
		fmt.Fprintf(&b, "  %s = %s\n", x.Call, x.Result)
	}
	return b.String()
}

func connectors(list []wire.ConnectorLine) Table {
	t := Table{Headers: []string{"Connector Name", "Type", "Class", "Status", "Rows", "Of", "Rows/s"}}
	for _, c := range list {
		of := ""
		if c.Total > 0 {
			of = Count(c.Total)
		}
		t.Rows = append(t.Rows, []string{c.Name, strings.ToUpper(c.Type), c.Class, c.State, Count(c.Rows), of, Count(int64(c.Rate))})
	}
	return t
}

func plugins(list []wire.ConnectorPlugin) Table {
	t := Table{Headers: []string{"Class", "Type", "Version"}}
	for _, p := range list {
		t.Rows = append(t.Rows, []string{p.Class, strings.ToUpper(p.Type), p.Version})
	}
	return t
}

func connector(e *wire.ConnectorDescription) string {
	var b strings.Builder
	rows := Count(e.Rows)
	if e.Total > 0 {
		rows += " of " + Count(e.Total)
	}
	bad := ""
	if e.Bad > 0 {
		bad = Count(e.Bad)
	}
	pairs(&b, [][2]string{
		{"Name", e.Status.Name}, {"Class", e.Class}, {"Type", e.Status.Type}, {"State", e.Status.Connector.State}, {"Error", e.Status.Connector.Trace},
		{"Topics", strings.Join(e.Topics, ", ")}, {"Rows", rows}, {"Bad rows", bad}, {"Rows per second", Count(int64(e.Rate))},
	})
	return b.String()
}
