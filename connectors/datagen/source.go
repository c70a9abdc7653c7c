package datagen

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"
	"unicode/utf8"

	"weir/connectors/connector"
	"weir/kafka"
)

// source is the connector. It is run once.
type source struct {
	topic     connector.Topic
	fields    []field
	csv       bool
	rows      int64 // 0 for no end
	seed      uint64
	key       int // index of the field, -1 for none
	timestamp int
	pace      connector.Pace
	apart     float64 // as in row
	pos       position
}

// position is how many rows were emitted, and the moment that generators take for the start.
type position struct {
	Row int64 `json:"row"`
	Now int64 `json:"now"`
}

// Bounded implements connector.Reader.
func (s *source) Bounded() bool { return s.rows > 0 }

// Topics implements connector.Reader.
func (s *source) Topics() []connector.Topic { return []connector.Topic{s.topic} }

// Position implements connector.Reader.
func (s *source) Position() any { return s.pos }

// Run implements connector.Reader.
func (s *source) Run(ctx context.Context, out connector.Output, resume json.RawMessage) error {
	s.pos = position{Now: time.Now().UnixMilli()}
	if resume != nil {
		if err := json.Unmarshal(resume, &s.pos); err != nil {
			return connector.Userf("the stored position does not read: %w; drop the connector and create it again", err)
		}
	}
	if s.rows > 0 {
		out.SetTotal(s.rows)
	}
	enc := newEncoder(s)
	partitions := out.Partitions(s.topic.Name)
	rec := connector.Record{Topic: s.topic.Name}
	for s.rows == 0 || s.pos.Row < s.rows {
		n := s.pos.Row
		var keyed bool
		rec.Value, rec.Key, keyed = enc.row(n, s.pos.Now)
		rec.Partition = int32(n % int64(partitions))
		if keyed {
			rec.Partition = kafka.Partition(rec.Key, partitions)
		} else {
			rec.Key = nil
		}
		if s.timestamp >= 0 {
			rec.Timestamp = max(1, s.fields[s.timestamp].millis(&enc.r))
		}
		if err := s.pace.Wait(ctx, out, 0, false); err != nil {
			return context.Cause(ctx)
		}
		s.pos.Row++
		if err := out.Emit(ctx, &rec); err != nil {
			return err
		}
	}
	return nil
}

// encoder writes rows into buffers that it uses again.
type encoder struct {
	s     *source
	r     row
	names [][]byte // "name": with a comma before all but the first
	buf   []byte
	text  []byte
	keyed []byte
}

func newEncoder(s *source) *encoder {
	pcg := rand.NewPCG(0, 0)
	e := &encoder{s: s, r: row{pcg: pcg, rnd: rand.New(pcg), seed: splitmix(s.seed), apart: s.apart}}
	for i, f := range s.fields {
		var name []byte
		if i > 0 {
			name = append(name, ',')
		}
		e.names = append(e.names, append(appendJSON(name, []byte(f.name)), ':'))
	}
	return e
}

// row makes row n. It depends on nothing but n and the seed, apart from times that start now; so a run can go on anywhere.
func (e *encoder) row(n, now int64) (value, key []byte, keyed bool) {
	e.r.n, e.r.now = n, now
	e.r.pcg.Seed(e.r.seed, splitmix(uint64(n)))
	e.buf = e.buf[:0]
	if !e.s.csv {
		e.buf = append(e.buf, '{')
	}
	for i := range e.s.fields {
		f := &e.s.fields[i]
		var ok bool
		if e.s.csv {
			if i > 0 {
				e.buf = append(e.buf, ',')
			}
		} else {
			e.buf = append(e.buf, e.names[i]...)
		}
		if f.kind == literalKind && i != e.s.key {
			start := len(e.buf)
			if e.buf, ok = f.value(&e.r, e.buf); !ok {
				e.buf = e.null(e.buf[:start])
			}
			continue
		}
		e.text, ok = f.value(&e.r, e.text[:0])
		if i == e.s.key {
			e.keyed, keyed = append(e.keyed[:0], e.text...), ok
		}
		switch {
		case !ok:
			e.buf = e.null(e.buf)
		case f.kind == literalKind:
			e.buf = append(e.buf, e.text...)
		case e.s.csv:
			e.buf = appendCSV(e.buf, e.text)
		default:
			e.buf = appendJSON(e.buf, e.text)
		}
	}
	if !e.s.csv {
		e.buf = append(e.buf, '}')
	}
	return e.buf, e.keyed, keyed
}

func (e *encoder) null(dst []byte) []byte {
	if e.s.csv {
		return dst
	}
	return append(dst, "null"...)
}

// appendCSV quotes a text where it has to be, an empty one too, since without quotes that is null.
func appendCSV(dst, text []byte) []byte {
	if len(text) > 0 && !bytes.ContainsAny(text, ",\"\r\n") {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// appendJSON writes a JSON string.
func appendJSON(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	plain := true
	for _, c := range text {
		if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			plain = false
			break
		}
	}
	dst = append(dst, '"')
	if plain {
		return append(append(dst, text...), '"')
	}
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, "\ufffd"...)
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = append(dst, text[:size]...)
		}
		text = text[size:]
	}
	return append(dst, '"')
}
