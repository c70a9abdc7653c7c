package wire

import "encoding/json"

// QueryMeta is the first line of an answer of /query-stream. QueryID is null for a pull query.
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

// Header opens an answer of /query. Schema marks the keys of pull queries.
type Header struct {
	QueryID string `json:"queryId"`
	Schema  string `json:"schema"`
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
