package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/formats"
	"weir/kafka"
	"weir/parser/ast"
	"weir/planner"
	"weir/settings"
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
	client     *kgo.Client
	denied     func(error) error // names the access control list that is missing, where that is the error
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
	p := &printer{client: client, every: max(n.Interval, 1), left: -1}
	p.denied = func(err error) error { return e.opt.Cluster.Denied(err, kafka.OnTopic("Read", n.Topic.Name)) }
	p.key = guess{header: formats.KeySchemaHeader, registry: formats.NewShower(e.opt.Registry)}
	p.value = guess{header: formats.ValueSchemaHeader, registry: formats.NewShower(e.opt.Registry)}
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
		if t.Name == name || strings.HasPrefix(t.Name, "_weir-") {
			continue
		}
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
			if err := p.denied(fetches.Err()); errors.Is(err, kafka.ErrDenied) {
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
		return PrintedRecord{Time: r.Timestamp, Key: p.key.show(ctx, r.Key, r.Headers), Value: p.value.show(ctx, r.Value, r.Headers), Partition: r.Partition, Offset: r.Offset}, nil
	}
}
