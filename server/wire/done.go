package wire

import "weir/answer"

var doneTypes = map[string]answer.Entity{
	"currentStatus":  (*Status)(nil),
	"warning_entity": (*WarningEntity)(nil),
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
