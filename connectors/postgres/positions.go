package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"weir/connectors/connector"
)

// positionsTable is where the positions stand, in the schema that the user's search path begins with. A topic that is made anew has
// another id, and so begins anew.
const positionsTable = `CREATE TABLE IF NOT EXISTS weir_positions (
	connector text NOT NULL, topic text NOT NULL, topic_id uuid NOT NULL, "partition" integer NOT NULL, next bigint NOT NULL, written timestamptz NOT NULL,
	PRIMARY KEY (connector, topic, topic_id, "partition"))`

// positions reads where the connector stands.
func (s *sink) positions(ctx context.Context) (connector.Positions, error) {
	if _, err := s.conn.Exec(ctx, positionsTable); err != nil {
		return nil, fmt.Errorf("the table of positions: %w", err)
	}
	out := connector.Positions{}
	for _, rel := range s.in.Relations {
		if s.fresh[rel.Topic] {
			if _, err := s.conn.Exec(ctx, `DELETE FROM weir_positions WHERE connector = $1 AND topic = $2`, s.env.Name, rel.Topic); err != nil {
				return nil, err
			}
			continue
		}
		rows, err := s.conn.Query(ctx, `SELECT "partition", next FROM weir_positions WHERE connector = $1 AND topic = $2 AND topic_id = $3`, s.env.Name, rel.Topic, rel.ID)
		if err != nil {
			return nil, err
		}
		var partition int32
		var next int64
		_, err = pgx.ForEachRow(rows, []any{&partition, &next}, func() error {
			out.Set(rel.Topic, partition, next)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// move writes the positions. That of a partition must be as it was left: else another node delivers the same.
func (s *sink) move(ctx context.Context, tx pgx.Tx, next connector.Positions) error {
	var batch pgx.Batch
	for _, rel := range s.in.Relations {
		for _, p := range slices.Sorted(maps.Keys(next[rel.Topic])) {
			was, ok := s.at[rel.Topic][p]
			if !ok {
				was = -1
			}
			batch.Queue(`INSERT INTO weir_positions AS w (connector, topic, topic_id, "partition", next, written) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (connector, topic, topic_id, "partition") DO UPDATE SET next = EXCLUDED.next, written = EXCLUDED.written WHERE w.next = $7`,
				s.env.Name, rel.Topic, rel.ID, p, next[rel.Topic][p], time.Now(), was)
		}
	}
	results := tx.SendBatch(ctx, &batch)
	for range batch.Len() {
		tag, err := results.Exec()
		if err == nil && tag.RowsAffected() != 1 {
			err = fmt.Errorf("somebody else writes with the connector %s: its position has moved", s.env.Name)
		}
		if err != nil {
			_ = results.Close()
			return err
		}
	}
	return results.Close()
}
