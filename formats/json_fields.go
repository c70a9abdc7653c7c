package formats

import "strings"

// jsonFields are the fields of an object, found by the order in which they came the last time.
type jsonFields struct {
	nodes   []*jsonNode
	slots   []int // where in the row field i goes
	byName  map[string]int
	known   map[string]learnedKey
	learned []learnedKey
	round   uint32
	exactly []uint32 // the round in which field i last came under its exact name
}

// learnedKey is the n-th name of the last document and the field it means, -1 for none.
type learnedKey struct {
	name  string
	field int32
	exact bool
}

// Bounds of what is learned, so that documents with ever new names cost no memory.
const (
	maxLearned     = 256
	maxKnown       = 1024
	maxLearnedName = 128
)

func (f *jsonFields) add(name string, n *jsonNode, slot int) {
	if f.byName == nil {
		f.byName = map[string]int{}
	}
	f.byName[name] = len(f.nodes)
	f.nodes, f.slots, f.exactly = append(f.nodes, n), append(f.slots, slot), append(f.exactly, 0)
}

// recall gives the n-th name of the last document if it stands at i again.
func (f *jsonFields) recall(n int, data []byte, i int) *learnedKey {
	if n >= len(f.learned) {
		return nil
	}
	k := &f.learned[n]
	end := i + len(k.name)
	if end >= len(data) || data[end] != '"' || string(data[i:end]) != k.name {
		return nil
	}
	return k
}

// lookup finds the field that a name means and keeps it as the n-th.
func (f *jsonFields) lookup(n int, name []byte, escaped bool) (field int, exact bool) {
	k, ok := f.known[string(name)]
	if !ok {
		k = f.resolve(name)
	}
	switch {
	case escaped || n >= maxLearned || n > len(f.learned) || len(name) > maxLearnedName:
	case n == len(f.learned):
		f.learned = append(f.learned, k)
	default:
		f.learned[n] = k
	}
	return int(k.field), k.exact
}

// resolve finds the field that a name means for the first time.
func (f *jsonFields) resolve(name []byte) learnedKey {
	k := learnedKey{name: string(name), field: -1}
	if field, ok := f.byName[k.name]; ok {
		k.field, k.exact = int32(field), true
	} else if field, ok := f.byName[strings.ToUpper(k.name)]; ok {
		k.field = int32(field)
	}
	if len(f.known) < maxKnown && len(name) <= maxLearnedName {
		if f.known == nil {
			f.known = map[string]learnedKey{}
		}
		f.known[k.name] = k
	}
	return k
}
