package disk

import (
	"os"
	"path/filepath"
	"testing"
)

func TestBelow(t *testing.T) {
	for path, want := range map[string]bool{"/a/b": true, "/a/b/c": true, "/a/b/..c": true, "/a/b/../b/c": true, "/a": false, "/a/bc": false, "/a/b/../c": false, "c": false} {
		if got := Below("/a/b", path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// A link leads where it leads, also one that is the folder itself.
func TestReal(t *testing.T) {
	top := t.TempDir()
	for _, dir := range []string{"in", "out"} {
		if err := os.Mkdir(filepath.Join(top, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(top, dir, "f"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"in/away": "out", "in/here": "in/f", "alias": "in"} {
		if err := os.Symlink(filepath.Join(top, to), filepath.Join(top, link)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]bool{"in/f": true, "in/here": true, "alias/f": true, "in/away/f": false, "out/f": false} {
		for _, dir := range []string{"in", "alias"} {
			if real, below, err := Real(filepath.Join(top, dir), filepath.Join(top, path)); err != nil || below != want {
				t.Errorf("%s below %s: %s, %v, %v", path, dir, real, below, err)
			}
		}
	}
	if _, _, err := Real(top, filepath.Join(top, "nope")); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
	if _, _, err := Real(filepath.Join(top, "nope"), top); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}
