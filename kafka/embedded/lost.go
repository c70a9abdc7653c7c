package embedded

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// Lost are offsets of a partition whose records are gone since a file was damaged, or had not reached the disk when the power went. They are
// not given again.
type Lost struct {
	Topic     string    `json:"topic"`
	ID        string    `json:"id"` // of the topic, as kfake writes it
	Partition int32     `json:"partition"`
	From      int64     `json:"from"`
	To        int64     `json:"to"` // excluded
	Why       string    `json:"why"`
	Kept      string    `json:"kept,omitempty"` // the file that has what was cut out, in the broker's folder
	Seen      time.Time `json:"seen"`
}

type lostRange struct{ From, To int64 }

const lostFile = "lost"

// damagedDir keeps what was cut out of files.
const damagedDir = "damaged"

// readLost are the losses that were noticed so far.
func readLost(dir string) ([]Lost, error) {
	bodies, _, err := readFrames(filepath.Join(dir, lostFile))
	var out []Lost
	for _, b := range bodies {
		var l Lost
		if json.Unmarshal(b, &l) == nil {
			out = append(out, l)
		}
	}
	return out, err
}

func appendLost(dir string, lost []Lost) error {
	var out []byte
	for _, l := range lost {
		body, err := json.Marshal(l)
		if err != nil {
			return err
		}
		out = appendFrame(out, body)
	}
	return appendTo(filepath.Join(dir, lostFile), out)
}

// appendTo adds to a file and has it on disk.
func appendTo(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// Lost are the losses in the topics that there are, in the order in which they were noticed.
func (b *Broker) Lost() []Lost { return b.lost }

// tell logs a loss.
func (l Lost) tell(log *slog.Logger) {
	log.Error("records are gone: their offsets are passed over, and not given again", "topic", l.Topic, "partition", l.Partition, "from", l.From, "to", l.To-1,
		"why", l.Why, "kept", l.Kept)
}
