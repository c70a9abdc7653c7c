package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"weir/answer"
	"weir/catalog"
	"weir/kafka"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner/plan"
)

// Import is what another system runs, to be taken over: statements in an order in which each comes after those that it needs.
type Import struct {
	Statements []Foreign
	FromStart  bool     // all queries begin at the start of their topics; otherwise where their groups stand
	Stateful   Stateful // what becomes of those that can't go on where their groups stand
	// Apply carries out what is planned: nothing if anything is refused, unless SkipRefused is set.
	Apply, SkipRefused bool
	// WhileRunning takes queries over that still run elsewhere.
	WhileRunning bool
	// At is the Kafka that the statements are about, where that is not the engine's own: then they are planned, and can't be applied.
	At *kafka.Cluster
	// Presumed says that topics are taken for there, with one partition, of which nothing is known.
	Presumed bool
}

// Stateful says what becomes of queries whose rows depend on what they have read before.
type Stateful string

// The choices. Undecided is none: nothing is applied.
const (
	Undecided Stateful = ""
	Rebuild   Stateful = "rebuild"  // they read their topics from the start
	Continue  Stateful = "continue" // they go on where their groups stand, and know of nothing before
)

// Foreign is a statement of another system.
type Foreign struct {
	Text       string
	Properties map[string]string // of the session that gave it
	QueryID    string            // that its query had; empty for none
	Group      string            // consumer group of its query there; empty for none
	Reset      string            // where its query began to read what its group has no offset of: earliest, or latest
	Schema     string            // columns of what it makes, as they are there; empty where that is not known
	Paused     bool
	Ended      bool // its query was terminated; what it made is still there
}

// Verdict is what becomes of a statement.
type Verdict string

// The verdicts.
const (
	Taken     Verdict = "taken"
	Different Verdict = "different" // it is taken, and something is not as it was
	Refused   Verdict = "refused"
	Stands    Verdict = "stands" // it is there already
)

// Imported is what becomes of a statement of an Import.
type Imported struct {
	Verdict     Verdict
	QueryID     string   // of its query; empty for none
	Begins      string   // where its query begins, in words
	Differences []string // what is not as it was
	Reason      string   // why it is refused
	Do          string   // what to do about that; empty where the reason says it
	Created     bool     // it has been carried out

	stmt    parser.Stmt
	session *Session
	begin   *Beginning
	ended   bool
	open    bool // its query needs a choice of Stateful
}

// ImportReport is what becomes of an Import.
type ImportReport struct {
	Statements []*Imported // as they were given
	Created    int
	Blocked    []string // why nothing is applied
	Running    []string // groups that have members: their queries run elsewhere
}

// Import plans statements of another system against what there is and, where it is to, carries them out. Planning changes nothing.
func (e *Engine) Import(ctx context.Context, s *Session, in Import) (*ImportReport, error) {
	r := &importing{Engine: e, in: in, snap: e.catalog.Snapshot(), next: e.log.nextID(), topics: map[string]int32{}, plans: map[string]*plan.Query{},
		refused: map[string]bool{}, again: map[string]bool{}, report: &ImportReport{}}
	for _, f := range in.Statements {
		one, err := r.statement(ctx, s, f)
		if err != nil {
			return nil, err
		}
		if one.Verdict == Taken && len(one.Differences) > 0 {
			one.Verdict = Different
		}
		r.report.Statements = append(r.report.Statements, one)
	}
	r.block()
	if in.Apply && (in.At != nil || in.Presumed) {
		return nil, errors.New("what is planned for another Kafka than the engine's can't be applied")
	}
	if !in.Apply || len(r.report.Blocked) > 0 {
		return r.report, nil
	}
	r.apply(ctx)
	return r.report, nil
}

// importing is an import at work. What it has planned is in a catalog of its own.
type importing struct {
	*Engine
	in      Import
	snap    *catalog.Snapshot
	next    int
	topics  map[string]int32 // that statements will have made, with their partitions
	plans   map[string]*plan.Query
	refused map[string]bool // names of what will not be there
	again   map[string]bool // topics to which what lies in them already is written again
	report  *ImportReport
}

// kafka is where topics and groups are looked at.
func (r *importing) kafka() *kafka.Cluster {
	if r.in.At != nil {
		return r.in.At
	}
	return r.opt.Cluster
}

// block finds what keeps the import from being applied.
func (r *importing) block() {
	refused, open := 0, []string{}
	for _, one := range r.report.Statements {
		if one.Verdict == Refused {
			refused++
		}
		if one.open {
			open = append(open, one.QueryID)
		}
	}
	block := func(format string, args ...any) {
		r.report.Blocked = append(r.report.Blocked, fmt.Sprintf(format, args...))
	}
	if refused > 0 && !r.in.SkipRefused {
		block("%d of %s can't be taken over. Write them anew, or leave them out by skipping what is refused", refused, answer.Counted(int64(len(r.report.Statements)), "statement"))
	}
	if len(open) > 0 {
		block("%s: what they put out depends on what they have read before. Choose %q, and they read their topics from the start, or %q, and they go on where they stood without "+
			"what came before", strings.Join(open, ", "), Rebuild, Continue)
	}
	if len(r.report.Running) > 0 && !r.in.WhileRunning {
		block("queries still run elsewhere, and would write beside those that take over: the groups %s have members. Stop that system first", strings.Join(r.report.Running, ", "))
	}
}

// apply carries out what is planned, in order, until something fails: what was carried out by then stands, and another import goes on behind it.
func (r *importing) apply(ctx context.Context) {
	for _, one := range r.report.Statements {
		if one.Verdict == Refused || one.Verdict == Stands && !one.ended {
			continue
		}
		var err error
		if one.Verdict != Stands {
			_, err = r.defineAs(ctx, one.session, one.stmt, one.stmt.Node.(ast.Definition), one.begin)
		}
		if err == nil && one.ended {
			err = r.end(ctx, one)
		}
		if err != nil {
			one.Verdict, one.Reason = Refused, r.told(one.stmt, err)
			r.report.Blocked = append(r.report.Blocked, "it failed half way: what was carried out before stands, and importing again goes on behind it")
			return
		}
		if one.Verdict != Stands {
			one.Created = true
			r.report.Created++
		}
	}
}

// end ends the query of a statement that had been ended where it comes from.
func (r *importing) end(ctx context.Context, one *Imported) error {
	if _, runs := r.catalog.Snapshot().Query(one.QueryID); !runs {
		return nil
	}
	n := &ast.Terminate{QueryID: ast.Ident{Name: one.QueryID}}
	_, err := r.terminate(ctx, one.session, parser.Stmt{Text: ast.Format(n), Node: n}, n)
	return err
}

// told is an error as the report has it.
func (r *importing) told(stmt parser.Stmt, err error) string {
	return strings.TrimSpace(r.fault(stmt.Text, stmt, err).Error())
}
