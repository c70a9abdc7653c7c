package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOutbox(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(filepath.Join(dir, "state"))
	must(t, err)
	defer db.Close()
	o := db.Outbox(`CSAS_A/B_1`)
	defer o.Close()
	first, err := o.Write([]byte("a note"), []byte("the first outbox, a long one"))
	must(t, err)
	second, err := o.Write([]byte("a note"), []byte("the second"))
	must(t, err)

	again := db.Outbox(`CSAS_A/B_1`)
	for _, c := range []struct {
		ref  []byte
		want string
	}{{first, "the first outbox, a long one"}, {second, "the second"}} {
		got, err := again.Read(c.ref)
		if err != nil || string(got) != c.want {
			t.Errorf("read %q, %v; want %q", got, err, c.want)
		}
	}
	kept, err := again.Keep(0)
	must(t, err)
	if len(kept) != 2 || kept[0].Seq != 2 || string(kept[0].Data) != "the second" || string(kept[1].Note) != "a note" {
		t.Errorf("kept are %v", kept)
	}
	third, err := again.Write([]byte("a note"), []byte("3"))
	must(t, err)
	if got, err := o.Read(second); err != nil || string(got) != "the second" {
		t.Errorf("writing has touched the file referred to: %q, %v", got, err)
	}
	if _, err := o.Read(first); !errors.Is(err, ErrOutbox) {
		t.Errorf("an overwritten outbox is read: %v", err)
	}
	must(t, os.Truncate(again.paths[third[0]-numbered], 0))
	for _, ref := range [][]byte{third, {7, 1, 0, 0, 0, 0}, {1, 1, 0, 0, 0, 0}, []byte(strings.Repeat("\xff", 20))} {
		if _, err := again.Read(ref); !errors.Is(err, ErrOutbox) {
			t.Errorf("read %v: %v", ref, err)
		}
	}
	if ref, err := again.Write(nil, nil); err != nil || len(ref) != 0 {
		t.Errorf("nothing is kept under %v, %v", ref, err)
	}
	if got, err := again.Read([]byte{}); err != nil || len(got) != 0 {
		t.Errorf("nothing is read as %q, %v", got, err)
	}
	must(t, again.Remove())
	if _, err := o.Read(second); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Remove: %v", err)
	}
}
