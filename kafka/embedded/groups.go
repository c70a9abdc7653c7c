package embedded

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/disk"
)

// kfake keeps groups in a log of entries: their length and sum, a version, and JSON. It forgets to write there that a group was deleted, or
// has expired: after a kill it was back, with its offsets. So the offsets of a group are struck out of the log before it is deleted, and at
// a start what is then left of it, a group without offsets and members, is nothing.
const groupsLog = "groups.log"

// groupEntry is what matters here of an entry.
type groupEntry struct {
	Type      string `json:"type"`
	Group     string `json:"g"`
	Topic     string `json:"t,omitempty"`
	Partition int32  `json:"p,omitempty"`
}

func (e groupEntry) append(b []byte) ([]byte, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return appendFrame(b, body), nil
}

// strikeOut takes the offsets of groups that are about to be deleted out of the log. It runs while kfake handles the request, which writes
// nothing there meanwhile.
func (b *Broker) strikeOut(req *kmsg.DeleteGroupsRequest) error {
	var out []byte
	for _, name := range req.Groups {
		g := b.cluster.GroupInfo(name)
		if g == nil || g.State != "Empty" || len(g.Members) > 0 { // it will not be deleted
			continue
		}
		for topic, partitions := range g.Commits {
			for p := range partitions {
				var err error
				if out, err = (groupEntry{Type: "delete", Group: name, Topic: topic, Partition: p}).append(out); err != nil {
					return err
				}
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(b.opts.DataDir, groupsLog), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(out)
	if err == nil && b.opts.SyncWrites {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// dropEmptyGroups takes groups that have no offsets out of the log. Where the broker was closed in order it has written down the members
// too, and all that is in the log is there.
func dropEmptyGroups(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "session_state.json")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	path := filepath.Join(dir, groupsLog)
	raw, err := os.ReadFile(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	type place struct {
		topic     string
		partition int32
	}
	commits := map[string]map[place]bool{}
	var known []string
	entries := groupEntries(raw)
	for _, e := range entries {
		at := place{e.Topic, e.Partition}
		switch e.Type {
		case "commit":
			if commits[e.Group] == nil {
				commits[e.Group] = map[place]bool{}
			}
			commits[e.Group][at] = true
		case "delete":
			delete(commits[e.Group], at)
		default:
			known = append(known, e.Group)
		}
	}
	var kept []byte
	for _, e := range entries {
		if len(commits[e.Group]) > 0 {
			kept = append(kept, e.raw...)
		}
	}
	if len(known) == 0 || bytes.Equal(kept, raw) {
		return nil
	}
	if err := disk.Replace(path, kept); err != nil {
		return fmt.Errorf("the embedded broker cannot write its groups: %w", err)
	}
	return nil
}

type rawGroupEntry struct {
	groupEntry
	raw []byte
}

// groupEntries are the entries of the log; what is damaged in it was taken out before.
func groupEntries(raw []byte) []rawGroupEntry {
	var out []rawGroupEntry
	whole, _ := frames(raw)
	for _, f := range whole {
		e := rawGroupEntry{raw: f}
		if json.Unmarshal(f[entryHead:], &e.groupEntry) == nil {
			out = append(out, e)
		}
	}
	return out
}
