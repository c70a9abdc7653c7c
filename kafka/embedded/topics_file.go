package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"weir/disk"
)

// hidden are the settings of topics that kfake would act on by itself, in ways of its own. It keeps them under names that it doesn't know.
var hidden = []string{"cleanup.policy", "retention.ms", "retention.bytes"}

// kept is the name under which kfake keeps a topic's setting.
func kept(name string) string {
	if slices.Contains(hidden, name) {
		return "weir." + name
	}
	return name
}

// mendTopics mends what earlier versions have written into kfake's list of topics: settings that are hidden now, and names too long for
// the name of a folder. A topic of such a name never held a record, and kept the broker from starting.
func mendTopics(dir string, log *slog.Logger) error {
	path := filepath.Join(dir, "topics.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	var file map[string]json.RawMessage
	var topics []map[string]json.RawMessage
	if json.Unmarshal(raw, &file) != nil || json.Unmarshal(file["topics"], &topics) != nil {
		return nil // kfake says what is wrong
	}
	total := len(topics)
	topics = slices.DeleteFunc(topics, func(t map[string]json.RawMessage) bool { return hasNoPlace(t, log) })
	changed := len(topics) < total
	for _, t := range topics {
		hid, err := hideSettings(t)
		if err != nil {
			return err
		}
		changed = changed || hid
	}
	if !changed {
		return nil
	}
	if file["topics"], err = json.Marshal(topics); err != nil {
		return err
	}
	if raw, err = json.Marshal(file); err != nil {
		return err
	}
	if err := disk.Replace(path, raw); err != nil {
		return fmt.Errorf("the embedded broker cannot write its topics: %w", err)
	}
	return nil
}

func hasNoPlace(topic map[string]json.RawMessage, log *slog.Logger) bool {
	const longest = 255 // bytes of a file's name
	var name string
	var partitions int
	if json.Unmarshal(topic["name"], &name) != nil || json.Unmarshal(topic["partitions"], &partitions) != nil ||
		len(url.PathEscape(name)+"-"+strconv.Itoa(partitions-1)) <= longest {
		return false
	}
	log.Warn("a topic whose name is too long for a folder is left out: it never held a record", "topic", name)
	return true
}

func hideSettings(topic map[string]json.RawMessage) (bool, error) {
	var configs map[string]string
	if len(topic["configs"]) == 0 || json.Unmarshal(topic["configs"], &configs) != nil {
		return false, nil
	}
	changed := false
	for _, name := range hidden {
		v, ok := configs[name]
		if !ok {
			continue
		}
		if _, there := configs[kept(name)]; !there { // else a compaction was interrupted
			configs[kept(name)] = v
		}
		delete(configs, name)
		changed = true
	}
	var err error
	topic["configs"], err = json.Marshal(configs)
	return changed, err
}
