package op

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"weir/exec/state"
	"weir/exec/window"
	"weir/types"
)

// due is a group of which a session may have to be looked at once stream time has passed at. A session that grew since
// is found out then, so that a row need not move its group in the queue.
type due struct {
	at  int64
	who *member
}

// dueQueue gives the earliest first. Entries lie in bins by time, and only the bin whose time has come is sorted.
type dueQueue struct {
	width int64
	now   []due // the bin being taken from, in order
	bin   int64 // the last bin that was begun
	later map[int64][]due
	bins  []int64 // of later, in order
	n     int
}

func newDueQueue(gap int64) dueQueue {
	return dueQueue{width: max(1, gap/128), bin: math.MinInt64, later: map[int64][]due{}}
}

func (q *dueQueue) push(d due) {
	q.n++
	bin := window.Floor(d.at, q.width)
	if bin <= q.bin {
		i, _ := slices.BinarySearchFunc(q.now, d.at, func(x due, at int64) int { return cmp.Compare(x.at, at) })
		q.now = slices.Insert(q.now, i, d)
		return
	}
	list, ok := q.later[bin]
	if q.later[bin] = append(list, d); !ok {
		i, _ := slices.BinarySearch(q.bins, bin)
		q.bins = slices.Insert(q.bins, i, bin)
	}
}

// pop takes the first entry where it is for a time before limit.
func (q *dueQueue) pop(limit int64) (due, bool) {
	for len(q.now) == 0 {
		if len(q.bins) == 0 || q.bins[0] >= limit {
			return due{}, false
		}
		q.bin, q.bins = q.bins[0], q.bins[1:]
		q.now = q.later[q.bin]
		delete(q.later, q.bin)
		slices.SortFunc(q.now, func(x, y due) int { return cmp.Compare(x.at, y.at) })
	}
	d := q.now[0]
	if d.at >= limit {
		return due{}, false
	}
	q.now[0] = due{}
	q.now = q.now[1:]
	q.n--
	return d, true
}

// expect queues a group for the end of one of its sessions, where it isn't queued for an earlier time already.
func (s *Session) expect(who *member, end int64) {
	if s.final && end < who.closes {
		who.closes = end
		s.closing.push(due{end, who})
	}
	if end < who.expires {
		who.expires = end
		s.expiring.push(due{end, who})
	}
}

// ended takes the groups off a queue that may have a session with an end below limit, each once. at is when a group is queued for.
func (q *dueQueue) ended(limit int64, at func(*member) *int64) []*member {
	var out []*member
	for {
		d, ok := q.pop(limit)
		if !ok {
			return out
		}
		if t := at(d.who); *t != unqueued {
			*t = unqueued
			out = append(out, d.who)
		}
	}
}

// expire forgets the sessions beyond their retention, and groups that have no others.
func (s *Session) expire() {
	t := s.clock.closed()
	if t == types.NoTime {
		return
	}
	limit := t - s.win.Retention
	for _, who := range s.expiring.ended(limit, func(who *member) *int64 { return &who.expires }) {
		n := sort.Search(len(who.sessions), func(i int) bool { return who.sessions[i].end >= limit })
		if n > 0 {
			s.touch(who, types.NoTime)
			for _, x := range who.sessions[:n] {
				s.drop(who, x)
			}
			clear(who.sessions[:n])
			who.sessions = who.sessions[n:]
		}
		if len(who.sessions) > 0 {
			s.expect(who, who.sessions[0].end)
		}
	}
}

// forget drops groups without sessions from memory, once the store has dropped them too.
func (s *Session) forget(who *member) {
	hash := state.Hash(who.key)
	ref, ok := s.table.Get(who.key, hash)
	if !ok {
		return
	}
	at := s.table.Words(ref)[0]
	s.table.Remove(who.key, hash)
	s.members[at] = nil
	s.free = append(s.free, at)
	if s.table.Garbage() > 0.5 {
		s.compact()
	}
}

// compact copies the keys that are left.
func (s *Session) compact() {
	table := state.NewTable(1)
	for at, who := range s.members {
		if who != nil {
			ref, _ := table.GetOrAdd(who.key, state.Hash(who.key))
			table.Words(ref)[0] = uint64(at)
		}
	}
	s.table = table
}
