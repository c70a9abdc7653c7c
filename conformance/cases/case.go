// Package cases reads and writes .test files: cases in text, each a run of blocks that begin with a verb.
//
//	case clicks per page
//	skip memory: EXPLAIN is the engine's            a way in which the case does not run, and why
//
//	topic clicks                                    makes a topic of {partitions} partitions
//
//	sql                                             statements, carried out in order
//	CREATE STREAM ... WITH (KAFKA_TOPIC='clicks', PARTITIONS={partitions}, ...);
//
//	produce clicks                                  records: key, @timestamp in ms, value
//	a @0 {"MS":1}
//	b @100 p=1 h:trace=abc null                     partition and headers where they matter
//
//	expect PER_PAGE                                 the records of a topic, all of them
//	a [0,60000) @0 {"N":1}                          [0,60000) is a window, [0,60000] a session
//
//	query                                           a query and its rows
//	SELECT * FROM per_page WHERE page='a';
//	----
//	PAGE | N
//	a | 1
//
//	error                                           a statement that fails, and its message, whole
//	answer                                          other statements, and what they say
//	restart                                         the engine is closed and opened again
//	close                                           the input has ended: open windows close
//
// expect, query and answer may end with partitions=4 or the like: then they hold for that number of partitions only, and
// another block tells the others. Lines that begin with # are comments; a blank line ends a block.
package cases

// File is one .test file.
type File struct {
	Comments []string // before the first case
	Cases    []*Case
}

// Case is one case.
type Case struct {
	Name     string
	Line     int
	Comments []string // above it
	Skips    []Skip
	Blocks   []*Block
}

// Skip says that a case does not run in a way, and why.
type Skip struct{ Way, Reason string }

// Verb says what a block does.
type Verb string

// The verbs.
const (
	Topic   Verb = "topic"
	SQL     Verb = "sql"
	Produce Verb = "produce"
	Expect  Verb = "expect"
	Query   Verb = "query"
	Error   Verb = "error"
	Answer  Verb = "answer"
	Restart Verb = "restart"
	Close   Verb = "close"
)

// Block is a verb with what belongs to it.
type Block struct {
	Verb       Verb
	Line       int
	Comments   []string
	Arg        string   // the topic of topic, produce and expect
	Partitions int      // the number of partitions that it is for; 0 for any
	Text       []string // the statements
	Records    []Record // of produce and expect
	Result     []string // behind the ---- of query, error and answer
}

// Record is a record as text.
type Record struct {
	Key       string // null for none
	Window    *Window
	Time      int64 // milliseconds
	Partition int32 // -1 where the key tells
	Headers   []Header
	Value     string // null for none
}

// Window is the window of a windowed key. A session's end belongs to it.
type Window struct {
	Start, End int64
	Session    bool
}

// Header is a header of a record.
type Header struct {
	Name  string
	Value string // null for none
}

// HasRecords says whether the case writes or expects any.
func (c *Case) HasRecords() bool {
	for _, b := range c.Blocks {
		if b.Verb == Produce || b.Verb == Expect {
			return true
		}
	}
	return false
}

// takes says what a verb's block consists of.
func (v Verb) takes() (arg, text, records, result, known bool) {
	switch v {
	case Topic:
		return true, false, false, false, true
	case SQL:
		return false, true, false, false, true
	case Produce, Expect:
		return true, false, true, false, true
	case Query, Error, Answer:
		return false, true, false, true, true
	case Restart, Close:
		return false, false, false, false, true
	}
	return false, false, false, false, false
}

// Checks says whether a block can fail for what it finds.
func (v Verb) Checks() bool {
	switch v {
	case Expect, Query, Error, Answer:
		return true
	}
	return false
}
