package engine

import "weir/answer"

// Terminated answers TERMINATE of a query of a client.
type Terminated struct {
	answer.Common
	QueryID    string `json:"queryId"`
	Terminated bool   `json:"wasTerminated"`
}

func (*Terminated) result() {}

// Layout implements answer.Entity.
func (t *Terminated) Layout() answer.Layout {
	if t.Terminated {
		return answer.Layout{answer.Lines("Query " + t.QueryID + " terminated.")}
	}
	return answer.Layout{answer.Lines("Query " + t.QueryID + " was not running.")}
}
