package op

import (
	"container/heap"
	"slices"

	"weir/exec/state"
	"weir/types"
)

// due is a group of which a session may have to be looked at once stream time has passed at. A session that grew since
// is found out then, so that a row need not move its group in the queue.
type due struct {
	at  int64
	who *member
}

// dueQueue gives the earliest first.
type dueQueue []due

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return q[i].at < q[j].at }
func (q dueQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is for container/heap.
func (q *dueQueue) Push(x any) { *q = append(*q, x.(due)) }

// Pop is for container/heap.
func (q *dueQueue) Pop() any {
	last := len(*q) - 1
	d := (*q)[last]
	(*q)[last] = due{}
	*q = (*q)[:last]
	return d
}

// expect queues a group for the end of one of its sessions, where it isn't queued for an earlier time already.
func (s *Session) expect(who *member, end int64) {
	if s.final && end < who.closes {
		who.closes = end
		heap.Push(&s.closing, due{end, who})
	}
	if end < who.expires {
		who.expires = end
		heap.Push(&s.expiring, due{end, who})
	}
}

// ended takes the groups off a queue that may have a session with an end below limit.
func (q *dueQueue) ended(limit int64) []*member {
	var out []*member
	for len(*q) > 0 && (*q)[0].at < limit {
		out = append(out, heap.Pop(q).(due).who)
	}
	return out
}

// expire forgets the sessions beyond their retention, and groups that have no others.
func (s *Session) expire() {
	t := s.clock.closed()
	if t == types.NoTime {
		return
	}
	limit := t - s.win.Retention
	for _, who := range s.expiring.ended(limit) {
		who.expires = unqueued
		if slices.ContainsFunc(who.sessions, func(x *session) bool { return x.end < limit }) {
			s.touch(who)
			who.sessions = slices.DeleteFunc(who.sessions, func(x *session) bool { return x.end < limit })
		}
		for _, x := range who.sessions {
			s.expect(who, x.end)
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
