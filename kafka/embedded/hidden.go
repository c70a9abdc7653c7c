package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// hideSettings gives the settings that an earlier version has written their names.
func hideSettings(dir string) error {
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
	changed := false
	for _, t := range topics {
		var configs map[string]string
		if len(t["configs"]) == 0 || json.Unmarshal(t["configs"], &configs) != nil {
			continue
		}
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
		if t["configs"], err = json.Marshal(configs); err != nil {
			return err
		}
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
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, raw, 0o644); err != nil {
		return fmt.Errorf("the embedded broker cannot write its topics: %w", err)
	}
	return os.Rename(tmp, path)
}
