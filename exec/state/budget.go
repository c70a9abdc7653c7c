package state

import "sync"

// Budget bounds the memory that the state of all queries of a node takes together.
type Budget struct {
	limit   int64
	mu      sync.Mutex
	holders map[any]held
}

// held is what one holder has, in bytes.
type held struct{ fixed, loose int64 }

// NewBudget makes a budget of so many bytes.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit, holders: map[any]held{}} }

// leastLoose is the part of the budget that is left for what can be let go of, however much stays: less, and all of it
// would leave memory at every commit, to be read back at once.
const leastLoose = 8

// Hold says how many bytes a holder has: fixed ones stay, loose ones can leave memory. It learns whether all have more than the
// budget, so that nobody should take more, and whether the holder is to let go: it has its share of what is loose. Somebody
// always has.
func (b *Budget) Hold(holder any, fixed, loose int64) (over, letGo bool) {
	if b == nil {
		return false, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holders[holder] = held{fixed, loose}
	var stays, leaves, holders int64
	for _, h := range b.holders {
		if stays, leaves = stays+h.fixed, leaves+h.loose; h.loose > 0 {
			holders++
		}
	}
	over = leaves > max(b.limit-stays, b.limit/leastLoose)
	return over, over && loose*holders >= leaves
}

// Free says that a holder has nothing any more.
func (b *Budget) Free(holder any) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.holders, holder)
}
