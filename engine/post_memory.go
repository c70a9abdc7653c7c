package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/settings"
)

// postJournal is where the database remembers posts that have a name: a name that no query has.
const postJournal = "(posts)"

// postName stands for the name that a client has given to a record of a topic. A topic that is made anew knows none.
type postName [16]byte

// remembered is a post: about to be written from an offset on, or there.
type remembered struct {
	Name      postName `json:"name"`
	Number    int64    `json:"number"` // counts posts
	Partition int32    `json:"partition"`
	Offset    int64    `json:"offset"` // of the record, or the one that it can't lie before
	Done      bool     `json:"done"`
	Body      [8]byte  `json:"body"` // tells another record under the same name
	slot      int64
}

// postMemory knows as many posts as the setting says: a ring, of which each slot is a value in the database.
type postMemory struct {
	e      *Engine
	most   int64
	mu     sync.Mutex
	known  map[postName]remembered
	slots  map[int64]postName
	under  map[postName]chan struct{} // posts that are being written
	next   int64                      // the slot of the next new name
	number int64                      // and its number
}

func slotName(slot int64) string { return strconv.FormatInt(slot, 10) }

// openPostMemory reads the ring. It is filled in the order of its slots, so it ends at the first that is empty.
func (e *Engine) openPostMemory() (*postMemory, error) {
	m := &postMemory{e: e, most: settings.MaxIdempotencyKeys.In(e.opt.Config), known: map[postName]remembered{}, slots: map[int64]postName{}, under: map[postName]chan struct{}{}}
	newest, filled := int64(-1), int64(0)
	for ; filled < m.most; filled++ {
		blob, err := e.state.Meta(postJournal, slotName(filled))
		if err != nil {
			return nil, err
		}
		if blob == nil {
			break
		}
		var r remembered
		if err := json.Unmarshal(blob, &r); err != nil {
			return nil, fmt.Errorf("slot %d of the remembered posts: %w", filled, err)
		}
		r.slot = filled
		if r.Number > newest {
			newest, m.next = r.Number, (filled+1)%m.most
		}
		if known, twice := m.known[r.Name]; !twice || known.Number < r.Number {
			m.known[r.Name] = r
		}
		m.slots[filled] = r.Name
	}
	if m.number = newest + 1; filled < m.most {
		m.next = filled
	}
	return m, nil
}

// once writes a record unless it has been written. Who asks while it is being written waits.
func (m *postMemory) once(ctx context.Context, topic [16]byte, key string, rec *kgo.Record) (Posted, error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%x\x00%s", topic, key))
	name := postName(sum[:16])
	h := sha256.New()
	fmt.Fprintf(h, "%d:", len(rec.Key))
	h.Write(rec.Key)
	h.Write(rec.Value)
	body := [8]byte(h.Sum(nil))
	for {
		m.mu.Lock()
		under := m.under[name]
		if under == nil {
			m.under[name] = make(chan struct{})
			m.mu.Unlock()
			break
		}
		m.mu.Unlock()
		select {
		case <-under:
		case <-time.After(postDelivery):
			return Posted{}, &PostError{PostUnavailable, "a record with this Idempotency-Key is still being written", nil}
		}
	}
	defer func() {
		m.mu.Lock()
		close(m.under[name])
		delete(m.under, name)
		m.mu.Unlock()
	}()
	m.mu.Lock()
	r, known := m.known[name]
	m.mu.Unlock()
	if known && r.Body != body {
		return Posted{}, &PostError{PostOther, "this Idempotency-Key has been used for another record of topic " + rec.Topic + ": a key stands for one key and body", nil}
	}
	at := Posted{Topic: rec.Topic, Partition: r.Partition, Offset: r.Offset, Repeated: true}
	if known && r.Done {
		return at, nil
	}
	if known { // it may have been written: the topic tells
		offset, there, err := m.e.findPost(ctx, rec.Topic, r.Partition, r.Offset, key)
		if err != nil {
			return Posted{}, &PostError{PostUnavailable, fmt.Sprintf("cannot look whether topic %s has the record: %v", rec.Topic, err), err}
		}
		if there {
			at.Offset = offset
			return at, m.settle(r, offset)
		}
	}
	ends, err := m.e.opt.Cluster.EndOffsets(ctx, rec.Topic)
	if err != nil {
		return Posted{}, &PostError{PostUnavailable, err.Error(), err}
	}
	r.Name, r.Partition, r.Offset, r.Body = name, rec.Partition, ends[rec.Topic][rec.Partition], body
	if r, err = m.begin(r, known); err != nil {
		return Posted{}, &PostError{PostUnavailable, "the Idempotency-Key can't be remembered: " + err.Error(), err}
	}
	m.e.failPoint("post remembered")
	posted, err := m.e.handIn(ctx, rec)
	if err != nil {
		return posted, err
	}
	m.e.failPoint("post written")
	return posted, m.settle(r, posted.Offset)
}

// begin remembers that a record is about to be written; the oldest one is forgotten for it.
func (m *postMemory) begin(r remembered, known bool) (remembered, error) {
	m.mu.Lock()
	if !known {
		r.Number, r.slot = m.number, m.next
		m.number, m.next = m.number+1, (m.next+1)%m.most
	}
	if old, taken := m.slots[r.slot]; taken && old != r.Name && m.known[old].slot == r.slot {
		delete(m.known, old)
	}
	m.slots[r.slot], m.known[r.Name] = r.Name, r
	m.mu.Unlock()
	return r, m.store(r)
}

// settle remembers where a record lies. Where that fails the topic tells, so it is no failure of the post.
func (m *postMemory) settle(r remembered, offset int64) error {
	r.Offset, r.Done = offset, true
	m.mu.Lock()
	forgotten := m.slots[r.slot] != r.Name
	if !forgotten {
		m.known[r.Name] = r
	}
	m.mu.Unlock()
	if forgotten {
		return nil
	}
	if err := m.store(r); err != nil {
		m.e.opt.Log.Warn("where a post lies could not be remembered: it will be looked for", "err", err)
	}
	return nil
}

func (m *postMemory) store(r remembered) error {
	blob, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return m.e.state.SetMeta(postJournal, slotName(r.slot), blob)
}
