package formats

import "strings"

// fieldNames finds the fields of an object by their names: by the order in which they came the last time, else by a map.
// A name means the field of exactly that name or, failing that, the one of that name in upper case.
type fieldNames struct {
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

func (f *fieldNames) add(name string) {
	if f.byName == nil {
		f.byName = map[string]int{}
	}
	f.byName[name] = len(f.exactly)
	f.exactly = append(f.exactly, 0)
}

// takes says whether the value of a field counts: not where none is meant, nor where the exact name has come already.
func (f *fieldNames) takes(field int, exact bool) bool {
	if field < 0 {
		return false
	}
	if exact {
		f.exactly[field] = f.round
		return true
	}
	return f.exactly[field] != f.round
}

// lookup finds the field that a name means and, unless it is passing, keeps it as the n-th.
func (f *fieldNames) lookup(n int, name []byte, passing bool) (field int, exact bool) {
	k, ok := f.known[string(name)]
	if !ok {
		k = f.resolve(name)
	}
	switch {
	case passing || n >= maxLearned || n > len(f.learned) || len(name) > maxLearnedName:
	case n == len(f.learned):
		f.learned = append(f.learned, k)
	default:
		f.learned[n] = k
	}
	return int(k.field), k.exact
}

// resolve finds the field that a name means for the first time.
func (f *fieldNames) resolve(name []byte) learnedKey {
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
