package functions

import (
	"weir/settings"
	"weir/types"
)

// growing counts the memory of an aggregate that keeps many values, and bounds it like that of a value.
type growing struct {
	env   *Env
	most  int
	bytes int
}

func newGrowing(env *Env) growing { return growing{env: env, most: env.Limits().Value} }

// grow asks for the memory of a value more.
func (g *growing) grow(v types.Value) error {
	n := valueBytes + v.Size(g.most)
	if g.bytes+n > g.most {
		return g.full()
	}
	g.bytes += n
	return nil
}

func (g *growing) full() error {
	return g.env.exceeded(settings.MaxValueBytes, "the value would take more than %d bytes, and does not take in all", g.most)
}

func (g *growing) shrink(v types.Value) { g.bytes -= valueBytes + v.Size(g.most) }

// count counts anew what was read back.
func (g *growing) count(vals []types.Value) {
	g.bytes = 0
	for i := range vals {
		g.bytes += valueBytes + vals[i].Size(g.most)
	}
}

// Bytes is how much memory the values take.
func (g *growing) Bytes() int { return g.bytes }
