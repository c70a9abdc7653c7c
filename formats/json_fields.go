package formats

// jsonFields are the fields of an object.
type jsonFields struct {
	fieldNames
	nodes []*jsonNode
	slots []int // where in the row field i goes
}

func (f *jsonFields) add(name string, n *jsonNode, slot int) {
	f.fieldNames.add(name)
	f.nodes, f.slots = append(f.nodes, n), append(f.slots, slot)
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
