package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A check tells of what is damaged, changes nothing, and doesn't look at a directory in which a node runs.
func TestCheck(t *testing.T) {
	base := damageBases(t)[0]
	status, out, errs := call(t.Context(), "", "check", base.dir)
	if status != 0 || !strings.Contains(out, "All is sound.") || !strings.Contains(out, "CTAS_AGG_4") {
		t.Errorf("a sound one: %d\n%s%s", status, out, errs)
	}
	path := filepath.Join(base.dir, "broker", "partitions", "src-0", "0.dat")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 8
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	before := filesOf(t, base.dir)
	status, out, errs = call(t.Context(), "", "check", "--data-dir", base.dir)
	if status != 1 || !strings.Contains(out, "partitions/src-0/0.dat") || !strings.Contains(out, "to do") {
		t.Errorf("a damaged one: %d\n%s%s", status, out, errs)
	}
	for name, size := range filesOf(t, base.dir) {
		if before[name] != size {
			t.Errorf("%s has changed", name)
		}
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, raw) {
		t.Errorf("the damaged file has changed: %v", err)
	}
	n := startDamaged(t, base.dir, &bytes.Buffer{})
	if status, out, errs = call(t.Context(), "", "check", base.dir); status != 2 || !strings.Contains(errs, "a node is running") {
		t.Errorf("a running one: %d\n%s%s", status, out, errs)
	}
	if err := n.node.close(); err != nil {
		t.Fatal(err)
	}
	if status, _, errs = call(t.Context(), "", "check", filepath.Join(base.dir, "nowhere")); status != 2 || !strings.Contains(errs, "cannot read") {
		t.Errorf("none: %d %s", status, errs)
	}
}
