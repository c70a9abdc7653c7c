package check

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/bench/compare/clicks"
	"weir/bench/compare/query"
)

// Keys is how an engine writes what a row of a windowed table is of.
type Keys int

const (
	BinaryKeys Keys = iota // the text, then the window in big endian: its start, or a session's end and start; as ksqlDB and Kafka Streams do
	JSONKeys               // an object, as Flink does
)

// value holds the columns that any query writes. JSON's names may be in capitals.
type value struct {
	N     int64
	Page  string
	Title string
	User  string `json:"user_id"`
	Bytes int64
	Click string // ids of a pair
	Order string `json:"bought"`
}

// jsonKey is a key of Flink's: WS the start of a window as a number, From and To the ends as times.
type jsonKey struct {
	User     string `json:"user_id"`
	Page     string
	WS       int64
	From, To string
}

// Results is the digest of what lies in an output topic, committed, and the number of records there.
func Results(ctx context.Context, brokers, topic string, q query.Query, keys Keys) (d Digest, written int, err error) {
	table := map[uint64]int64{}
	err = scan(ctx, brokers, topic, func(r *kgo.Record) error {
		written++
		if err := take(r.Key, r.Value, q, keys, &d, table); err != nil {
			return fmt.Errorf("%s: a record with key %q and value %q: %w", topic, r.Key, r.Value, err)
		}
		return nil
	})
	for id, n := range table {
		d.count(id, n)
	}
	return d, written, err
}

// take adds one record to the digest, or to the table of last counts.
func take(key, val []byte, q query.Query, keys Keys, d *Digest, table map[uint64]int64) error {
	var v value
	if val != nil {
		if err := json.Unmarshal(val, &v); err != nil {
			return err
		}
	}
	var buf [128]byte
	switch q.Shape {
	case query.Filter:
		d.add(fields(buf[:0]).text(string(key)).text(v.Page).number(v.Bytes).hash())
		return nil
	case query.Enrich:
		d.add(fields(buf[:0]).text(string(key)).text(v.User).text(v.Title).hash())
		return nil
	case query.Pairs:
		if !strings.HasPrefix(string(key), clicks.Mark) {
			d.add(fields(buf[:0]).text(string(key)).text(v.Click).text(v.Order).hash())
		}
		return nil
	case query.PerUser, query.PerPage, query.Sessions, query.Hops:
	}
	name, start, end, err := parseKey(key, q, keys)
	if err != nil || strings.HasPrefix(name, clicks.Mark) {
		return err
	}
	id := window(buf[:0], name, start, end)
	if val == nil {
		delete(table, id)
	} else {
		table[id] = v.N
	}
	return nil
}

func parseKey(key []byte, q query.Query, keys Keys) (name string, start, end int64, err error) {
	if keys == JSONKeys {
		return parseJSONKey(key, q)
	}
	width := 8
	if q.Shape == query.Sessions {
		width = 16
	}
	cut := len(key) - width
	if cut < 0 {
		return "", 0, 0, fmt.Errorf("the key has %d bytes, and none are left for the window", len(key))
	}
	at := func(i int) int64 { return int64(binary.BigEndian.Uint64(key[cut+i:])) }
	if q.Shape == query.Sessions {
		return string(key[:cut]), at(8), at(0), nil
	}
	return string(key[:cut]), at(0), 0, nil
}

func parseJSONKey(key []byte, q query.Query) (name string, start, end int64, err error) {
	var k jsonKey
	if err := json.Unmarshal(key, &k); err != nil {
		return "", 0, 0, err
	}
	start = k.WS
	if k.From != "" {
		if start, err = millis(k.From); err != nil {
			return "", 0, 0, err
		}
	}
	if q.Shape == query.Sessions { // Flink's end of a session is the gap behind its last row
		if end, err = millis(k.To); err != nil {
			return "", 0, 0, err
		}
		end -= gap
	}
	return k.User + k.Page, start, end, nil
}

func millis(s string) (int64, error) {
	t, err := time.Parse("2006-01-02 15:04:05.999", s)
	return t.UnixMilli(), err
}
