package wire

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
