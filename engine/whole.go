package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/catalog"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
)

// effect is what a statement did, as far as that can be undone.
type effect struct {
	topics []string // that it made
	wrote  string   // the topic of the row that it wrote
	undo   []string // statements that undo the rest, in their order; none where nothing does
}

// undoing are the statements that undo a definition. What took the place of something else has none.
func undoing(p *planner.Plan, n ast.Definition, before *catalog.Snapshot) []string {
	is := n.Defines()
	if _, inserts := n.(*ast.InsertSelect); inserts {
		return []string{"TERMINATE " + ast.Quote(p.Query.ID)}
	}
	if r, ok := n.(*ast.RenameSource); ok {
		return []string{ast.Format(&ast.RenameSource{IsTable: r.IsTable, Name: r.To, To: r.Name})}
	}
	if is.Action != ast.Creates || before.Has(is.Kind, is.Name.Name) {
		return nil
	}
	out := []string{"DROP " + strings.ToUpper(is.Kind) + " " + ast.Quote(is.Name.Name)}
	if late := p.Change.PutLate; late != nil {
		out = append(out, "DROP STREAM "+ast.Quote(late.Name))
	}
	return out
}

// Deed is what a statement of a file did.
type Deed struct {
	Stmt parser.Stmt
	Why  string // it stands, although it could be undone
}

// HalfDone is the error of a file of which something had been carried out before a statement failed.
type HalfDone struct {
	Err    error
	Undone []Deed // the first first
	Stands []Deed
}

func (h *HalfDone) Unwrap() error { return h.Err }

func (h *HalfDone) Error() string { return h.Err.Error() + "\n" + h.Account("") }

// shortDeed is how much of a statement is told.
const shortDeed = 60

// Account says what stands of a file, and what was undone.
func (h *HalfDone) Account(file string) string {
	var b strings.Builder
	tell := func(head string, deeds []Deed) {
		if len(deeds) == 0 {
			return
		}
		b.WriteString(head + "\n")
		for _, d := range deeds {
			fmt.Fprintf(&b, "  %s: %s", parser.Place(file, d.Stmt.Pos), d.Stmt.Short(shortDeed))
			if d.Why != "" {
				b.WriteString(" (" + d.Why + ")")
			}
			b.WriteByte('\n')
		}
	}
	tell("These had been carried out, and were undone:", h.Undone)
	tell("These stand:", h.Stands)
	return strings.TrimSuffix(b.String(), "\n")
}

// undoTime bounds how long it may take to undo what a file has done.
const undoTime = 60 * time.Second

// ExecuteWhole is Execute for a file that is to be carried out whole or not at all: when a statement fails, what those before it did is undone, the last first,
// whether the client still waits or not. What can't be undone stands: then, or where anything was undone, the error is a *HalfDone.
func (e *Engine) ExecuteWhole(ctx context.Context, s *Session, text string, each func(parser.Stmt, Result) error) error {
	type done struct {
		stmt   parser.Stmt
		did    effect
		undone bool
		why    string // it was not
	}
	var all []*done
	err := e.Execute(ctx, s, text, func(stmt parser.Stmt, r Result) error {
		if d, ok := r.(*Done); ok && d.Warning == "" && leaves(stmt.Node) {
			all = append(all, &done{stmt: stmt, did: d.did})
		}
		return each(stmt, r)
	})
	if err == nil || len(all) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	gone := map[string]bool{} // topics that were made, and are no longer there
	for _, d := range slices.Backward(all) {
		d.undone, d.why = e.undo(ctx, s, d.did, gone)
	}
	h := &HalfDone{Err: err}
	for _, d := range all {
		if d.undone || gone[d.did.wrote] { // a row goes with its topic
			h.Undone = append(h.Undone, Deed{Stmt: d.stmt})
		} else {
			h.Stands = append(h.Stands, Deed{d.stmt, d.why})
		}
	}
	return h
}

// undo undoes what a statement did. Where that can't be done there is a reason, unless it is plain.
func (e *Engine) undo(ctx context.Context, s *Session, did effect, gone map[string]bool) (undone bool, why string) {
	if len(did.undo) == 0 {
		return false, ""
	}
	own := NewSession()
	own.Principal, own.BaseDir, own.Remote = s.Principal, s.BaseDir, s.Remote
	for _, sql := range did.undo {
		if err := e.Execute(ctx, own, sql+";", func(parser.Stmt, Result) error { return nil }); err != nil {
			first, _, _ := strings.Cut(told(err), "\n")
			return false, "it could not be undone: " + first
		}
	}
	for _, topic := range did.topics {
		if err := e.dropUnused(ctx, topic); err != nil {
			return false, fmt.Sprintf("it has been dropped, but its topic %s is still there: %v", topic, err)
		}
		gone[topic] = true
	}
	return true, ""
}

// dropUnused deletes a topic, unless somebody has declared something over it meanwhile.
func (e *Engine) dropUnused(ctx context.Context, topic string) error {
	done, err := e.change(ctx)
	if err != nil {
		return err
	}
	defer done()
	for _, src := range e.catalog.Snapshot().Sources() {
		if src.Topic == topic {
			return fmt.Errorf("%s is over it", src.Name)
		}
	}
	return e.dropTopic(ctx, topic)
}

// told is an error without its place, which is one in a text that nobody has seen.
func told(err error) string {
	if of, ok := errors.AsType[*Error](err); ok {
		return of.Msg
	}
	return err.Error()
}

// leaves says whether a statement leaves anything behind but in its session.
func leaves(n ast.Statement) bool {
	switch n.(type) {
	case ast.Setting, *ast.Query, *ast.Copy, *ast.Print, *ast.Show, ast.Describing, *ast.Explain, *ast.AssertTopic, *ast.AssertSchema:
		return false
	default: // all others
	}
	return true
}
