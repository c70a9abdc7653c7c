package engine

import "weir/answer"

// Result is what a statement answers. The set is closed.
//
//sumtype:decl
type Result interface{ result() }

// Message is a result that goes to clients as it is, and lays itself out. The others become messages in server/entity.
type Message interface {
	Result
	answer.Entity
}

// Done is the answer of a statement that changed something, or found nothing to do.
type Done struct {
	Message string // such as "Stream created"
	// Entity and Action name the command, as ksqlDB does: stream/`X`/create. Empty for SET and the like.
	Entity, Name, Action string
	QueryID              string   // of the query that was started or ended
	Sequence             int64    // place in the command log; -1 where it is not in there
	Warning              string   // IF NOT EXISTS was hit, and the like: nothing was done
	Notes                []string // what else is to be known of what was done
	did                  effect
}

func (*Done) result() {}
