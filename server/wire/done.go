package wire

var doneTypes = map[string]Entity{
	"currentStatus":   (*Status)(nil),
	"warning_entity":  (*WarningEntity)(nil),
	"terminate_query": (*TerminateQuery)(nil),
}

// Status answers statements that changed something.
type Status struct {
	Common
	CommandID string        `json:"commandId"`
	Status    CommandStatus `json:"commandStatus"`
	Sequence  int64         `json:"commandSequenceNumber"`
}

// Layout implements Entity.
func (e *Status) Layout() Layout { return Layout{Lines(e.Status.Message)} }

// WarningEntity answers a statement that found nothing to do.
type WarningEntity struct {
	Common
	Message string `json:"message"`
}

// Layout implements Entity.
func (e *WarningEntity) Layout() Layout { return Layout{Lines(e.Message)} }

// TerminateQuery answers TERMINATE of a push query.
type TerminateQuery struct {
	Common
	QueryID    string `json:"queryId"`
	Terminated bool   `json:"wasTerminated"`
}

// Layout implements Entity.
func (e *TerminateQuery) Layout() Layout {
	if e.Terminated {
		return Layout{Lines("Query " + e.QueryID + " terminated.")}
	}
	return Layout{Lines("Query " + e.QueryID + " was not running.")}
}
