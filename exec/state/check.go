package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Checked is what is in the folder of a database and beside it.
type Checked struct {
	Entries  map[string]int // by query
	Findings []string
}

// names of what a committer keeps, as far as a check has to know it
const (
	metaOutboxRef = "outbox"
	metaOutboxSeq = "sent"
)

// Check reads the whole database of a node that is not running, and the outboxes beside it. It changes nothing.
func Check(dir string) (c Checked, err error) {
	c.Entries = map[string]int{}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	db, err := openTo(dir, nil, true)
	if err != nil {
		c.Findings = append(c.Findings, fmt.Sprintf("the database can't be opened: %v", err))
		return c, nil
	}
	defer db.Close()
	refs := map[string][]byte{}
	seqs := map[string]uint64{}
	err = db.scan(nil, nil, func(key, value []byte) error {
		query, rest, _ := bytes.Cut(key, []byte{0})
		c.Entries[string(query)]++
		switch string(rest) {
		case string(kindMeta) + metaOutboxRef:
			refs[string(query)] = bytes.Clone(value)
		case string(kindMeta) + metaOutboxSeq:
			seqs[string(query)], _ = binary.Uvarint(value)
		}
		return nil
	})
	if err != nil {
		c.Findings = append(c.Findings, fmt.Sprintf("the database can't be read to its end: %v", err))
		return c, nil
	}
	for query := range c.Entries {
		if query == "" {
			continue
		}
		o := (&DB{dir: dir, fs: vfs.Default}).Outbox(query)
		if _, err := o.Read(refs[query]); err != nil {
			c.Findings = append(c.Findings, fmt.Sprintf("query %s: its last output, which was not delivered yet, can't be read: %v", query, err))
		}
		kept, err := o.Keep(0)
		if err != nil {
			return c, err
		}
		if len(kept) > 0 && kept[0].Seq > seqs[query]+1 {
			c.Findings = append(c.Findings, fmt.Sprintf("query %s: the database has lost commits: it knows of %d outputs, and there were %d", query, seqs[query], kept[0].Seq))
		}
		for i, path := range o.paths {
			info, err := os.Stat(path)
			if _, numbered := seqs[query]; err != nil || info.Size() == 0 || !numbered {
				continue // where it is not numbered, it is one of an earlier version: what it holds is told by the reference
			}
			if _, err := o.kept(i); err != nil {
				c.Findings = append(c.Findings, fmt.Sprintf("query %s: %s is damaged, and of no further use: %v", query, filepath.Base(path), err))
			}
		}
	}
	strangers, err := unknownOutboxes(dir, c.Entries)
	if err != nil {
		return c, err
	}
	if strangers > 0 {
		c.Findings = append(c.Findings, fmt.Sprintf("there are outputs of %d queries of which the database knows nothing: it has lost their state, or they were dropped while the node was stopped", strangers))
	}
	slices.Sort(c.Findings)
	return c, nil
}

// unknownOutboxes counts queries that have outboxes and no state.
func unknownOutboxes(dir string, known map[string]int) (int, error) {
	base := &DB{dir: dir, fs: vfs.Default}
	files, err := filepath.Glob(filepath.Join(dir+"-outbox", "*.[01]"))
	if err != nil {
		return 0, err
	}
	names := map[string]bool{}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Size() > 0 {
			names[f[:len(f)-2]] = true
		}
	}
	for query := range known {
		delete(names, base.Outbox(query).paths[0][:len(base.Outbox(query).paths[0])-2])
	}
	return len(names), nil
}
