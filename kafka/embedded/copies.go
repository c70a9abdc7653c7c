package embedded

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"weir/disk"
)

// kfake keeps lists and settings in files of JSON without a sum: a wrong byte in a name or a number is another name or number. So there is a
// copy of each, framed with a sum: of the list of topics since the last time it was changed, of the others since the broker was closed in order.
const (
	topicsFile = "topics.json"
	topicsCopy = "topics.copy"
	copiesFile = "copies"
)

// closedFiles are written when the broker is closed, and may be written while it runs.
var closedFiles = []string{"meta.json", "broker_configs.json", "acls.json", "sasl.json", "quotas.json", "seq_windows.json", "session_state.json", groupsLog, pidsLog}

const pidsLog = "pids.log"

type fileCopy struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

func appendCopy(out []byte, name string, data []byte) ([]byte, error) {
	body, err := json.Marshal(fileCopy{name, data})
	return appendFrame(out, body), err
}

func readCopies(path string) (map[string][]byte, error) {
	bodies, _, err := readFrames(path)
	out := map[string][]byte{}
	for _, b := range bodies {
		var c fileCopy
		if json.Unmarshal(b, &c) == nil {
			out[c.Name] = c.Data
		}
	}
	return out, err
}

// copyTopics copies the list of topics. It runs where the list has just been changed, before anybody is told.
func copyTopics(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, topicsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	out, err := appendCopy(nil, topicsFile, data)
	if err != nil {
		return err
	}
	return disk.Replace(filepath.Join(dir, topicsCopy), out)
}

// copyClosed copies what the broker has written when it was closed.
func copyClosed(dir string) error {
	return copyFiles(dir, closedFiles, nil)
}

// copySnapshots copies those that were written anew, and keeps the other copies that there are.
func copySnapshots(dir string, have map[string][]byte) error {
	var out []byte
	for name, data := range have {
		if !strings.HasSuffix(name, "/"+snapshotFile) {
			var err error
			if out, err = appendCopy(out, name, data); err != nil {
				return err
			}
		}
	}
	return copyFiles(dir, nil, out)
}

// copyFiles adds the files and all snapshots to copies.
func copyFiles(dir string, names []string, out []byte) error {
	snapshots, err := filepath.Glob(filepath.Join(dir, "partitions", "*", snapshotFile))
	if err != nil {
		return err
	}
	for _, path := range snapshots {
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		names = append(names[:len(names):len(names)], filepath.ToSlash(name))
	}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			out, err = appendCopy(out, name, data)
		}
		if err != nil {
			return err
		}
	}
	return disk.Replace(filepath.Join(dir, copiesFile), out)
}

// forgetClosed leaves in the copies what stays as it is while the broker runs.
func forgetClosed(dir string) error {
	path := filepath.Join(dir, copiesFile)
	have, err := readCopies(path)
	if err != nil {
		return err
	}
	maps.DeleteFunc(have, func(name string, _ []byte) bool { return !strings.HasSuffix(name, "/"+snapshotFile) })
	var out []byte
	for name, data := range have {
		if out, err = appendCopy(out, name, data); err != nil {
			return err
		}
	}
	return disk.Replace(path, out)
}

const snapshotFile = "snapshot.json"

// putCopies puts back what differs from its copy, and sees to files that have none.
func (m *mending) putCopies() error {
	have, err := readCopies(filepath.Join(m.dir, copiesFile))
	if err != nil {
		return err
	}
	for name, data := range have {
		path := filepath.Join(m.dir, filepath.FromSlash(name))
		now, err := os.ReadFile(path)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		case err != nil && strings.HasPrefix(name, "partitions/"):
			if _, err := os.Stat(filepath.Dir(path)); err != nil {
				continue // its topic was deleted
			}
		case bytes.Equal(now, data):
			continue
		}
		if err := m.replace(name, data, "it differs from its copy, which is put back"); err != nil {
			return err
		}
	}
	m.copies = have
	return m.plainFiles()
}

// plainFiles sees to files of which there may be no copy: what can be made anew without loss is.
func (m *mending) plainFiles() error {
	if err := m.metaFile(); err != nil {
		return err
	}
	for _, name := range closedFiles {
		if !strings.HasSuffix(name, ".json") || name == "meta.json" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(m.dir, name))
		if err != nil || json.Valid(data) && bytes.Contains(data, []byte(`"version":1`)) || name == "session_state.json" && json.Valid(data) {
			continue // what can't be read kfake tells of
		}
		if err := m.aside(name, "it can't be read: the broker goes on without it"); err != nil {
			return err
		}
	}
	return nil
}

// metaFile is the file without which kfake takes the whole directory for a new one.
func (m *mending) metaFile() error {
	const want = `{"version":1,"cluster_id":"weir"}`
	data, err := os.ReadFile(filepath.Join(m.dir, "meta.json"))
	if err == nil && string(data) == want {
		return nil
	}
	if _, there := os.Stat(filepath.Join(m.dir, topicsFile)); there != nil {
		return nil // new
	}
	return m.replace("meta.json", []byte(want), "it is written anew")
}

// putTopics decides between the list of topics and its copy. They differ by whole topics where the process ended while the list was changed;
// the one that nobody had been told of does no harm. All other differences are damage.
func (m *mending) putTopics() error {
	have, err := readCopies(filepath.Join(m.dir, topicsCopy))
	if err != nil {
		return err
	}
	kept := have[topicsFile]
	now, err := os.ReadFile(filepath.Join(m.dir, topicsFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if kept == nil || bytes.Equal(now, kept) {
		return m.listTopics(now)
	}
	var a, b topicList
	if json.Unmarshal(kept, &b) != nil {
		return m.listTopics(now)
	}
	if json.Unmarshal(now, &a) == nil && a.follows(b) {
		return m.listTopics(now)
	}
	if err := m.replace(topicsFile, kept, "it differs from its copy, which is put back"); err != nil {
		return err
	}
	return m.listTopics(kept)
}

// topicList is kfake's list.
type topicList struct {
	Version int `json:"version"`
	Topics  []struct {
		Name       string            `json:"name"`
		ID         string            `json:"id"`
		Partitions int32             `json:"partitions"`
		Replicas   int               `json:"replicas"`
		Configs    map[string]string `json:"configs,omitempty"`
	} `json:"topics"`
}

// follows says whether a list can have come of another one by topics that were made or deleted.
func (l topicList) follows(b topicList) bool {
	names, ids := map[string]int{}, map[string]int{}
	for i, t := range b.Topics {
		names[t.Name], ids[t.ID] = i+1, i+1
	}
	for _, t := range l.Topics {
		i := names[t.Name]
		if i != ids[t.ID] {
			return false
		}
		if i > 0 {
			if o := b.Topics[i-1]; t.Partitions != o.Partitions || t.Replicas != o.Replicas || !maps.Equal(t.Configs, o.Configs) {
				return false
			}
		}
	}
	return l.Version == b.Version
}

func (m *mending) listTopics(data []byte) error {
	if data == nil {
		return nil
	}
	if err := json.Unmarshal(data, &m.topics); err != nil {
		return fmt.Errorf("%s, which lists the topics, can't be read, and there is no copy of it: %w", topicsFile, err)
	}
	return nil
}
