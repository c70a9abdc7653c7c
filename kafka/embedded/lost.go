package embedded

import (
	"encoding/json"
	"log/slog"
	"path/filepath"
	"time"

	"weir/disk"
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
	return disk.Append(filepath.Join(dir, lostFile), out)
}

// Lost are the losses in the topics that there are, in the order in which they were noticed.
func (b *Broker) Lost() []Lost { return b.lost }

// tell logs a loss.
func (l Lost) tell(log *slog.Logger) {
	log.Error("records are gone: their offsets are passed over, and not given again", "topic", l.Topic, "partition", l.Partition, "from", l.From, "to", l.To-1,
		"why", l.Why, "kept", l.Kept)
}
