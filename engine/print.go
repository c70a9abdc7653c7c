package engine

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/formats"
	"weir/kafka"
	"weir/parser/ast"
	"weir/planner"
	"weir/registry"
	"weir/settings"
	"weir/types"
)

// Printed are the records of a topic, for PRINT, as they come. Close it.
type Printed struct {
	KeyFormat, ValueFormat func() string // as guessed from the records so far
	next                   func(ctx context.Context) (PrintedRecord, error)
	close                  func()
}

func (*Printed) result() {}

// PrintedRecord is a record as PRINT shows it.
type PrintedRecord struct {
	Time       time.Time
	Key, Value string // as text, in the guessed format
	Partition  int32
	Offset     int64
}

// Next waits for the next record; io.EOF at the LIMIT.
func (p *Printed) Next(ctx context.Context) (PrintedRecord, error) { return p.next(ctx) }

// Close ends it.
func (p *Printed) Close() { p.close() }

// printer shows the records of a topic, guessing how they are written.
type printer struct {
	engine     *Engine
	client     *kgo.Client
	every      int64
	left       int64 // -1 for no limit
	seen       int64
	buf        []*kgo.Record
	key, value guess
}

func (e *Engine) print(ctx context.Context, s *Session, n *ast.Print) (Result, error) {
	if _, err := e.opt.Cluster.Topic(ctx, n.Topic.Name); err != nil {
		return nil, &planner.Error{Pos: n.Topic.Pos(), Msg: fmt.Sprintf("Could not find topic '%s', or the KSQL user does not have permissions to list the topic. "+
			"Topic names are case-sensitive.%s", n.Topic.Name, e.similarTopic(ctx, n.Topic.Name))}
	}
	at := kgo.NewOffset().AtEnd()
	if n.FromBeginning || settings.OffsetReset.In(e.config(s)) == "earliest" {
		at = kgo.NewOffset().AtStart()
	}
	client, err := e.opt.Cluster.NewClient(kgo.ConsumeTopics(n.Topic.Name), kgo.ConsumeResetOffset(at), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return nil, err
	}
	p := &printer{engine: e, client: client, every: max(n.Interval, 1), left: -1}
	if n.Limit != nil {
		p.left = n.Limit.N
	}
	return &Printed{KeyFormat: p.key.text, ValueFormat: p.value.text, next: p.next, close: client.Close}, nil
}

// similarTopic suggests a topic whose name differs in case or by little.
func (e *Engine) similarTopic(ctx context.Context, name string) string {
	topics, err := e.opt.Cluster.Topics(ctx)
	if err != nil {
		return ""
	}
	var names []string
	for _, t := range topics {
		if strings.EqualFold(t.Name, name) {
			return "\nDid you mean " + t.Name + "?"
		}
		names = append(names, t.Name)
	}
	return suggestion(name, names)
}

func (p *printer) next(ctx context.Context) (PrintedRecord, error) {
	for {
		if p.left == 0 {
			return PrintedRecord{}, io.EOF
		}
		for len(p.buf) == 0 {
			fetches := p.client.PollFetches(ctx)
			if err := ctx.Err(); err != nil {
				return PrintedRecord{}, err
			}
			if err := fetches.Err0(); err != nil {
				return PrintedRecord{}, err
			}
			var large *kgo.ErrDecompressTooLarge
			if errors.As(fetches.Err(), &large) {
				return PrintedRecord{}, kafka.Oversized(large)
			}
			p.buf = fetches.Records()
		}
		r := p.buf[0]
		p.buf = p.buf[1:]
		if p.seen++; (p.seen-1)%p.every != 0 {
			continue
		}
		if p.left > 0 {
			p.left--
		}
		return PrintedRecord{Time: r.Timestamp, Key: p.key.show(ctx, p.engine, r.Key), Value: p.value.show(ctx, p.engine, r.Value), Partition: r.Partition, Offset: r.Offset}, nil
	}
}

// guess is what the bytes seen so far may be.
type guess struct{ seen map[string]bool }

func (g *guess) text() string {
	var out []string
	for _, name := range []string{"AVRO", "JSON", "KAFKA_BIGINT", "KAFKA_INT", "KAFKA_DOUBLE", "KAFKA_STRING", "BYTES"} {
		if g.seen[name] {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return "¯\\_(ツ)_/¯ - no data processed"
	}
	return strings.Join(out, " or ")
}

func (g *guess) note(names ...string) {
	if g.seen == nil {
		g.seen = map[string]bool{}
	}
	for _, n := range names {
		g.seen[n] = true
	}
}

func (g *guess) show(ctx context.Context, e *Engine, b []byte) string {
	switch {
	case b == nil:
		return "<null>"
	case len(b) > 5 && b[0] == 0 && e.opt.Registry != nil:
		if text, ok := e.avroText(ctx, b); ok {
			g.note("AVRO")
			return text
		}
	case json.Valid(b) && (b[0] == '{' || b[0] == '['):
		g.note("JSON")
		return string(b)
	case utf8.Valid(b) && printable(b):
		g.note("KAFKA_STRING")
		return string(b)
	}
	switch len(b) {
	case 8:
		n := binary.BigEndian.Uint64(b)
		if f := math.Float64frombits(n); n>>56 > 0x10 && n>>56 < 0xf0 && !math.IsNaN(f) && !math.IsInf(f, 0) && math.Abs(f) > 1e-9 && math.Abs(f) < 1e15 {
			g.note("KAFKA_DOUBLE")
			return string(types.AppendDouble(nil, f))
		}
		g.note("KAFKA_BIGINT")
		return fmt.Sprint(int64(n))
	case 4:
		g.note("KAFKA_INT")
		return fmt.Sprint(int32(binary.BigEndian.Uint32(b)))
	}
	g.note("BYTES")
	return base64.StdEncoding.EncodeToString(b)
}

func printable(b []byte) bool {
	for _, r := range string(b) {
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' {
			return false
		}
	}
	return true
}

// avroText decodes a record with Confluent's header by the schema that it names, and shows it as JSON.
func (e *Engine) avroText(ctx context.Context, b []byte) (string, bool) {
	id := int(binary.BigEndian.Uint32(b[1:5]))
	s, err := e.opt.Registry.SchemaByID(ctx, id)
	if err != nil || s.Type != registry.Avro {
		return "", false
	}
	spec := formats.Spec{Format: formats.Avro, Registry: e.opt.Registry, SchemaID: &id}
	cols, err := formats.Infer(ctx, spec)
	if err != nil || len(cols) == 0 {
		return "", false
	}
	slots := make([]int, len(cols))
	for i := range slots {
		slots[i] = i
	}
	dec, err := formats.NewDecoder(spec, cols, slots)
	if err != nil {
		return "", false
	}
	row := make([]types.Value, len(cols))
	if dec.Decode(b, row) != nil {
		return "", false
	}
	enc, err := formats.NewEncoder(formats.Spec{Format: formats.JSON}, cols, slots)
	if err != nil {
		return "", false
	}
	out, err := enc.Append(nil, row)
	return string(out), err == nil
}
