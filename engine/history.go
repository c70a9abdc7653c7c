package engine

import (
	"slices"
	"sync"

	"weir/parser/ast"
)

// Command is what has become of a statement of the command log.
type Command struct {
	ID      string // as ksqlDB has it: stream/`X`/create
	Message string
	QueryID string // of the query that it made or ended; empty for none
}

// CommandID names the command as ksqlDB does; only where something is made does the name of a stream or table stand in quotes.
func (d *Done) CommandID() string {
	name := d.Name
	if ast.IsSource(d.Entity) && d.Action == ast.Creates {
		name = "`" + name + "`"
	}
	return d.Entity + "/" + name + "/" + d.Action
}

// maxHistory is how many commands are remembered.
const maxHistory = 1 << 14

// history remembers the last commands, those included that the command log told of at the start. One that failed has left no trace.
type history struct {
	mu    sync.Mutex
	order []string // ids, the oldest first
	byID  map[string]Command
}

func (h *history) note(d *Done) {
	if d.Sequence < 0 || d.Entity == "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.byID == nil {
		h.byID = map[string]Command{}
	}
	id := d.CommandID()
	if _, again := h.byID[id]; again {
		h.order = slices.DeleteFunc(h.order, func(o string) bool { return o == id })
	}
	h.byID[id] = Command{id, d.Message, d.QueryID}
	if h.order = append(h.order, id); len(h.order) > maxHistory {
		delete(h.byID, h.order[0])
		h.order = h.order[1:]
	}
}

// Commands are the last commands, the oldest first.
func (e *Engine) Commands() []Command {
	h := &e.history
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]Command, len(h.order))
	for i, id := range h.order {
		out[i] = h.byID[id]
	}
	return out
}

// Applied is the number of the last command that has been carried out here; -1 where there was none.
func (e *Engine) Applied() int64 { return e.applied.Load() - 1 }

// onQuery is the command that TERMINATE, PAUSE and RESUME are.
func onQuery(word string, all bool, id ast.Ident) *Done {
	d := &Done{Entity: word, Name: id.Name, Action: "execute", QueryID: id.Name}
	if all {
		d.Name = "ALL"
	}
	switch word {
	case onTerminate:
		d.Message = "Query terminated."
	case onPause:
		d.Message = "Query paused."
	case onResume:
		d.Message = "Query resumed."
	}
	return d
}

const onTerminate, onPause, onResume = "terminate", "pause", "resume"
