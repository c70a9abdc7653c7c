package embedded

import (
	"errors"
	"fmt"
	"log/slog"
)

// Checked is what is in a broker's folder.
type Checked struct {
	Topics, Partitions int
	Findings           []Finding
	// Lost are records that are gone: those of which earlier starts told, and those that the next one will tell of.
	Lost, New []Lost
}

// Check looks at the folder of a broker that is not running, as a start does, and changes nothing.
func Check(dir string) (c Checked, err error) {
	m, err := mend(dir, slog.New(slog.DiscardHandler), true)
	lost, lostErr := readLost(dir)
	c = Checked{Topics: len(m.topics.Topics), Findings: m.findings, Lost: lost, New: m.lost}
	for _, t := range m.topics.Topics {
		c.Partitions += int(t.Partitions)
	}
	if err := errors.Join(err, lostErr); err != nil {
		return c, fmt.Errorf("the topics in %s can't be read: %w", dir, err)
	}
	return c, nil
}
