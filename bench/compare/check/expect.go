package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/bench/compare/clicks"
	"weir/bench/compare/query"
)

// Expect is the digest of a query's results over n records, by the plain computation over what lies in their topic. A file in dir keeps it.
func Expect(ctx context.Context, brokers, dir string, q query.Query, n int) (Digest, error) {
	topic := q.Set.Topic(n)
	file := filepath.Join(dir, fmt.Sprintf("%s-%s.json", topic, q.Shape))
	var d Digest
	if kept, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(kept, &d); err != nil {
			return d, fmt.Errorf("%s: %w: delete it, and it is computed anew", file, err)
		}
		return d, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return d, err
	}
	plain := NewPlain(q.Shape)
	if q.Shape == query.Pairs {
		if err := read(ctx, brokers, clicks.Orders.Topic(query.OrdersOf(n)), plain.Order); err != nil {
			return d, err
		}
	}
	if err := read(ctx, brokers, topic, plain.Add); err != nil {
		return d, err
	}
	d = plain.Digest()
	text, err := json.Marshal(d)
	if err != nil {
		return d, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return d, err
	}
	return d, os.WriteFile(file, text, 0o644)
}

// read gives the clicks that lie in a topic.
func read(ctx context.Context, brokers, topic string, each func(*clicks.Click) error) error {
	return scan(ctx, brokers, topic, func(r *kgo.Record) error {
		var c clicks.Click
		if err := json.Unmarshal(r.Value, &c); err != nil {
			return fmt.Errorf("%s: %q: %w", topic, r.Value, err)
		}
		return each(&c)
	})
}
