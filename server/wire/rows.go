package wire

import "encoding/json"

// QueryMeta is the first line of an answer of /query-stream. QueryID is null where the server gives none.
type QueryMeta struct {
	QueryID     *string  `json:"queryId"`
	ColumnNames []string `json:"columnNames"`
	ColumnTypes []string `json:"columnTypes"`
}

// StreamedRow is one element of an answer of /query: one of its members is set.
type StreamedRow struct {
	Header       *Header `json:"header,omitempty"`
	Row          *Row    `json:"row,omitempty"`
	FinalMessage string  `json:"finalMessage,omitempty"`
	ErrorMessage *Error  `json:"errorMessage,omitempty"`
}

// Header opens an answer of /query. Schema marks the keys of pull queries over tables.
type Header struct {
	QueryID     string `json:"queryId"`
	Schema      string `json:"schema,omitempty"`
	ProtoSchema string `json:"protoSchema,omitempty"` // where rows are messages of Protobuf
}

// Row is a row of /query. A tombstone has values for its key columns only.
type Row struct {
	Columns   json.RawMessage `json:"columns"`
	Tombstone bool            `json:"tombstone,omitempty"`
}

// What ends an answer of /query.
const (
	LimitReached   = "Limit Reached"
	QueryCompleted = "Query Completed"
)

// Begun is the event that opens the rows of a query, or the changes of a stream or table. The key is what tells of deletes name.
type Begun struct {
	QueryID     string   `json:"queryId,omitempty"`
	ColumnNames []string `json:"columnNames"`
	ColumnTypes []string `json:"columnTypes"`
	Key         []string `json:"key"`
}

// Reason is why the events of a client are reset, or end.
type Reason struct {
	Reason string `json:"reason"`
}
