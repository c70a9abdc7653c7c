package op

import (
	"bytes"

	"weir/exec/state"
	"weir/functions"
	"weir/types"
)

// Entries of Panes beside those of closed windows, which are as an Aggregate writes them: paneKey, the pane's start and
// the group; and for rows that wait, waitingKey, the start of the first window that takes them, the pane's start and the group.
const (
	paneKey    = 0x02
	waitingKey = 0x03
)

// closedLog holds the entries of windows that closed since the last commit.
type closedLog struct {
	bytes []byte
	ends  []int // of a key and of its value, by turns
}

func (l *closedLog) add(acc *accumulators, start int64, key []byte, w []uint64, objs []functions.Object) {
	l.bytes = append(appendWindow(append(l.bytes, entryKey), start), key...)
	l.ends = append(l.ends, len(l.bytes))
	l.bytes = acc.append(l.bytes, w, objs)
	l.ends = append(l.ends, len(l.bytes))
}

func (l *closedLog) each(put func(key, value []byte)) {
	at := 0
	for i := 0; i < len(l.ends); i += 2 {
		put(l.bytes[at:l.ends[i]], l.bytes[l.ends[i]:l.ends[i+1]])
		at = l.ends[i+1]
	}
}

// keptLog bounds the memory that is kept after a burst.
const keptLog = 4 << 20

func (l *closedLog) reset() {
	if cap(l.bytes) > keptLog {
		*l = closedLog{}
	}
	l.bytes, l.ends = l.bytes[:0], l.ends[:0]
}

func (p *Panes) entry(in *pane, key []byte) []byte {
	out := []byte{paneKey}
	if in.from != types.NoTime {
		out = appendWindow([]byte{waitingKey}, in.from)
	}
	return append(appendWindow(out, in.start), key...)
}

var _ Windowed = (*Panes)(nil)
var _ Evicter = (*Panes)(nil)

// Changed says whether a pane's group has changed, a window has closed, or the clock has moved.
func (p *Panes) Changed() bool {
	return len(p.changed)+len(p.undone)+len(p.closed.ends) > 0 || p.clock.unsaved
}

// Dirty gives the clock, the windows that closed, and the panes' groups that changed.
func (p *Panes) Dirty(put func(key, value []byte)) {
	if p.clock.unsaved {
		put([]byte{metaKey}, p.clock.append(nil))
	}
	p.closed.each(put)
	for _, key := range p.undone {
		put(key, nil)
	}
	var val []byte
	for _, ch := range p.changed {
		if ch.in.gone {
			continue
		}
		w := ch.in.table.Words(ch.ref)[:p.acc.words]
		val = p.acc.append(val[:0], w, p.acc.objectsOf(&ch.in.groups, w))
		put(p.entry(ch.in, ch.in.table.Key(ch.ref)), val)
	}
}

// Expired gives the windows beyond their retention, and the panes that no window to come takes.
func (p *Panes) Expired(drop func(from, to []byte)) {
	t := p.clock.closed()
	if t == types.NoTime {
		return
	}
	if limit := t - p.win.Retention; limit >= p.dropped+p.span.Advance {
		drop([]byte{entryKey}, appendWindow([]byte{entryKey}, limit))
		p.dropped = limit
	}
	if p.open > p.left {
		drop([]byte{paneKey}, appendWindow([]byte{paneKey}, p.open))
		p.left = p.open
	}
}

// Committed makes the state as it stands the committed one.
func (p *Panes) Committed() {
	for _, ch := range p.changed {
		ch.in.table.SetFlags(ch.ref, existed)
	}
	clear(p.changed)
	clear(p.undone)
	p.changed, p.undone = p.changed[:0], p.undone[:0]
	p.closed.reset()
	p.clock.saved()
}

// Load puts an entry back. What no window to come takes is not needed.
func (p *Panes) Load(key, value []byte) error {
	if len(key) == 1 && key[0] == metaKey {
		if err := p.clock.decode(value); err != nil {
			return err
		}
		if limit := p.clock.closedTo(p.win.Grace); limit != types.NoTime {
			p.open = p.span.OpenAt(limit)
		}
		return nil
	}
	in, group, err := p.place(key)
	if in == nil || err != nil {
		return err
	}
	ref, added := in.table.GetOrAdd(group, state.Hash(group))
	if !added {
		return nil
	}
	return p.fill(in, ref, value)
}

// place is the pane of an entry, and its group; nil for entries that are not needed.
func (p *Panes) place(key []byte) (in *pane, group []byte, err error) {
	switch {
	case len(key) == 0 || key[0] > waitingKey:
		return nil, nil, types.ErrCorrupt
	case key[0] == metaKey || key[0] == entryKey:
		return nil, nil, nil
	}
	var at [2]types.Value
	n := 1
	if key[0] == waitingKey {
		n = 2
	}
	group, err = types.DecodeKey(key[1:], at[:n])
	if err != nil {
		return nil, nil, err
	}
	start := at[n-1].Int()
	switch {
	case n == 2:
		return p.waitingPane(at[0].Int(), start), group, nil
	case start < p.open:
		return nil, nil, nil
	}
	return p.pane(start), group, nil
}

// fill reads the committed state of a record that is new in memory.
func (p *Panes) fill(in *pane, ref state.Ref, value []byte) error {
	w, key := in.table.Words(ref), in.table.Key(ref)
	w[p.acc.words] = uint64(p.number(key, state.Hash(key)))
	p.members[w[p.acc.words]].records++
	in.table.SetFlags(ref, in.table.Flags(ref)|existed)
	return p.acc.decode(value, w[:p.acc.words], p.acc.objectsOf(&in.groups, w[:p.acc.words]))
}

// Size counts the records of panes.
func (p *Panes) Size() (entries, size int) {
	for _, list := range [][]*pane{p.panes, p.waiting} {
		for _, g := range list {
			entries += g.table.Len()
			size += g.table.Bytes()
		}
	}
	size += p.acc.objectBytes(objectsIn(func(yield func(*groups) bool) {
		for _, list := range [][]*pane{p.panes, p.waiting} {
			for _, g := range list {
				if !yield(&g.groups) {
					return
				}
			}
		}
	}))
	size += p.keyTable.Bytes() + 8*(cap(p.front.all)+cap(p.back.all)+cap(p.starts)) + 4*(cap(p.older)+cap(p.order)) + 32*cap(p.members)
	return entries, size
}

// Back says where committed groups can be read.
func (p *Panes) Back(b Backing) { p.backing = b }

// Full says that the groups not yet loaded stay in the backing.
func (p *Panes) Full() { p.unseen = true }

// Evict drops all groups from memory. They come back one by one as rows ask for them, and all of a window's when it closes.
func (p *Panes) Evict() {
	if p.backing == nil {
		return
	}
	for _, list := range [][]*pane{p.panes, p.waiting} {
		for _, g := range list {
			g.table.Clear()
			g.objects, g.partial = nil, true
		}
	}
	p.sliding = newSliding(p.acc)
}

// listPanes finds the panes that lie in the backing alone, after a load that stopped early.
func (p *Panes) listPanes() error {
	if !p.unseen {
		return nil
	}
	p.unseen = false
	err := p.backing.Scan([]byte{paneKey}, []byte{waitingKey + 1}, func(key, _ []byte) error {
		_, _, err := p.place(key)
		return err
	})
	for _, list := range [][]*pane{p.panes, p.waiting} {
		for _, g := range list {
			g.partial = true
		}
	}
	return err
}

// fetch reads a group that is not in memory, where there is one.
func (p *Panes) fetch(in *pane, ref state.Ref, w []uint64, objs []functions.Object) error {
	value, err := p.backing.Get(p.entry(in, in.table.Key(ref)))
	if err != nil || value == nil {
		return err
	}
	in.table.SetFlags(ref, in.table.Flags(ref)|existed)
	return p.acc.decode(value, w, objs)
}

// complete brings all groups of a pane into memory.
func (p *Panes) complete(in *pane) error {
	if !in.partial {
		return nil
	}
	in.partial = false
	lo := p.entry(in, nil)
	return p.backing.Scan(lo, append(bytes.Clone(lo), 0xFF), func(key, value []byte) error {
		group := key[len(lo):]
		ref, added := in.table.GetOrAdd(group, state.Hash(group))
		if !added {
			return nil
		}
		return p.fill(in, ref, value)
	})
}

// PaneGroup is the group of an entry that Load takes; ok is false for the others.
func PaneGroup(key []byte) (group []byte, ok bool) {
	if len(key) == 0 || key[0] != paneKey && key[0] != waitingKey {
		return nil, false
	}
	var at [2]types.Value
	group, err := types.DecodeKey(key[1:], at[:key[0]-paneKey+1])
	return group, err == nil
}

// OpenEntries are the keys between which the entries of Panes lie that belong to windows not closed yet, and ClockEntry
// that of the clock, to be loaded first.
func OpenEntries() (lo, hi []byte) { return []byte{paneKey}, []byte{waitingKey + 1} }

// ClockEntry is the key of a windowed operator's clock.
func ClockEntry() []byte { return []byte{metaKey} }
