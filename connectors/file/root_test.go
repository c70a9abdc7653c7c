package file

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/connectors/connector"
)

// A connector that is confined reads what lies below its root, and nothing else: by no path, no pattern and no link.
func TestConfined(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	for _, path := range []string{filepath.Join(root, "a.txt"), filepath.Join(outside, "secret.txt")} {
		if err := os.WriteFile(path, []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(outside, "secret.txt"), filepath.Join(root, "link.txt")); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink(outside, filepath.Join(root, "dir")); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct{ root, path, want string }{
		{root, "a.txt", ""},
		{root, filepath.Join(root, "a.txt"), ""},
		{root, "sub/../a.txt", ""},
		{root, "*.none/../a.txt", ""},
		{root, "../" + filepath.Base(outside) + "/secret.txt", "outside of"},
		{root, filepath.Join(outside, "secret.txt"), "outside of"},
		{root, root + "-other/a.txt", "outside of"},
		{root, "/etc/*", "outside of"},
		{root, "link.txt", "leads out of"},
		{root, "dir/secret.txt", "leads out of"},
		{root, "d*/s*", "leads out of"},
		{"", "a.txt", "weir.file.root"},
	} {
		values, err := connector.Check(Class(), []connector.Setting{{Name: connector.ClassProperty, Value: "file"}, {Name: "path", Value: c.path}, {Name: "topic", Value: "t"}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := open(connector.Env{Name: "c", Confined: true, Root: c.root, Logger: slog.New(slog.DiscardHandler)}, values)
		if err == nil {
			s := r.(*source)
			var files []string
			if files, err = s.match(); err == nil {
				var in *reading
				if in, err = s.open(&fileState{Path: files[0]}, 0); err == nil {
					in.close()
				}
			}
		}
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.path, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "weir.file.root")):
			t.Errorf("%s: got %v, want %s", c.path, err, c.want)
		}
	}
}
