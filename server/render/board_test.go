package render

import (
	"encoding/json"
	"testing"

	"weir/server/wire"
)

func TestBoard(t *testing.T) {
	meta := wire.QueryMeta{ColumnNames: []string{"PAGE", "N"}, ColumnTypes: []string{"STRING", "BIGINT"}}
	b := NewBoard(meta)
	b.Key, b.Order, b.Limit, b.Bar = []int{0}, []Order{{Column: 1, Desc: true}}, 3, 1
	put := func(row string, gone bool) {
		t.Helper()
		if err := b.Put(json.RawMessage(row), gone); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []string{`["/a",9]`, `["/b",10]`, `["/c",null]`, `["/d",2]`, `["/a",20]`, `["/e",30]`} {
		put(row, false)
	}
	put(`["/e",null]`, true)
	want := ` PAGE   |      N
 STRING | BIGINT
--------+--------
 /a     |     20 ███████████████████
 /b     |     10 █████████
 /d     |      2 █
`
	if got := b.Text(60, 20); got != want {
		t.Errorf("got\n%s", got)
	}
	if b.Rows() != 4 || b.Changes() != 7 {
		t.Errorf("%d rows, %d changes", b.Rows(), b.Changes())
	}
	b.Bar, b.Limit, b.Order = -1, 0, nil
	want = ` PAGE   |      N
 STRING | BIGINT
--------+--------
 /a     |     20
 /b     |     10
`
	if got := b.Text(60, 5); got != want { // by the key, as many as there is room for
		t.Errorf("got\n%s", got)
	}
	if err := b.Put(json.RawMessage(`["/a"]`), false); err == nil {
		t.Error("a value is missing")
	}
}

// Without a key the last rows are shown.
func TestBoardOfAStream(t *testing.T) {
	b := NewBoard(wire.QueryMeta{ColumnNames: []string{"A"}, ColumnTypes: []string{"INTEGER"}})
	for _, row := range []string{`[1]`, `[2]`, `[3]`} {
		if err := b.Put(json.RawMessage(row), false); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := b.Text(60, 5), "       A\n INTEGER\n---------\n       2\n       3\n"; got != want {
		t.Errorf("got\n%s", got)
	}
}
