package wire

import (
	"fmt"

	"weir/engine"
)

// ImportRequest is the body of /import: what another system runs, in an order in which each statement comes after those that it needs.
type ImportRequest struct {
	Statements []ImportStatement `json:"statements"`
	Begin      string            `json:"begin,omitempty"`    // BeginGroup, or BeginStart
	Stateful   string            `json:"stateful,omitempty"` // rebuild, or continue; empty for no choice yet
	Apply      bool              `json:"apply,omitempty"`
	// SkipRefused applies the others where some are refused.
	SkipRefused  bool `json:"skipRefused,omitempty"`
	WhileRunning bool `json:"whileRunning,omitempty"`
}

// Where queries begin that take over from others.
const (
	BeginGroup = "group" // where the groups of those stand
	BeginStart = "start" // at the start of their topics
)

// ImportStatement is one of them.
type ImportStatement struct {
	SQL        string   `json:"sql"`
	Properties Settings `json:"properties,omitempty"`
	QueryID    string   `json:"queryId,omitempty"`
	Group      string   `json:"group,omitempty"`  // consumer group of the query
	Reset      string   `json:"reset,omitempty"`  // where it began what the group has no offset of: earliest, or latest
	Schema     string   `json:"schema,omitempty"` // columns of what it made
	Paused     bool     `json:"paused,omitempty"`
	Ended      bool     `json:"ended,omitempty"` // the query was terminated
}

// ImportReport answers /import.
type ImportReport struct {
	Statements []Imported `json:"statements"`
	Created    int        `json:"created"`
	Blocked    []string   `json:"blocked,omitempty"` // why nothing is applied
	Running    []string   `json:"running,omitempty"` // groups that have members
}

// Imported is what becomes of a statement: Verdict is taken, different, refused or stands.
type Imported struct {
	Verdict     string   `json:"verdict"`
	QueryID     string   `json:"queryId,omitempty"`
	Begins      string   `json:"begins,omitempty"`
	Differences []string `json:"differences,omitempty"`
	Reason      string   `json:"reason,omitempty"`
	Do          string   `json:"do,omitempty"`
	Created     bool     `json:"created,omitempty"`
}

// Import is what is asked for, or what is wrong with it.
func (r *ImportRequest) Import() (engine.Import, *Error) {
	in := engine.Import{Stateful: engine.Stateful(r.Stateful), Apply: r.Apply, SkipRefused: r.SkipRefused, WhileRunning: r.WhileRunning}
	switch r.Begin {
	case "", BeginGroup:
	case BeginStart:
		in.FromStart = true
	default:
		return in, Generic(BadRequest, fmt.Sprintf("begin: expected %q or %q, got %q", BeginGroup, BeginStart, r.Begin))
	}
	switch in.Stateful {
	case engine.Undecided, engine.Rebuild, engine.Continue:
	default:
		return in, Generic(BadRequest, fmt.Sprintf("stateful: expected %q or %q, got %q", engine.Rebuild, engine.Continue, r.Stateful))
	}
	for i, f := range r.Statements {
		switch f.Reset {
		case "", "earliest", "latest":
		default:
			return in, Generic(BadRequest, fmt.Sprintf("statements[%d].reset: expected earliest or latest, got %q", i, f.Reset))
		}
		in.Statements = append(in.Statements, engine.Foreign{Text: f.SQL, Properties: f.Properties, QueryID: f.QueryID, Group: f.Group,
			Reset: f.Reset, Schema: f.Schema, Paused: f.Paused, Ended: f.Ended})
	}
	return in, nil
}

// ImportReportOf is a report as it is told.
func ImportReportOf(r *engine.ImportReport) *ImportReport {
	out := &ImportReport{Statements: []Imported{}, Created: r.Created, Blocked: r.Blocked, Running: r.Running}
	for _, one := range r.Statements {
		out.Statements = append(out.Statements, Imported{Verdict: string(one.Verdict), QueryID: one.QueryID, Begins: one.Begins,
			Differences: one.Differences, Reason: one.Reason, Do: one.Do, Created: one.Created})
	}
	return out
}
