package op

import (
	"fmt"
	"testing"

	"weir/functions"
	"weir/types"
)

// TestMaterializeForgets has keys that come and go, and windows that pass: neither may fill the memory, or the disk.
func TestMaterializeForgets(t *testing.T) {
	for _, windowed := range []bool{false, true} {
		t.Run(fmt.Sprintf("windowed %t", windowed), func(t *testing.T) {
			out := &counter{}
			m := NewMaterialize(&Host{Env: &functions.Env{}, Coalesce: true, Counts: &Counts{}}, []int{0}, windowed, 2, true, out)
			if windowed {
				m.KeepWindows(1000, false)
			}
			stored := map[string]bool{}
			commit := func() {
				must(t, m.Flush())
				m.Dirty(func(k, v []byte) {
					if stored[string(k)] = true; v == nil {
						delete(stored, string(k))
					}
				})
				m.Committed()
			}
			for i := range 20_000 {
				var b types.Batch
				b.Reset(2)
				meta := types.Meta{Timestamp: int64(i), StreamTime: types.NoTime, WindowStart: int64(i), WindowEnd: int64(i) + 10}
				b.Append(meta)[0] = types.StringValue(fmt.Sprint("k", i))
				if !windowed && i >= 500 {
					meta.Flags = types.NullRow
					b.Append(meta)[0] = types.StringValue(fmt.Sprint("k", i-500))
				}
				must(t, m.Push(&b))
				if i%10 == 9 {
					commit()
				}
			}
			entries, bytes := m.Size()
			if entries < 400 || entries > 1200 || len(stored) != entries || bytes > 400_000 || len(m.rows) > 2000 {
				t.Errorf("%d entries, %d stored, %d bytes, %d places for rows", entries, len(stored), bytes, len(m.rows))
			}
			deletes := 0
			if !windowed {
				deletes = 19_500
			}
			if out.rows != 20_000 || out.deletes != deletes {
				t.Errorf("handed on %d rows and %d deletes", out.rows, out.deletes)
			}
		})
	}
}

type counter struct{ rows, deletes int }

func (c *counter) Push(b *types.Batch) error {
	for i := range b.N {
		if b.Meta[i].Flags&types.NullRow != 0 {
			c.deletes++
		} else {
			c.rows++
		}
	}
	return nil
}

func (c *counter) Flush() error { return nil }
