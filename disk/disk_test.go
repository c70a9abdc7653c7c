package disk

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReplaceAndAppend(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, text := range []string{"first", "second, longer", "3"} {
		if err := Replace(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Fatalf("the file holds %q (%v), want %q", got, err, text)
		}
	}
	if err := Append(path, []byte("4")); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "34" {
		t.Fatalf("the file holds %q, want %q", got, "34")
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Fatalf("%d files are left, want 1", len(names))
	}
	if err := Replace(filepath.Join(dir, "no", "b"), nil); err == nil {
		t.Fatal("a file was written into a folder that is not there")
	}
}

// A whole file comes through a link, and leaves the link.
func TestWholeThroughALink(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	if err := os.WriteFile(real, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	w, err := Create(link, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(link); string(got) != "old" {
		t.Errorf("%q is there before it is whole", got)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().IsRegular() {
		t.Error("the link is gone", err)
	}
	if got, _ := os.ReadFile(real); string(got) != "new" {
		t.Errorf("it holds %q", got)
	}
}
