package op

import (
	"fmt"

	"weir/types"
)

// combined takes in what rows of a group were combined to before the repartition: see Combine.
func (a *Aggregate) combined(src []byte, m *types.Meta, key []byte, hash uint64) error {
	if a.part == nil {
		a.part = make([]uint64, a.acc.words)
	}
	_, rest := combinedKey(src)
	rows, start, err := readCombined(rest, a.part[1:])
	if left, bad := types.DecodeKey(key, a.vals); err != nil || bad != nil || len(left) > 0 || a.acc.objs > 0 {
		a.host.Counts.Bad++
		a.host.report(Problem{Unwritten, "GROUP BY", "what rows were combined to before the repartition can't be read, and is left out", *m})
		return nil
	}
	a.part[0] = uint64(m.Timestamp)
	a.host.Counts.Read += rows - 1 // it has been counted as one
	if a.win == nil {
		return a.into(a.last, nil, nil, m, key, hash)
	}
	a.clock.see(m)
	if err := a.closeFinal(); err != nil {
		return err
	}
	// By their path, none of the rows was late.
	if closes := a.clock.closedTo(a.win.Grace); start+a.win.Size <= closes {
		a.host.report(Problem{Late, "GROUP BY", fmt.Sprintf("%s: %d rows", lateMessage(start, start+a.win.Size, closes), rows), *m})
		a.host.Counts.Late += rows
		return nil
	}
	return a.into(a.window(start), nil, nil, m, key, hash)
}

// mergePart takes the state at hand into a group.
func (a *Aggregate) mergePart(w []uint64, m *types.Meta) error {
	if err := a.acc.merge(w, nil, a.part, nil); err != nil {
		return err
	}
	return a.host.refused(a.acc.fits(w), m)
}
