package wire

// InsertsRequest is the first line of the body of /inserts-stream.
type InsertsRequest struct {
	Target     string   `json:"target"`
	Properties Settings `json:"properties,omitempty"`
}

// InsertAck says what has become of a row. Seq counts the rows of a request from 0.
type InsertAck struct {
	Status  string `json:"status"` // ok or error
	Seq     int64  `json:"seq"`
	Code    Code   `json:"error_code,omitempty"`
	Message string `json:"message,omitempty"`
}

// TerminateRequest is the body of /ksql/terminate. The list has regular expressions.
type TerminateRequest struct {
	DeleteTopics []string `json:"deleteTopicList"`
}
