package faulty

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Action is what becomes of a request.
type Action int

// The actions.
const (
	Refuse Action = iota // the broker does not see it, and the answer is an error
	Delay                // the broker sees it after a while
	Cut                  // the connection ends before the broker has seen it
	Lose                 // the broker carries it out, and the connection ends before its answer
	Late                 // the broker sees it after a while, even if the client has closed the connection by then
)

func (a Action) String() string {
	switch a {
	case Refuse:
		return "refused"
	case Delay:
		return "delayed"
	case Cut:
		return "cut"
	case Lose:
		return "answer lost"
	case Late:
		return "late"
	}
	return fmt.Sprintf("Action(%d)", int(a))
}

// Actions are those that the client can notice.
func Actions() []Action { return []Action{Refuse, Delay, Cut, Lose} }

// Rule spoils requests of one kind.
type Rule struct {
	Key kmsg.Key
	// Nth is the first request that is spoilt, counted from when the rule was armed; 0 and 1 are the next one.
	Nth int
	// Times is how many requests are spoilt from then on; 0 is one, a negative number all.
	Times int
	Do    Action
	// Code is the error of Refuse: one of Codes.
	Code *kerr.Error
	// For is how long Delay and Late take.
	For time.Duration
	// Match says which requests count; nil for all. It runs while the request is on its way, and must not wait.
	Match func(kmsg.Request) bool
}

// Armed is a rule in force.
type Armed struct {
	d     *Dialer
	rule  Rule
	first int // requests to be let through before
	left  int // to be spoilt; negative for no end
	hits  atomic.Int64
}

// Arm puts a rule into force. The first of several rules that fit a request spoils it. It fails where a request can't be refused that way.
func (d *Dialer) Arm(r Rule) (*Armed, error) {
	if r.Do == Refuse && (r.Code == nil || !slices.Contains(Codes(r.Key), r.Code)) {
		return nil, fmt.Errorf("faulty: %s can't be refused with %v: a broker answers it with %v", r.Key.Name(), r.Code, Codes(r.Key))
	}
	a := &Armed{d: d, rule: r, first: max(r.Nth-1, 0), left: r.Times}
	if r.Times == 0 {
		a.left = 1
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rules = append(d.rules, a)
	return a, nil
}

// Disarm takes the rule back.
func (a *Armed) Disarm() {
	a.d.mu.Lock()
	defer a.d.mu.Unlock()
	a.d.rules = slices.DeleteFunc(a.d.rules, func(o *Armed) bool { return o == a })
}

// Hits is how many requests the rule has spoilt.
func (a *Armed) Hits() int { return int(a.hits.Load()) }

// judge counts a request and says which rule spoils it; nil for none.
func (d *Dialer) judge(key kmsg.Key, parse func() kmsg.Request) *Rule {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen[key]++
	for i, a := range d.rules {
		if a.rule.Key != key || a.rule.Match != nil && !a.rule.Match(parse()) {
			continue
		}
		if a.first > 0 {
			a.first--
			continue
		}
		if a.left > 0 {
			a.left--
		}
		if a.left == 0 {
			d.rules = slices.Delete(d.rules, i, i+1)
		}
		a.hits.Add(1)
		return &a.rule
	}
	return nil
}
