package plan

// Subscribe sends the rows of a table to where the rows lie that its foreign key names. Behind the table's columns come the
// foreign key, whether it is known (for a part that is NULL, a value of its type stands), a version that grows from row to
// row, and a Subscription.
type Subscribe struct {
	In      Node
	Foreign []Expr
	Slots   Layout
}

// ForeignLookup answers subscriptions with the rows of the right table that they name, and again when such a row changes.
// Its rows are the left table's columns, of which there are Width, the right's, the version of the subscription, and an Answer.
type ForeignLookup struct {
	Left, Right Node
	LeftKey     []Expr // the left table's primary key
	RightKey    []Expr
	Width       int
	Match       Expr // as of a Join
	Slots       Layout
}

// Resolve makes the joined table of the answers, which may have overtaken each other: the left table's columns, the
// right's, and the left's primary key.
type Resolve struct {
	In    Node
	Kind  JoinKind // InnerJoin or LeftJoin
	Key   []Expr
	Slots Layout
}

// Subscription is what a Subscribe says about a row of the left table.
type Subscription int32

// The subscriptions: Subscribed from now on, Moved on to another foreign key, Deleted.
const (
	Subscribed Subscription = iota
	Moved
	Deleted
)

// Answer is what a ForeignLookup says about a row of the left table.
type Answer int32

// The answers: there is a right row, there is none, or the left row is gone.
const (
	Found Answer = iota
	Missing
	Gone
)

// Layout is the columns of a subscription.
func (n *Subscribe) Layout() Layout     { return n.Slots }
func (n *ForeignLookup) Layout() Layout { return n.Slots }
func (n *Resolve) Layout() Layout       { return n.Slots }

func (n *Subscribe) Table() bool     { return false }
func (n *ForeignLookup) Table() bool { return false }
func (n *Resolve) Table() bool       { return true }

func (n *Subscribe) Inputs() []Node     { return []Node{n.In} }
func (n *ForeignLookup) Inputs() []Node { return []Node{n.Left, n.Right} }
func (n *Resolve) Inputs() []Node       { return []Node{n.In} }

func (*Subscribe) node()     {}
func (*ForeignLookup) node() {}
func (*Resolve) node()       {}
