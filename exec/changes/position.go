package changes

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Position is how far a client has come. As text it is the id of an event.
type Position struct {
	Topic [16]byte // zeros where the brokers give topics no ids
	Next  []int64  // the offsets of each partition's next record
	// Ends are up to where the table's rows are being given as they were when the client came; nil once that is through.
	Ends []int64
	// Current is a time, in seconds since 1970, at which there was nothing behind Next. What is deleted in a table may be forgotten some time
	// later, so that who comes too late would miss it.
	Current int64
}

func (p *Position) clone() *Position {
	out := *p
	out.Next, out.Ends = append([]int64(nil), p.Next...), append([]int64(nil), p.Ends...)
	return &out
}

// Pass moves the position behind a change.
func (p *Position) Pass(c *Change) {
	if c.Position != nil {
		*p = *c.Position.clone()
	} else {
		p.Next[c.Partition] = c.Offset + 1
	}
	p.Current = max(p.Current, c.Current)
}

// Append writes the position: topic, time, offsets, and behind ~ the ends. It needs no escape in a URL.
func (p *Position) Append(dst []byte) []byte {
	dst = base64.RawURLEncoding.AppendEncode(dst, p.Topic[:])
	dst = strconv.AppendInt(append(dst, '.'), p.Current, 36)
	dst = appendOffsets(append(dst, '.'), p.Next)
	if len(p.Ends) > 0 {
		dst = appendOffsets(append(dst, '~'), p.Ends)
	}
	return dst
}

func appendOffsets(dst []byte, offsets []int64) []byte {
	for i, n := range offsets {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = strconv.AppendInt(dst, n, 36)
	}
	return dst
}

// Parse reads what Append has written.
func Parse(text string) (*Position, error) {
	bad := fmt.Errorf("the position '%.100s' is not one that events here have as their id", text)
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, bad
	}
	p := &Position{}
	id, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || len(id) != len(p.Topic) {
		return nil, bad
	}
	copy(p.Topic[:], id)
	if p.Current, err = strconv.ParseInt(parts[1], 36, 64); err != nil {
		return nil, bad
	}
	next, ends, giving := strings.Cut(parts[2], "~")
	if p.Next, err = parseOffsets(next); err != nil {
		return nil, bad
	}
	if giving {
		if p.Ends, err = parseOffsets(ends); err != nil || len(p.Ends) != len(p.Next) {
			return nil, bad
		}
	}
	return p, nil
}

func parseOffsets(text string) ([]int64, error) {
	var out []int64
	for item := range strings.SplitSeq(text, "-") {
		n, err := strconv.ParseInt(item, 36, 64)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("'%s' is no offset", item)
		}
		out = append(out, n)
	}
	return out, nil
}

// gap is why a position does not lead on; empty where it does.
func (p *Position) gap(now time.Time, t *Tail, starts, ends []int64) string {
	switch {
	case p.Topic != t.id:
		return "the topic was made anew"
	case len(p.Next) > len(ends):
		return fmt.Sprintf("the topic has %d partitions, and had %d", len(ends), len(p.Next))
	}
	for i, next := range p.Next {
		until := next
		if p.Ends != nil {
			until = max(next, p.Ends[i])
		}
		switch {
		case next < starts[i] && p.Ends == nil:
			return fmt.Sprintf("the records %d to %d of partition %d are no longer there", next, starts[i]-1, i)
		case until > ends[i]:
			return fmt.Sprintf("partition %d ends at offset %d, and had come to %d: what it held was lost", i, ends[i], until)
		}
	}
	if away := now.Sub(time.Unix(p.Current, 0)); t.src.Table && away > t.forgets {
		return fmt.Sprintf("what was deleted %v ago or before may be forgotten (delete.retention.ms of the topic)", t.forgets)
	}
	return ""
}

// grown is the position with the partitions that have come since: they are read from their beginning.
func (p *Position) grown(starts []int64) *Position {
	out := p.clone()
	for i := len(out.Next); i < len(starts); i++ {
		out.Next = append(out.Next, starts[i])
		if p.Ends != nil {
			out.Ends = append(out.Ends, starts[i])
		}
	}
	return out
}
