package op

import (
	"encoding/binary"
	"math"

	"weir/exec/state"
	"weir/exec/window"
	"weir/planner/plan"
	"weir/types"
)

// Combine stands in front of a repartition: what the rows of a group, and of its window, come to between two commits goes to the
// Aggregate behind it as one state, in their place. Whether a row is late for its window is judged here, by the path on which it came;
// what the other side has closed for good is late there. It keeps nothing over a commit.
type Combine struct {
	grouper
	next   CombineTo
	acc    *accumulators
	win    *plan.Window // nil without windows
	bound  *int64       // the time to which the one path of all rows has come; nil where each row tells that of its own
	path   int64        // the greatest that a row has told
	offset int64        // of the row that came last
	table  *state.Table
	refs   []state.Ref // in the order in which the groups came
	places []int64     // of the rows of a batch
	rows   int         // that refs were made of
	bytes  int         // of the keys of refs
	pass   int         // rows that are to go on as they are, before it is tried again
	out    Combined
}

// CombineTo is where states and rows go.
type CombineTo interface {
	Op
	// Combined sends a state, which is valid during the call.
	Combined(c *Combined) error
	// Takes are the times that a row may have, from the first to the last, to be sent in any case: milliseconds.
	Takes() (first, last int64)
}

// Combined is what rows of a group, and of its window, come to.
type Combined struct {
	Group  []types.Value
	Rows   int64
	Time   int64  // the latest of theirs
	Path   int64  // to which time their path has come
	Place  int64  // of the first of them
	Offset int64  // of the one that came last
	State  []byte // as a row with types.Combined holds it
}

const (
	// What is held at once stays in a processor core's own cache.
	combineMost  = 1 << 14 // groups
	combineBytes = 1 << 20 // of their keys
	// Where rows are hardly more than their groups, combinePass times as many go on as they are.
	combinePass   = 16
	combineFewest = 256 // rows that tell whether they are
	combinePays   = 2   // rows of a group, from which on it pays
)

// NewCombine makes the operator in front of a repartition whose rows a grouping takes. bound is as far as their one path has come, where there is one.
func NewCombine(h *Host, g *plan.Grouping, bound *int64, next CombineTo) *Combine {
	c := &Combine{grouper: newGrouper(h, g.Group), next: next, acc: newAccumulators(h, g.Aggs), win: g.Window, bound: bound, path: types.NoTime}
	c.acc.parts = true
	c.table = state.NewTable(c.acc.words + 2) // the place of the first row, and how many there are
	c.out.Group = make([]types.Value, len(c.vals))
	return c
}

// Push takes rows in. Those that the topic may refuse for their time go on as they are, which tells of it.
func (c *Combine) Push(b *types.Batch) error {
	if c.pass > 0 {
		c.pass -= b.N
		return c.next.Push(b)
	}
	first, last := c.next.Takes()
	for from := 0; from < b.N; {
		to := from
		for to < b.N && b.Meta[to].Timestamp >= first && b.Meta[to].Timestamp <= last {
			to++
		}
		part := b.Slice(from, to)
		if err := c.combine(&part); err != nil {
			return err
		}
		if from = to; from < b.N {
			if err := c.handOn(); err != nil {
				return err
			}
			one := b.Slice(from, from+1)
			if err := c.next.Push(&one); err != nil {
				return err
			}
			from++
		}
	}
	return nil
}

func (c *Combine) combine(b *types.Batch) error {
	c.place(b)
	c.touched += c.table.Touch(c.keys.hashes)
	for i := range b.N {
		if c.keys.ok[i] {
			if err := c.take(b.Row(i), &b.Meta[i], c.places[i], c.keys.key(i), c.keys.hashes[i]); err != nil {
				return err
			}
		}
	}
	if len(c.refs) >= combineMost || c.bytes >= combineBytes {
		return c.handOn()
	}
	return nil
}

// place finds the windows and groups of the rows, and their places among the rows of their path.
func (c *Combine) place(b *types.Batch) {
	k := &c.keys
	k.bytes, k.ends, k.hashes, k.ok, c.places = k.bytes[:0], k.ends[:0], k.hashes[:0], k.ok[:0], c.places[:0]
	for i := range b.N {
		at, m := len(k.bytes), &b.Meta[i]
		ok := m.Flags&types.NullRow == 0
		if !ok {
			c.host.Counts.Filtered++
		} else if ok = c.key(b.Row(i), m) && c.inTime(m); ok {
			if c.win != nil {
				k.bytes = binary.BigEndian.AppendUint64(k.bytes, uint64(window.Floor(m.Timestamp, c.win.Size)))
			}
			k.bytes = types.AppendKey(k.bytes, c.vals)
		}
		k.ends = append(k.ends, len(k.bytes))
		k.hashes = append(k.hashes, state.Hash(k.bytes[at:]))
		k.ok = append(k.ok, ok)
		c.places = append(c.places, c.placeOf(m))
	}
}

// placeOf is the place that the row would have behind the repartition.
func (c *Combine) placeOf(m *types.Meta) int64 {
	if c.bound != nil && m.Order == types.NoTime {
		return max(m.Timestamp, *c.bound)
	}
	return m.Place()
}

// inTime takes a row's time into that of its path, and says whether its window is still open by that.
func (c *Combine) inTime(m *types.Meta) bool {
	path := max(m.Timestamp, m.StreamTime)
	if c.bound != nil {
		*c.bound = max(*c.bound, m.Timestamp)
		path = *c.bound
	}
	c.path = max(c.path, path)
	if c.win == nil {
		return true
	}
	start := window.Floor(m.Timestamp, c.win.Size)
	if closes := path - c.win.Grace; start+c.win.Size <= closes {
		c.host.report(Problem{Late, "GROUP BY", lateMessage(start, start+c.win.Size, closes), *m})
		c.host.Counts.Late++
		return false
	}
	return true
}

func (c *Combine) take(row []types.Value, m *types.Meta, place int64, key []byte, hash uint64) error {
	if row == nil {
		row = []types.Value{} // no column is used, but it is a row
	}
	ref, added := c.table.GetOrAdd(key, hash)
	w := c.table.Words(ref)
	if added {
		w[0], w[c.acc.words] = 1<<63, uint64(place)
		c.refs = append(c.refs, ref)
		c.bytes += len(key)
	}
	w[c.acc.words+1]++
	c.rows++
	c.offset = m.Offset
	return c.host.refused(c.acc.add(w[:c.acc.words], nil, row, m, false), m)
}

// Flush hands on what the rows have come to since the last one.
func (c *Combine) Flush() error {
	if err := c.handOn(); err != nil {
		return err
	}
	return c.next.Flush()
}

// handOn hands on what there is, in the order of the groups' first rows.
func (c *Combine) handOn() error {
	for _, ref := range c.refs {
		if err := c.send(ref); err != nil {
			return err
		}
	}
	if c.rows >= combineFewest && c.rows < combinePays*len(c.refs) {
		c.pass = combinePass * c.rows
	}
	c.refs, c.rows, c.bytes = c.refs[:0], 0, 0
	c.table.Forget()
	return nil
}

func (c *Combine) send(ref state.Ref) error {
	w, key := c.table.Words(ref), c.table.Key(ref)
	o := &c.out
	o.Time, o.Path, o.Place, o.Rows = int64(w[0]), c.path, int64(w[c.acc.words]), int64(w[c.acc.words+1])
	o.Offset = c.offset
	start := int64(0)
	if c.win != nil {
		start, key = int64(binary.BigEndian.Uint64(key)), key[8:]
	}
	if _, err := types.DecodeKey(key, o.Group); err != nil {
		panic("op: a group's key can't be decoded: " + err.Error())
	}
	o.State = appendCombined(o.State[:0], key, o.Rows, start, w[1:c.acc.words])
	return c.next.Combined(o)
}

// HeldBack is how many states Flush would hand on.
func (c *Combine) HeldBack() int { return len(c.refs) }

// A state is written as: the length of the group's key (uvarint) and the key, how many rows it is of (uvarint), the start of the window (varint; 0 without
// windows), and the words of the aggregates (varints). The latest of the rows' times is that of the record.
func appendCombined(dst, key []byte, rows, start int64, words []uint64) []byte {
	dst = append(binary.AppendUvarint(dst, uint64(len(key))), key...)
	dst = binary.AppendVarint(binary.AppendUvarint(dst, uint64(rows)), start)
	for _, w := range words {
		dst = binary.AppendVarint(dst, int64(w))
	}
	return dst
}

// combinedKey is the group's key in a state, and what lies behind it; nil where it is none.
func combinedKey(src []byte) (key, rest []byte) {
	n, size := binary.Uvarint(src)
	if size <= 0 || n == 0 || n > uint64(len(src)-size) {
		return nil, nil
	}
	src = src[size:]
	return src[:n], src[n:]
}

// readCombined reads what lies behind the key into words.
func readCombined(src []byte, words []uint64) (rows, start int64, err error) {
	n, size := binary.Uvarint(src)
	if size <= 0 || n == 0 || n > math.MaxInt64 {
		return 0, 0, types.ErrCorrupt
	}
	if start, src, err = nextVarint(src[size:]); err != nil {
		return 0, 0, err
	}
	for i := range words {
		var w int64
		if w, src, err = nextVarint(src); err != nil {
			return 0, 0, err
		}
		words[i] = uint64(w)
	}
	if len(src) > 0 {
		return 0, 0, types.ErrCorrupt
	}
	return int64(n), start, nil
}

func nextVarint(src []byte) (v int64, rest []byte, err error) {
	v, size := binary.Varint(src)
	if size <= 0 {
		return 0, nil, types.ErrCorrupt
	}
	return v, src[size:], nil
}
