package functions

import "weir/types"

// pairs makes the entries of a map, each key once.
type pairs struct {
	meter *Meter
	list  []types.Value
	at    map[string]int // the place of a key, by its encoding; nil while there are few
	key   []byte
}

// fewPairs is up to how many entries a look through all of them is cheaper than an index.
const fewPairs = 16

func newPairs(m *Meter, room int) *pairs {
	return &pairs{meter: m, list: make([]types.Value, 0, 2*room)}
}

// find is where a key is, or -1.
func (p *pairs) find(key types.Value) (int, error) {
	if p.at == nil && len(p.list) < 2*fewPairs {
		for i := 0; i < len(p.list); i += 2 {
			if types.Equal(p.list[i], key) {
				return i, nil
			}
		}
		return -1, nil
	}
	if p.at == nil {
		p.at = make(map[string]int, cap(p.list)/2)
		for i := 0; i < len(p.list); i += 2 {
			if err := p.index(i); err != nil {
				return -1, err
			}
		}
	}
	p.encode(key)
	if i, ok := p.at[string(p.key)]; ok {
		return i, p.meter.Step(1)
	}
	return -1, p.meter.Step(1)
}

func (p *pairs) encode(key types.Value) {
	p.key = types.AppendKey(p.key[:0], []types.Value{canonical(key)})
}

func (p *pairs) index(i int) error {
	p.encode(p.list[i])
	if err := p.meter.Hold(entryBytes + len(p.key)); err != nil {
		return err
	}
	p.at[string(p.key)] = i
	return nil
}

// set puts an entry in, in the place of one with the same key.
func (p *pairs) set(key, val types.Value) error {
	i, err := p.find(key)
	switch {
	case err != nil:
		return err
	case i >= 0:
		p.list[i+1] = val
		return nil
	}
	p.list = append(p.list, key, val)
	if p.at != nil {
		return p.index(len(p.list) - 2)
	}
	return nil
}
