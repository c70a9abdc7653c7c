package wire

import "weir/answer"

var doneTypes = map[string]answer.Entity{
	"currentStatus":   (*Status)(nil),
	"warning_entity":  (*WarningEntity)(nil),
	"terminate_query": (*TerminateQuery)(nil),
}

// Status answers statements that changed something.
type Status struct {
	answer.Common
	CommandID string        `json:"commandId"`
	Status    CommandStatus `json:"commandStatus"`
	Sequence  int64         `json:"commandSequenceNumber"`
}

// Layout implements answer.Entity.
func (e *Status) Layout() answer.Layout { return answer.Layout{answer.Lines(e.Status.Message)} }

// WarningEntity answers a statement that found nothing to do.
type WarningEntity struct {
	answer.Common
	Message string `json:"message"`
}

// Layout implements answer.Entity.
func (e *WarningEntity) Layout() answer.Layout { return answer.Layout{answer.Lines(e.Message)} }

// TerminateQuery answers TERMINATE of a push query.
type TerminateQuery struct {
	answer.Common
	QueryID    string `json:"queryId"`
	Terminated bool   `json:"wasTerminated"`
}

// Layout implements answer.Entity.
func (e *TerminateQuery) Layout() answer.Layout {
	if e.Terminated {
		return answer.Layout{answer.Lines("Query " + e.QueryID + " terminated.")}
	}
	return answer.Layout{answer.Lines("Query " + e.QueryID + " was not running.")}
}
