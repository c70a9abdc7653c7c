package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"weir/connectors/connector"
)

// prepare makes the table, or sees that the rows fit it.
func (s *sink) prepare(ctx context.Context, t *target) error {
	var there bool
	if err := s.conn.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, t.table.Sanitize()).Scan(&there); err != nil {
		return err
	}
	if there {
		return s.check(ctx, t)
	}
	if !s.create {
		return connector.Userf("there is no table %s, and 'auto.create' is false. Make it with: %s;", t.table.Sanitize(), t.createTable())
	}
	if _, err := s.conn.Exec(ctx, t.createTable()); err != nil {
		return err
	}
	s.fresh[t.relation.Topic] = true
	return nil
}

// check sees that a table has the columns, and for upsert a unique index over the key.
func (s *sink) check(ctx context.Context, t *target) error {
	rows, err := s.conn.Query(ctx, `SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`, t.table.Sanitize())
	if err != nil {
		return err
	}
	have, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	var missing []string
	for _, c := range t.columns {
		if !slices.Contains(have, c.name) {
			missing = append(missing, "ADD COLUMN "+pgx.Identifier{c.name}.Sanitize()+" "+c.sql)
		}
	}
	if len(missing) > 0 {
		return connector.Userf("the table %s lacks columns of %s. Add them with: ALTER TABLE %s %s;", t.table.Sanitize(), t.relation.Name, t.table.Sanitize(), strings.Join(missing, ", "))
	}
	if t.key == nil {
		return nil
	}
	rows, err = s.conn.Query(ctx, `SELECT array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) ORDER BY 1)
		FROM pg_index i WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL`, t.table.Sanitize())
	if err != nil {
		return err
	}
	unique, err := pgx.CollectRows(rows, pgx.RowTo[[]string])
	if err != nil {
		return err
	}
	var key []string
	for i, c := range t.columns {
		if t.isKey(i) {
			key = append(key, c.name)
		}
	}
	slices.Sort(key)
	if !slices.ContainsFunc(unique, func(u []string) bool { slices.Sort(u); return slices.Equal(u, key) }) {
		return connector.Userf("the table %s has no unique index over the key (%s), which keeping the last row of a key needs. Add it with: ALTER TABLE %s ADD PRIMARY KEY (%s); or add rows with 'insert.mode'='%s'",
			t.table.Sanitize(), t.names(true, ""), t.table.Sanitize(), t.names(true, ""), insert)
	}
	return nil
}

const (
	stageRows    = "weir_stage_rows_%d"
	stageDeletes = "weir_stage_deletes_%d"
)

// copy brings rows by COPY: straight into the table, or for upsert by way of temporary tables.
func (s *sink) copy(ctx context.Context, tx pgx.Tx, t *target, b staged) error {
	if len(b.rows)+len(b.deleted) == 0 {
		return nil
	}
	if t.key == nil {
		return t.copyRows(ctx, tx, t.table, b.rows, false)
	}
	i := slices.Index(s.to, t)
	rows, deletes := fmt.Sprintf(stageRows, i), fmt.Sprintf(stageDeletes, i)
	if !t.staged {
		for _, sql := range []string{
			fmt.Sprintf("CREATE TEMP TABLE IF NOT EXISTS %s ON COMMIT DELETE ROWS AS SELECT %s FROM %s LIMIT 0", rows, t.names(false, ""), t.table.Sanitize()),
			fmt.Sprintf("CREATE TEMP TABLE IF NOT EXISTS %s ON COMMIT DELETE ROWS AS SELECT %s FROM %s LIMIT 0", deletes, t.names(true, ""), t.table.Sanitize()),
		} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
	}
	if len(b.deleted) > 0 {
		if err := t.copyRows(ctx, tx, pgx.Identifier{deletes}, b.deleted, true); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, t.remove(deletes)); err != nil {
			return err
		}
	}
	if len(b.rows) == 0 {
		return nil
	}
	if err := t.copyRows(ctx, tx, pgx.Identifier{rows}, b.rows, false); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, t.merge(rows))
	return err
}

func (t *target) copyRows(ctx context.Context, tx pgx.Tx, into pgx.Identifier, rows []*connector.Row, keys bool) error {
	var names []string
	for i, c := range t.columns {
		if !keys || t.isKey(i) {
			names = append(names, c.name)
		}
	}
	lines := make([][]any, len(rows)) // made before, since COPY hides why a row could not be
	for i, row := range rows {
		var err error
		if lines[i], err = t.values(row, keys); err != nil {
			return err
		}
	}
	_, err := tx.CopyFrom(ctx, into, names, pgx.CopyFromRows(lines))
	return err
}

// oneByOne brings rows with a statement each, and refuses those that the database does not take.
func (s *sink) oneByOne(ctx context.Context, tx pgx.Tx, t *target, b staged) error {
	for _, part := range []struct {
		rows []*connector.Row
		keys bool
	}{{b.deleted, true}, {b.rows, false}} {
		for _, row := range part.rows {
			err := s.one(ctx, tx, t, row, part.keys)
			if rowFault(err) {
				err = s.in.Refuse(ctx, row, err)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// one brings a row within a savepoint, so that its fault leaves the others.
func (s *sink) one(ctx context.Context, tx pgx.Tx, t *target, row *connector.Row, keys bool) error {
	args, err := t.values(row, keys)
	if err != nil {
		return err
	}
	var marks, same []string
	n := 0
	for i, c := range t.columns {
		if keys && !t.isKey(i) {
			continue
		}
		n++
		marks = append(marks, fmt.Sprintf("$%d", n))
		same = append(same, fmt.Sprintf("%s = $%d", pgx.Identifier{c.name}.Sanitize(), n))
	}
	var sql string
	switch {
	case keys:
		sql = fmt.Sprintf("DELETE FROM %s WHERE %s", t.table.Sanitize(), strings.Join(same, " AND "))
	case t.key == nil:
		sql = fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", t.table.Sanitize(), t.names(false, ""), strings.Join(marks, ", "))
	default:
		sql = t.merge(fmt.Sprintf("(VALUES (%s)) AS v (%s)", strings.Join(t.cast(marks), ", "), t.names(false, "")))
	}
	point, err := tx.Begin(ctx)
	if err != nil {
		return err
	}
	if _, err := point.Exec(ctx, sql, args...); err != nil {
		_ = point.Rollback(ctx)
		return err
	}
	return point.Commit(ctx)
}

// cast gives the marks of a VALUES list, which stands by itself, the types of the columns.
func (t *target) cast(marks []string) []string {
	out := make([]string, len(marks))
	for i, m := range marks {
		out[i] = m + "::" + t.columns[i].sql
	}
	return out
}
