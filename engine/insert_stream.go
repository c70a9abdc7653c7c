package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/exec/task"
	"weir/fault"
	"weir/kafka"
	"weir/types"
)

// Inserts writes the rows of a client to a stream, one after another. It is for one goroutine.
type Inserts struct {
	engine  *Engine
	session *Session
	client  *kgo.Client
	target  *catalog.Source
	encoder *task.RowEncoder
	parts   int32
	row     []types.Value
}

// Inserts begins to write to a stream, which is named as in SQL.
func (e *Engine) Inserts(ctx context.Context, s *Session, target string) (*Inserts, error) {
	if err := e.log.refused(); err != nil {
		return nil, err
	}
	name := identifier(target)
	if c := e.casualties().named("stream", name); c != nil {
		return nil, refuse(BadStatement, "%v", c)
	}
	src, ok := e.Snapshot().Source(name)
	switch {
	case !ok:
		return nil, refuse(BadStatement, "Cannot insert values into an unknown stream: %s", types.QuoteName(name))
	case src.IsTable:
		return nil, refuse(BadStatement, "Cannot insert into a table")
	case src.Windowed != nil:
		return nil, refuse(BadStatement, "Cannot insert values into windowed stream")
	case src.ReadOnly:
		return nil, refuse(BadStatement, "Cannot insert values into read-only stream: %s", src.Name)
	}
	topic, err := e.opt.Cluster.Topic(ctx, src.Topic)
	if err != nil {
		return nil, err
	}
	in := &Inserts{engine: e, session: s, target: src, encoder: task.NewRowEncoder(src, e.opt.Registry), parts: int32(len(topic.Partitions)), row: make([]types.Value, len(src.Schema))}
	in.client, err = e.inserts()
	return in, err
}

// identifier is a name as SQL reads it: in capitals unless it stands in quotes.
func identifier(text string) string {
	text = strings.TrimSpace(text)
	for _, quote := range []string{"`", `"`} {
		if len(text) > 1 && strings.HasPrefix(text, quote) && strings.HasSuffix(text, quote) {
			return strings.ReplaceAll(text[1:len(text)-1], quote+quote, quote)
		}
	}
	return strings.ToUpper(text)
}

// Insert writes a row, an object of JSON. A row that is wrong is an error, and so is one that the stream can't take; what becomes of the others is
// told to done, once for each.
func (in *Inserts) Insert(ctx context.Context, object []byte, done func(error)) (err error) {
	defer fault.Caught(&err, "the insert")
	if err := in.read(object); err != nil {
		return err
	}
	rec, err := in.engine.record(in.target, in.encoder, task.Inserted{Values: in.row}, in.parts)
	if err != nil {
		return err
	}
	if err := in.engine.room(); err != nil {
		return err
	}
	if err := in.session.bring(ctx); err != nil {
		return err
	}
	in.client.Produce(ctx, rec, func(_ *kgo.Record, err error) {
		if err != nil {
			err = fmt.Errorf("cannot write to %s: %w", rec.Topic, in.engine.opt.Cluster.Denied(err, kafka.OnTopic("Write", rec.Topic)))
		}
		done(err)
	})
	return nil
}

// read takes the columns out of an object; fields that are no columns are left out, as in ksqlDB.
func (in *Inserts) read(object []byte) error {
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.UseNumber()
	var given map[string]any
	if err := dec.Decode(&given); err != nil || given == nil || dec.More() {
		return refuse(BadStatement, "Invalid JSON in inserts stream")
	}
	fields := make(map[string]any, len(given))
	for name, v := range given {
		fields[identifier(name)] = v
	}
	for i, c := range in.target.Schema {
		v := fields[c.Name]
		if c.Role == types.HeaderColumn && v != nil {
			return refuse(BadStatement, "Cannot insert into HEADER columns: %s", c.Name)
		}
		if c.Role == types.KeyColumn && v == nil {
			return refuse(BadStatement, "Key field must be specified: %s", c.Name)
		}
		var err error
		if in.row[i], err = valueOf(v, c.Type); err != nil {
			return refuse(BadStatement, "%s: %v", types.QuoteName(c.Name), err)
		}
	}
	return nil
}
