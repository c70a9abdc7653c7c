package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"weir/catalog"
	"weir/kafka"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/settings"
)

// CREATE OR REPLACE TABLE ... WITH (REPLAY=true) AS SELECT goes three steps, each of which stands in the command log or on the brokers, so that a node
// which starts again goes on with the one that was reached:
//
//  1. A table of its own is made beside the one that is there, and its query reads from the beginning (replay).
//  2. Once that has caught up, the query of the old table ends, and the new one is told to write the table (takePlace).
//  3. The topic of the table is given what the one beside it holds, which goes then; and the query starts (replay_fill.go).

// Replay is what a query computes anew.
type Replay struct {
	// Of is the table that it is computed for, and Statement what will then be carried out; both are empty for a query that has taken its place.
	Of        string `json:"of,omitempty"`
	Statement string `json:"statement,omitempty"`
	// Built is the table as which it was computed, and Topic that one's.
	Built string `json:"built,omitempty"`
	Topic string `json:"topic,omitempty"`
}

// replaying is a table that is computed anew.
type replaying struct {
	name    string // of the one beside it
	query   string // that one's
	session *Session
	text    string // of the statement
	why     string // it can't take its place, although it has caught up; guarded by the engine's mu
}

// suffix is what the name of a table ends with that is computed beside another one, and topicSuffix that of its topic, before a number of its own.
const suffix, topicSuffix = "_REPLAY", "-replay"

// replayed says whether a statement computes a table anew that is there.
func (e *Engine) replayed(n ast.Definition) (*ast.CreateAs, bool) {
	c, ok := n.(*ast.CreateAs)
	if !ok || !c.OrReplace {
		return nil, false
	}
	_, there := e.catalog.Snapshot().Source(c.Name.Name)
	return c, there && planner.Replays(c)
}

// replay makes the table beside the one that is there. The caller has the turn.
func (e *Engine) replay(ctx context.Context, s *Session, stmt parser.Stmt, c *ast.CreateAs) (Result, error) {
	name := c.Name.Name + suffix
	if e.underWay(name, stmt.Text) && s.SkipUnchanged {
		return &Done{Warning: "unchanged", Sequence: -1}, nil
	}
	before := e.catalog.Snapshot()
	env := e.planEnv(s, before, e.log.nextID(), nil)
	p, err := planner.Build(c, stmt.Text, env)
	if err != nil {
		return nil, err
	}
	old, _ := before.Source(c.Name.Name)
	if before.Has("table", name) {
		return nil, refuse(BadStatement, "%s is computed anew as %s, and there is a stream or table of that name: DROP it first", old.Name, name)
	}
	if r := e.runs(old.Query); r != nil && r.worker.Paused() {
		return nil, refuse(BadStatement, "%s is paused: RESUME it first, or TERMINATE it", old.Query)
	}
	topic := fmt.Sprintf("%s%s-%d", old.Topic, topicSuffix, env.NextID) // no other replay has it: a restart takes it for this one's
	switch _, err := e.opt.Cluster.Topic(ctx, topic); {
	case err == nil:
		return nil, refuse(BadStatement, "%s is computed anew in topic %s, which is there already: DROP TOPIC it first, if nobody needs it", old.Name, topic)
	case !errors.Is(err, kafka.ErrNoTopic):
		return nil, err
	}
	at, err := e.opt.Cluster.Topic(ctx, old.Topic)
	if err != nil {
		return nil, err
	}
	beside := planner.Beside(c, name, topic, len(at.Partitions))
	text := ast.Format(beside)
	session := *s
	session.Properties = maps.Clone(s.Properties)
	session.Properties[settings.OffsetReset.About().Name] = "earliest"
	begin := &Beginning{QueryID: p.Query.ID, Replay: &Replay{Of: old.Name, Statement: stmt.Text}}
	out, err := e.defineNow(ctx, &session, parser.Stmt{Node: beside, Text: text, Pos: stmt.Pos}, beside, begin)
	if err != nil {
		return nil, err
	}
	e.await(&replaying{name: name, query: out.QueryID, session: &session, text: stmt.Text})
	out.Entity, out.Name = "table", old.Name
	out.Notes = append(out.Notes, fmt.Sprintf("%s is computed anew as %s, which takes its place once it has caught up. To give that up: DROP TABLE %s DELETE TOPIC;",
		old.Name, name, ast.Quote(name)))
	return out, nil
}

// underWay says whether a table is computed anew by a statement.
func (e *Engine) underWay(name, text string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.replays[name]
	return r != nil && sameText(r.text, text)
}

// catchingUp says whether a table is still to take another's place, and nothing stands in its way.
func (e *Engine) catchingUp() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.replays {
		if r.why == "" {
			return true
		}
	}
	return false
}

// heldUp says why the table that a query computes anew can't take the place of another one. The caller holds mu.
func (e *Engine) heldUp(query string) string {
	for _, r := range e.replays {
		if r.query == query {
			return r.why
		}
	}
	return ""
}

// lookAgain is how often a table that is computed anew is looked at, and levelWithin how far it may be behind when it takes its place.
const lookAgain, levelWithin = 50 * time.Millisecond, time.Second

// await has a table take the place of another one once it has caught up.
func (e *Engine) await(r *replaying) {
	e.mu.Lock()
	e.replays[r.name] = r
	e.mu.Unlock()
	e.jobs.Go(func() {
		defer func() {
			e.mu.Lock()
			if e.replays[r.name] == r {
				delete(e.replays, r.name)
			}
			e.mu.Unlock()
		}()
		wait := lookAgain
		for level := e.levels(); ; {
			select {
			case <-e.life.Done():
				return
			case <-time.After(wait):
			}
			src, there := e.catalog.Snapshot().Source(r.name)
			if !there || src.Query != r.query || src.Replays == "" || e.runs(src.Query) == nil {
				return // it was given up
			}
			wait = lookAgain
			if !level(e.runs(src.Query)) {
				continue
			}
			err := e.takePlace(r)
			if err == nil {
				return
			}
			e.opt.Log.Warn("a table that was computed anew can't take its place; trying again", "table", src.Replays, "as", r.name, "error", err)
			e.mu.Lock()
			r.why = err.Error()
			e.mu.Unlock()
			wait = time.Second
		}
	})
}

// levels says of a query, each time it is asked, whether it is level with its topics: whether each of its stages has read, within a moment, what the
// one before has made of what lay there.
func (e *Engine) levels() func(*running) bool {
	var ends kafka.Offsets
	var asked time.Time
	passes := 0 // in a row
	return func(r *running) bool {
		if r.worker.Paused() {
			ends, passes = nil, 0
			return false
		}
		ctx, cancel := context.WithTimeout(e.life, kafka.DefaultTimeout)
		defer cancel()
		passed, now, err := r.worker.Level(ctx, ends)
		if err != nil { // it does not run, or tries again by itself
			ends, passes = nil, 0
			return false
		}
		switch {
		case passed && time.Since(asked) < levelWithin:
			passes++
		case passed || ends == nil || time.Since(asked) >= levelWithin:
			passes = 0
		}
		if passed || ends == nil {
			ends, asked = now, time.Now()
		}
		return passes > r.worker.Stages()
	}
}

// takePlace has the query of a table that was computed anew write the table that it was computed for.
func (e *Engine) takePlace(r *replaying) error {
	done, err := e.change(e.life)
	if err != nil {
		return err
	}
	defer done()
	now := e.catalog.Snapshot()
	src, there := now.Source(r.name)
	if !there || src.Query != r.query || src.Replays == "" {
		return nil
	}
	if err := alone(now, src); err != nil {
		return err
	}
	list, err := parser.Parse(r.text+"\n;", parser.Options{})
	if err != nil {
		return err
	}
	c, ok := list[0].Node.(*ast.CreateAs)
	if !ok {
		return fmt.Errorf("the statement can't be read again: %s", parser.Masked(r.text))
	}
	begin := &Beginning{QueryID: src.Query, Replay: &Replay{Built: src.Name, Topic: src.Topic}}
	session := *r.session
	session.Principal = e.owner(src.Query)
	_, err = e.defineNow(e.life, &session, list[0], c, begin)
	return err
}

// alone refuses what others read or write beside the query that made it.
func alone(now *catalog.Snapshot, src *catalog.Source) error {
	readers, writers := now.Users(src.Name)
	var others []string
	for _, id := range append(readers, writers...) {
		if id != src.Query {
			others = append(others, id)
		}
	}
	if len(others) == 0 {
		return nil
	}
	return fmt.Errorf("%s is used by %s: TERMINATE that first", src.Name, strings.Join(others, ", "))
}
