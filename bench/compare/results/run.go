// Package results keeps what was measured, run by run, and makes the table of it.
package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"
)

// Right is the verdict of a run whose results are those of the plain computation.
const Right = "right"

// A Key says which run it is. One that was made with another program, or over another number of records, is another run.
type Key struct {
	Query   string `json:"query"`
	Engine  string `json:"engine"`
	Heap    string `json:"heap,omitempty"`
	Build   string `json:"build"`
	Records int    `json:"records"`
	Round   int    `json:"round"`
}

// A Run is what was measured in one. Times are in seconds; CPU is user and system time of the engine's process.
type Run struct {
	Key
	When        time.Time `json:"when"`
	Load        float64   `json:"load"`         // of the machine before it
	Start       float64   `json:"start"`        // until the process waits for the query
	StartCPU    float64   `json:"start_cpu"`    //
	Took        float64   `json:"took"`         // from the query to the last committed result
	CPU         float64   `json:"cpu"`          //
	Broker      float64   `json:"broker"`       // CPU of the broker meanwhile
	WarmRecords int       `json:"warm_records"` // behind the warm-up
	WarmTook    float64   `json:"warm_took"`
	WarmCPU     float64   `json:"warm_cpu"`
	Peak        int64     `json:"peak"`    // resident bytes
	Written     int       `json:"written"` // records in the output topic
	Verdict     string    `json:"verdict"` // Right, or what is wrong
}

// A File holds runs, one in a line, so that a comparison that was stopped goes on where it was.
type File struct {
	path string
	Runs []Run
}

// Open reads the file, if it is there. Its last line may have been cut off when a comparison was killed: that run is made again.
func Open(path string) (*File, error) {
	f := &File{path: path}
	in, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	} else if err != nil {
		return nil, err
	}
	defer in.Close()
	whole := int64(0)
	for lines := bufio.NewReader(in); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return f, os.Truncate(path, whole)
		} else if err != nil {
			return nil, err
		}
		var r Run
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w: it is no file of runs, or was edited", path, len(f.Runs)+1, err)
		}
		f.Runs = append(f.Runs, r)
		whole += int64(len(line))
	}
}

// Add appends a run, on disk too.
func (f *File) Add(r Run) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = out.Write(append(line, '\n'))
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	f.Runs = append(f.Runs, r)
	return nil
}

// Has says whether the run was made and came out right. One that did not is made again.
func (f *File) Has(k Key) bool {
	_, ok := f.Get(k)
	return ok
}

// Get gives the run, if it came out right.
func (f *File) Get(k Key) (Run, bool) {
	for _, r := range f.Runs {
		if r.Key == k && r.Verdict == Right {
			return r, true
		}
	}
	return Run{}, false
}

// Tried says whether the run was made, right or wrong.
func (f *File) Tried(k Key) bool {
	return slices.ContainsFunc(f.Runs, func(r Run) bool { return r.Key == k })
}

// wrong counts the runs of any round that were not right.
func (f *File) wrong(k Key) (n int) {
	for _, r := range f.Runs {
		if k.Round = r.Round; r.Key == k && r.Verdict != Right {
			n++
		}
	}
	return n
}
