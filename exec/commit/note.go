package commit

import (
	"encoding/hex"
	"fmt"
	"strings"

	"weir/exec/assignment"
	"weir/exec/task"
)

// note is what stands beside a committed offset, as metadata: a group knows one offset of a partition, and a query has more to say.
type note struct {
	topic  [16]byte // which topic the offset is of, since one that is made anew has its name; zero where that is not told
	commit string   // the mark of the commit
	// ahead are the feeds that have read further than the offset, which is the least of all feeds of the partition.
	ahead []ofFeed
	// paths are the times that belong to the positions of feeds: see task.Path.
	paths []ofFeed
}

// ofFeed is what one of several feeds of a partition has to say: how far it has read, or to which time that has come.
type ofFeed struct {
	stage, input int
	at           int64
}

const (
	topicWord  = "topic="
	commitWord = "commit="
	aheadWord  = "ahead="
	pathWord   = "path="
)

func (n note) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s,%s%s", topicWord, hex.EncodeToString(n.topic[:]), commitWord, n.commit)
	for _, list := range []struct {
		word string
		of   []ofFeed
	}{{aheadWord, n.ahead}, {pathWord, n.paths}} {
		for _, a := range list.of {
			fmt.Fprintf(&b, ",%s%d.%d:%d", list.word, a.stage, a.input, a.at)
		}
	}
	return b.String()
}

// parseNote reads what it knows of what String wrote, now or in an earlier version.
func parseNote(metadata string) (n note) {
	for word := range strings.SplitSeq(metadata, ",") {
		if text, ok := strings.CutPrefix(word, topicWord); ok {
			if raw, err := hex.DecodeString(text); err == nil && len(raw) == len(n.topic) {
				n.topic = [16]byte(raw)
			}
		} else if text, ok := strings.CutPrefix(word, commitWord); ok {
			n.commit = text
		} else if text, ok := strings.CutPrefix(word, aheadWord); ok {
			n.ahead = appendFeed(n.ahead, text)
		} else if text, ok := strings.CutPrefix(word, pathWord); ok {
			n.paths = appendFeed(n.paths, text)
		}
	}
	return n
}

func appendFeed(list []ofFeed, text string) []ofFeed {
	var a ofFeed
	if _, err := fmt.Sscanf(text, "%d.%d:%d", &a.stage, &a.input, &a.at); err != nil {
		return list
	}
	return append(list, a)
}

// position is where a feed stands of which this is the note, beside the offset.
func (n note) position(f *assignment.Feed, offset int64) int64 {
	for _, a := range n.ahead {
		if a.stage == f.Task.Stage.Index && a.input == f.Input {
			return max(a.at, offset)
		}
	}
	return offset
}

// path is the time that belongs to the position of a feed of which this is the note.
func (n note) path(f *assignment.Feed) int64 {
	for _, p := range n.paths {
		if p.stage == f.Task.Stage.Index && p.input == f.Input {
			return p.at
		}
	}
	return task.NoTime
}

// metadata is the note beside the offset of a partition.
func (x *Transactions) metadata(tp assignment.TP, offset int64, u *unsure) *string {
	n := note{topic: x.tasks.Topics[tp.Topic].ID, commit: u.text()}
	for _, f := range x.tasks.Feeds[tp] {
		if at := f.Position(); at > offset {
			n.ahead = append(n.ahead, ofFeed{f.Task.Stage.Index, f.Input, at})
		}
		if at := f.Task.Path(f.Input); at != task.NoTime {
			n.paths = append(n.paths, ofFeed{f.Task.Stage.Index, f.Input, at})
		}
	}
	text := n.String()
	return &text
}
