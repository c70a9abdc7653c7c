package state

import (
	"fmt"
	"testing"
)

func TestDB(t *testing.T) {
	dir := t.TempDir() + "/state"
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, other := StoreID{"Q_1", 0, 3, 0}, StoreID{"Q_10", 0, 3, 0}
	b := db.NewBatch()
	for i := range 10 {
		must(t, b.Put(a, []byte{byte(i)}, []byte(fmt.Sprint(i))))
	}
	must(t, b.Put(other, []byte{1}, []byte("other")))
	must(t, b.Put(a, []byte{3}, nil))
	must(t, b.SetMeta("Q_1", "offsets/x", []byte("7")))
	must(t, b.Commit(false))
	b = db.NewBatch()
	must(t, b.Drop(a, []byte{5}, []byte{8}))
	must(t, b.Commit(false))
	must(t, db.Close())

	db, err = Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got := ""
	must(t, db.Load(a, func(k, v []byte) error { got += string(v); return nil }))
	if got != "012489" {
		t.Errorf("after deletes: %s", got)
	}
	view, err := db.View()
	must(t, err)
	b = db.NewBatch()
	must(t, b.DropQuery("Q_1"))
	must(t, b.Commit(true))
	if v, err := view.Get(a, []byte{4}); string(v) != "4" || err != nil {
		t.Errorf("a view must not change: %q %v", v, err)
	}
	got = ""
	must(t, view.Scan(a, []byte{1}, []byte{9}, func(k, v []byte) error { got += string(v); return nil }))
	if got != "1248" {
		t.Errorf("Scan: %s", got)
	}
	must(t, view.Close())
	got = ""
	must(t, db.Load(a, func(k, v []byte) error { got += string(v); return nil }))
	must(t, db.Load(other, func(k, v []byte) error { got += string(v); return nil }))
	if got != "other" {
		t.Errorf("after DropQuery: %q", got)
	}
	if m, err := db.Metas("Q_1", "offsets/"); len(m) != 0 || err != nil {
		t.Errorf("Metas: %v %v", m, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
