// Package wire holds the requests and answers of the REST API: the JSON of ksqlDB's, which its clients read.
package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Media types of requests and answers.
const (
	JSON      = "application/json"
	Streamed  = "application/vnd.ksql.v1+json"         // rows in the shape of /query
	Events    = "text/event-stream"                    // what a browser's EventSource reads
	Delimited = "application/vnd.ksqlapi.delimited.v1" // one JSON value per line
	Protobuf  = "application/vnd.ksql.v1+protobuf"     // rows as messages, in an array of JSON
	SQL       = "application/sql"                      // a script as it is
	Text      = "text/plain"
	CSV       = "text/csv"
	Lines     = "application/jsonl" // an object per line
	NDJSON    = "application/x-ndjson"
)

// Request is the body of /ksql and /query.
type Request struct {
	KSQL                  string   `json:"ksql"`
	Properties            Settings `json:"streamsProperties,omitempty"`
	Variables             Settings `json:"sessionVariables,omitempty"`
	RequestProperties     Settings `json:"requestProperties,omitempty"`
	CommandSequenceNumber *int64   `json:"commandSequenceNumber,omitempty"`
}

// QueryRequest is the body of /query-stream.
type QueryRequest struct {
	SQL               string   `json:"sql"`
	Properties        Settings `json:"properties,omitempty"`
	Variables         Settings `json:"sessionVariables,omitempty"`
	RequestProperties Settings `json:"requestProperties,omitempty"`
}

// CloseRequest is the body of /close-query.
type CloseRequest struct {
	QueryID string `json:"queryId"`
}

// Settings are properties or variables. Clients send numbers and truth values too; all are kept as text.
type Settings map[string]string

// UnmarshalJSON reads an object of scalars. A null counts as not set.
func (s *Settings) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var raw map[string]any
	if err := dec.Decode(&raw); err != nil {
		return fmt.Errorf("expected an object of settings: %w", err)
	}
	*s = make(Settings, len(raw))
	for name, v := range raw {
		switch v := v.(type) {
		case nil:
		case string:
			(*s)[name] = v
		case json.Number, bool:
			(*s)[name] = fmt.Sprint(v)
		default:
			return fmt.Errorf("the setting %q is an object or an array: expected a text, a number, true or false", name)
		}
	}
	return nil
}
