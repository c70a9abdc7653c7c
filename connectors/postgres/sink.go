package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"weir/connectors/connector"
)

// sink writes to one database over one connection.
type sink struct {
	env     connector.Env
	config  *pgx.ConnConfig
	mode    string
	key     []string
	create  bool
	deletes bool
	name    string

	in    connector.In
	conn  *pgx.Conn
	to    []*target
	at    connector.Positions // as they stand in the database
	fresh map[string]bool     // topics whose table was made now, so that their positions say nothing
	rows  []staged            // of the batch, for each target
}

// staged are the rows of a batch for one target.
type staged struct {
	rows    []*connector.Row // in order; of each key the last one only where there are keys
	deleted []*connector.Row
}

// Begin connects, makes or checks the tables, and reads the positions.
func (s *sink) Begin(ctx context.Context, in connector.In) (connector.Begun, error) {
	s.in = in
	var err error
	if s.to, err = s.targets(in.Relations); err != nil {
		return connector.Begun{}, connector.Userf("%w", err)
	}
	if s.conn, err = pgx.ConnectConfig(ctx, s.config); err != nil {
		return connector.Begun{}, s.explain(err)
	}
	s.fresh = map[string]bool{}
	for _, t := range s.to {
		if err := s.prepare(ctx, t); err != nil {
			return connector.Begun{}, s.explain(err)
		}
	}
	if s.at, err = s.positions(ctx); err != nil {
		return connector.Begun{}, s.explain(err)
	}
	begun := connector.Positions{}
	for topic, partitions := range s.at {
		begun[topic] = maps.Clone(partitions)
	}
	return connector.Begun{Positions: begun}, nil
}

// Write takes a batch and its positions in one transaction.
func (s *sink) Write(ctx context.Context, b connector.Batch) (any, error) {
	s.stage(b)
	err := s.write(ctx, b, s.copy)
	if rowFault(err) {
		// One of the rows is at fault: they are tried one after the other.
		err = s.write(ctx, b, s.oneByOne)
	}
	if err != nil {
		return nil, s.explain(err)
	}
	for topic, partitions := range b.Next {
		for p, next := range partitions {
			s.at.Set(topic, p, next)
		}
	}
	return nil, nil
}

func (s *sink) write(ctx context.Context, b connector.Batch, put func(context.Context, pgx.Tx, *target, staged) error) error {
	tx, err := s.conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // does nothing after Commit
	if err := s.move(ctx, tx, b.Next); err != nil {
		return err
	}
	for i, t := range s.to {
		if err := put(ctx, tx, t, s.rows[i]); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}

// stage sorts the rows of a batch by target. Where rows have keys, the last one of a key counts.
func (s *sink) stage(b connector.Batch) {
	s.rows = make([]staged, len(s.to))
	last := map[string]int{}
	var id []byte
	for i := range b.Rows {
		if t := s.to[b.Rows[i].Relation]; t.key != nil {
			id = t.identity(id[:0], &b.Rows[i])
			last[string(id)] = i
		}
	}
	for i := range b.Rows {
		row := &b.Rows[i]
		t, to := s.to[row.Relation], &s.rows[row.Relation]
		if t.key != nil {
			if id = t.identity(id[:0], row); last[string(id)] != i {
				continue
			}
		}
		switch {
		case row.Value != nil:
			to.rows = append(to.rows, row)
		case t.key != nil && t.deletes:
			to.deleted = append(to.deleted, row)
		}
	}
}

// rowFault says whether an error is that of a row: of what it holds, or of a constraint of the table.
func rowFault(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23")
	}
	var value *valueError
	return errors.As(err, &value)
}

// explain tells what trying again will not cure. Classes of errors: appendix A of PostgreSQL's manual.
func (s *sink) explain(err error) error {
	if connector.IsUser(err) {
		return err
	}
	where := fmt.Sprintf("PostgreSQL at %s, database %s", s.config.Host, s.config.Database)
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		text := pg.Message
		if pg.Detail != "" {
			text += " (" + pg.Detail + ")"
		}
		if pg.Hint != "" {
			text += ". " + pg.Hint
		}
		switch pg.Code[:2] {
		case "28", "3D", "3F", "42", "0A": // who, which database, which schema, what is asked, what it cannot do
			return connector.Userf("%s: %s", where, text)
		}
		return fmt.Errorf("%s: %s", where, text)
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return fmt.Errorf("%s cannot be reached: %w", where, errors.Unwrap(connect))
	}
	return fmt.Errorf("%s: %w", where, err)
}

// Close closes the connection.
func (s *sink) Close() error {
	if s.conn == nil {
		return nil
	}
	return s.conn.Close(context.Background())
}
