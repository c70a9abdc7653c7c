package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"weir/connectors/connector"
	"weir/types"
)

// target is a table of the database, for one relation.
type target struct {
	relation connector.Relation
	table    pgx.Identifier
	columns  []column
	key      []int // places in columns; nil where rows are added
	deletes  bool
	staged   bool // the staging tables of this connection are there
}

// column is one column of the target.
type column struct {
	from int // its place in a row's Values
	name string
	sql  string // its type
	typ  *types.Type
	time bool // a BIGINT that is a time: of a window
}

// targets are the tables of the relations.
func (s *sink) targets(relations []connector.Relation) ([]*target, error) {
	var out []*target
	names := map[string]string{}
	for _, rel := range relations {
		name := strings.ReplaceAll(strings.ReplaceAll(s.name, nameMark, folded(rel.Name)), topicMark, rel.Topic)
		t := &target{relation: rel, table: pgx.Identifier(strings.Split(name, ".")), deletes: s.deletes}
		if len(t.table) > 2 || slices.Contains(t.table, "") {
			return nil, fmt.Errorf("property 'table.name.format': '%s' is no name of a table: expected TABLE or SCHEMA.TABLE", name)
		}
		if other, ok := names[name]; ok {
			return nil, fmt.Errorf("property 'table.name.format': %s and %s would go to one table, %s: put %s into it", other, rel.Name, name, nameMark)
		}
		names[name] = rel.Name
		if err := t.describe(s.mode, s.key); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// folded is a name as PostgreSQL has those that stand without quotes.
func folded(name string) string {
	if name == strings.ToUpper(name) {
		return strings.ToLower(name)
	}
	return name
}

func (t *target) describe(mode string, key []string) error {
	for i, c := range t.relation.Columns {
		col := column{from: i, name: folded(c.Name), sql: sqlType(c.Type), typ: c.Type}
		if c.Key && (c.Name == types.WindowStart || c.Name == types.WindowEnd) {
			col.sql, col.time = "timestamptz", true
		}
		t.columns = append(t.columns, col)
	}
	if mode == "" {
		mode = insert
		if t.relation.Table || len(key) > 0 {
			mode = upsert
		}
	}
	if mode == insert {
		return nil
	}
	for i, c := range t.relation.Columns {
		if len(key) == 0 && c.Key {
			t.key = append(t.key, i)
		}
	}
	for _, name := range key {
		i := slices.IndexFunc(t.columns, func(c column) bool { return c.name == name || strings.EqualFold(c.name, name) })
		if i < 0 {
			return fmt.Errorf("property 'pk.fields': %s has no column '%s'", t.relation.Name, name)
		}
		t.key = append(t.key, i)
	}
	if len(t.key) == 0 {
		return fmt.Errorf("%s has no key to keep its rows by: name columns in the property 'pk.fields', or add rows with 'insert.mode'='%s'", t.relation.Name, insert)
	}
	return nil
}

// sqlType is the type of a column that is made.
func sqlType(t *types.Type) string {
	switch t.Kind {
	case types.Boolean:
		return "boolean"
	case types.Integer:
		return "integer"
	case types.Bigint:
		return "bigint"
	case types.Double:
		return "double precision"
	case types.Decimal:
		return fmt.Sprintf("numeric(%d,%d)", t.Precision, t.Scale)
	case types.Bytes:
		return "bytea"
	case types.Timestamp:
		return "timestamptz"
	case types.Date:
		return "date"
	case types.Time:
		return "time"
	case types.Array, types.Map, types.Struct:
		return "jsonb"
	default:
		return "text"
	}
}

func (t *target) isKey(column int) bool { return slices.Contains(t.key, column) }

// names are the columns' names, quoted; keys only, or all.
func (t *target) names(keys bool, prefix string) string {
	var out []string
	for i, c := range t.columns {
		if !keys || t.isKey(i) {
			out = append(out, prefix+pgx.Identifier{c.name}.Sanitize())
		}
	}
	return strings.Join(out, ", ")
}

// createTable is the statement that makes the table.
func (t *target) createTable() string {
	var cols []string
	for i, c := range t.columns {
		col := pgx.Identifier{c.name}.Sanitize() + " " + c.sql
		if t.isKey(i) {
			col += " NOT NULL"
		}
		cols = append(cols, col)
	}
	if t.key != nil {
		cols = append(cols, "PRIMARY KEY ("+t.names(true, "")+")")
	}
	return fmt.Sprintf("CREATE TABLE %s (%s)", t.table.Sanitize(), strings.Join(cols, ", "))
}

// merge moves staged rows into the table.
func (t *target) merge(from string) string {
	var set []string
	for i, c := range t.columns {
		if name := (pgx.Identifier{c.name}).Sanitize(); !t.isKey(i) {
			set = append(set, name+" = EXCLUDED."+name)
		}
	}
	do := "DO NOTHING"
	if len(set) > 0 {
		do = "DO UPDATE SET " + strings.Join(set, ", ")
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s ON CONFLICT (%s) %s", t.table.Sanitize(), t.names(false, ""), t.names(false, ""), from, t.names(true, ""), do)
}

// remove deletes the rows whose keys are staged.
func (t *target) remove(from string) string {
	var same []string
	for i, c := range t.columns {
		if name := (pgx.Identifier{c.name}).Sanitize(); t.isKey(i) {
			same = append(same, "t."+name+" = d."+name)
		}
	}
	return fmt.Sprintf("DELETE FROM %s t USING %s d WHERE %s", t.table.Sanitize(), from, strings.Join(same, " AND "))
}
