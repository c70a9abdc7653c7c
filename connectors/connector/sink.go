package connector

import (
	"context"
	"encoding/json"

	"weir/types"
)

// Writer is a sink that is ready to run, once. Its methods are called one after the other.
type Writer interface {
	// Begin connects, and makes or checks what is written to. What it gives is stored before the first Write.
	Begin(ctx context.Context, in In) (Begun, error)
	// Write writes a batch so that a crash does not undo it, and gives what In.State is to be after it, as a value for encoding/json. A
	// row that it cannot take for what it holds goes to In.Refuse. After any other error the batch comes again, from the position that
	// was stored last and perhaps cut otherwise. An error made by Userf fails the connector.
	Write(ctx context.Context, b Batch) (state any, err error)
	// Close gives back what Begin took.
	Close() error
}

// Begun is how a sink stands before its first Write.
type Begun struct {
	// Positions are those that the sink keeps itself, together with what it has written: they count more than the runtime's. Nil for none.
	Positions Positions
	State     any // for In.State, as from Write; nil to leave it
}

// In is what a sink reads, and how it stands.
type In struct {
	Relations []Relation      // one for each topic, in the order of the topics' names
	State     json.RawMessage // what the last Write or Begin gave; nil at the first start
	// Refuse takes a row that cannot be written. Its error, if it gives one, is the answer of Write.
	Refuse func(ctx context.Context, row *Row, reason error) error
}

// Relation is what is known of a topic.
type Relation struct {
	Topic   string
	ID      [16]byte // the topic's: another where it was deleted and made anew; zeros where the broker has none, or before Begin
	Name    string   // the stream or table that says what is in it; empty for none
	Table   bool
	Columns []Column // of the key first; nil where no stream or table says what is in the topic
}

// Column is a column of a relation. Those of a windowed table's key end with WINDOWSTART and WINDOWEND.
type Column struct {
	Name string
	Type *types.Type
	Key  bool
}

// Batch is what is written at once. It is valid during Write.
type Batch struct {
	Rows []Row // those of a partition in their order
	Next Positions
}

// Row is a record that a sink is given.
type Row struct {
	Relation  int // its place in In.Relations
	Partition int32
	Offset    int64
	Timestamp int64 // milliseconds since 1970
	Key       []byte
	Value     []byte // nil for a row of a table that is deleted
	Headers   []Header
	// Values are the columns of the relation, NULL where Value is nil and the column is no key; nil where the sink asks for none.
	Values []types.Value
}

// Positions are the offsets of the records to read next, by topic and partition. A partition without one is read from its beginning.
type Positions map[string]map[int32]int64

// Set adds a partition's.
func (p Positions) Set(topic string, partition int32, next int64) {
	if p[topic] == nil {
		p[topic] = map[int32]int64{}
	}
	p[topic][partition] = next
}

// The properties that all sinks have.
const (
	PropTopics      = "topics"
	PropFrom        = "from"
	PropRows        = "flush.size"
	PropBytes       = "flush.bytes"
	PropInterval    = "flush.interval"
	PropReset       = "offset.reset"
	PropTolerance   = "errors.tolerance"
	PropDeadLetters = "errors.deadletterqueue.topic.name"
)

// SinkProperties describe what all sinks have.
func (f Flush) SinkProperties() []Property {
	return []Property{
		{Name: PropFrom, Type: String, Doc: "the stream or table whose rows are written, or several with commas between them"},
		{Name: PropTopics, Type: String, Doc: "in place of from: the topics whose records are written, with commas between them"},
		{Name: PropRows, Type: Integer, Default: f.Rows, Min: 1, Doc: "rows that are written at once, at most"},
		{Name: PropBytes, Type: Integer, Default: f.Bytes, Min: 1, Doc: "bytes of keys and values that are written at once: what is reached first counts"},
		{Name: PropInterval, Type: Duration, Default: f.Interval, Doc: "how long a row waits for others, such as 500ms, 5s or 10m; 0 for no end"},
		{Name: PropReset, Type: String, Default: "earliest", Values: []string{"earliest", "latest"}, Doc: "where a new connector begins in its topics"},
		{Name: PropTolerance, Type: String, Default: "none", Values: []string{"none", "all"}, Doc: "none: a row that cannot be read or written fails the connector; all: it is counted and left out"},
		{Name: PropDeadLetters, Type: String, Doc: "a topic that rows which cannot be read or written are sent to, with the reason in headers; made if it doesn't exist. Goes with errors.tolerance=all, which it implies"},
	}
}

// Flush are the defaults of a class: how much is written at once, as the properties have them.
type Flush struct{ Rows, Bytes, Interval string }
