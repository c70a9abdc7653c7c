package project

import (
	"crypto/md5" //nolint:gosec // the sums of ksqlDB's tool, which tell whether a file has changed
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// lastVersion is the greatest that fits a file's name.
const lastVersion = 999_999

// File is a migration.
type File struct {
	Version int
	Name    string // without its underscores
	Path    string
	Text    string
	Sum     string // MD5
}

var fileName = regexp.MustCompile(`^V([0-9]{6})__(.+)\.sql$`)

// Files are the migrations of a folder in the order of their versions. Others are skipped.
func Files(dir string) ([]File, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the migrations: %w", err)
	}
	var out []File
	for _, e := range list {
		m := fileName.FindStringSubmatch(e.Name())
		if m == nil || e.IsDir() {
			continue
		}
		f := File{Name: strings.ReplaceAll(m[2], "_", " "), Path: filepath.Join(dir, e.Name())}
		if f.Version, err = strconv.Atoi(m[1]); err != nil || f.Version == 0 {
			return nil, fmt.Errorf("%s: versions begin with 1", f.Path)
		}
		data, err := os.ReadFile(f.Path)
		if err != nil {
			return nil, err
		}
		sum := md5.Sum(data) //nolint:gosec // see above
		f.Text, f.Sum = string(data), hex.EncodeToString(sum[:])
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b File) int { return a.Version - b.Version })
	for i := 1; i < len(out); i++ {
		if out[i].Version == out[i-1].Version {
			return nil, fmt.Errorf("two migrations have the version %d: %s and %s", out[i].Version, out[i-1].Path, out[i].Path)
		}
	}
	return out, nil
}

func find(files []File, version int) (File, bool) {
	i := slices.IndexFunc(files, func(f File) bool { return f.Version == version })
	if i < 0 {
		return File{}, false
	}
	return files[i], true
}

var badInName = regexp.MustCompile(`[\s/\\:*?"<>|]`)

// Create makes an empty migration, with the version behind the last one where none is given, and returns its path.
func Create(dir, description string, version int) (string, error) {
	files, err := Files(dir)
	if err != nil {
		return "", err
	}
	if version == 0 {
		version = 1
		if len(files) > 0 {
			version = files[len(files)-1].Version + 1
		}
	}
	switch f, there := find(files, version); {
	case there:
		return "", fmt.Errorf("version %d is there already: %s", version, f.Path)
	case version < 1 || version > lastVersion:
		return "", fmt.Errorf("the version %d is not between 1 and %d", version, lastVersion)
	case strings.TrimSpace(description) == "":
		return "", fmt.Errorf("a migration needs a description")
	}
	path := filepath.Join(dir, fmt.Sprintf("V%06d__%s.sql", version, badInName.ReplaceAllString(description, "_")))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return "", err
	}
	return path, f.Close()
}
