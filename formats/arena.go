package formats

import "weir/types"

// arena owns what a decoder makes besides the record's own bytes: unescaped text and the slabs of nested values. What
// it gave out is valid until reset.
type arena struct {
	text  []byte
	slab  []types.Value
	stack []types.Value // items of the nested values being read
	left  int           // fields of STRUCTs that the record may still make
}

// A record may make so many fields of STRUCTs, and more by its length: an empty object costs its writer next to nothing,
// and a STRUCT as much memory as it has fields.
const (
	freeFields    = 1 << 16
	fieldsPerByte = 16
)

// begin prepares for a record of n bytes.
func (a *arena) begin(n int) {
	a.stack = a.stack[:0]
	a.left = freeFields + fieldsPerByte*n
}

// structure is space for a STRUCT of n fields; ok is false where the record has had its share.
func (a *arena) structure(n int) (fields []types.Value, ok bool) {
	if a.left -= n; a.left < 0 {
		return nil, false
	}
	return a.values(n), true
}

const wantFewer = "fewer STRUCTs with most fields missing"

// reset takes everything back. Chunks that were outgrown are the collector's.
func (a *arena) reset() {
	clear(a.slab)
	clear(a.stack[:cap(a.stack)])
	a.text, a.slab, a.stack = a.text[:0], a.slab[:0], a.stack[:0]
}

// room is an empty slice with space for n bytes that nobody else writes to.
func (a *arena) room(n int) []byte {
	if cap(a.text)-len(a.text) < n {
		a.text = make([]byte, 0, max(2*cap(a.text), n, 1024))
	}
	at := len(a.text)
	a.text = a.text[:at+n]
	return a.text[at : at : at+n]
}

// values is space for n values, all NULL.
func (a *arena) values(n int) []types.Value {
	if cap(a.slab)-len(a.slab) < n {
		a.slab = make([]types.Value, 0, max(2*cap(a.slab), n, 64))
	}
	at := len(a.slab)
	a.slab = a.slab[:at+n]
	return a.slab[at : at+n : at+n]
}

// push adds an item to the nested value being read.
func (a *arena) push(v types.Value) { a.stack = append(a.stack, v) }

// pop moves the items pushed since the mark into a slab.
func (a *arena) pop(mark int) []types.Value {
	out := a.values(len(a.stack) - mark)
	copy(out, a.stack[mark:])
	a.stack = a.stack[:mark]
	return out
}

// popPairs is pop for the entries of a map: of entries with one key the last stays, at the place of the first.
func (a *arena) popPairs(mark int) []types.Value {
	pairs := a.stack[mark:]
	n := 0
	if len(pairs) <= 32 {
		for i := 0; i < len(pairs); i += 2 {
			n = keepPair(pairs, n, i, findPair(pairs[:n], pairs[i]))
		}
	} else {
		at := make(map[string]int, len(pairs)/2)
		var key []byte
		for i := 0; i < len(pairs); i += 2 {
			key = types.AppendKey(key[:0], pairs[i:i+1])
			found, ok := at[string(key)]
			if !ok {
				at[string(key)] = n
				found = -1
			}
			n = keepPair(pairs, n, i, found)
		}
	}
	a.stack = a.stack[:mark+n]
	return a.pop(mark)
}

func findPair(pairs []types.Value, key types.Value) int {
	for i := 0; i < len(pairs); i += 2 {
		if types.Equal(pairs[i], key) {
			return i
		}
	}
	return -1
}

// keepPair moves pair i to the end of the n values kept so far, or onto the one that was found.
func keepPair(pairs []types.Value, n, i, found int) int {
	if found >= 0 {
		pairs[found+1] = pairs[i+1]
		return n
	}
	pairs[n], pairs[n+1] = pairs[i], pairs[i+1]
	return n + 2
}
