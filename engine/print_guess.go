package engine

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/formats"
	"weir/types"
)

// guess is what the keys or the values seen so far may be.
type guess struct {
	header   string // the header in which a record may name its schema
	registry *formats.Shower
	seen     map[string]bool
}

func (g *guess) text() string {
	var out []string
	for _, name := range []string{formats.Avro, formats.Protobuf, "JSON", formats.JSONSR, "KAFKA_BIGINT", "KAFKA_INT", "KAFKA_DOUBLE", "KAFKA_STRING", "BYTES"} {
		if g.seen[name] {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return "¯\\_(ツ)_/¯ - no data processed"
	}
	return strings.Join(out, " or ")
}

func (g *guess) note(name string) {
	if g.seen == nil {
		g.seen = map[string]bool{}
	}
	g.seen[name] = true
}

func (g *guess) show(ctx context.Context, b []byte, headers []kgo.RecordHeader) string {
	if b == nil {
		return "<null>"
	}
	if format, text, ok := g.byRegistry(ctx, b, headers); ok {
		g.note(format)
		return text
	}
	switch {
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

// byRegistry shows data whose schema is named in a header or else in front of it, as deserializers of Confluent's look for it.
func (g *guess) byRegistry(ctx context.Context, b []byte, headers []kgo.RecordHeader) (format, text string, ok bool) {
	for _, h := range headers {
		if h.Key == g.header && h.Value != nil {
			if format, text, ok = g.registry.Show(ctx, h.Value, b); ok {
				return format, text, true
			}
		}
	}
	return g.registry.Show(ctx, nil, b)
}

func printable(b []byte) bool {
	for _, r := range string(b) {
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' {
			return false
		}
	}
	return true
}
