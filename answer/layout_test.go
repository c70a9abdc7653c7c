package answer

import "testing"

func TestCounted(t *testing.T) {
	for _, c := range []struct {
		n     int64
		thing string
		want  string
	}{{0, "row", "0 rows"}, {1, "row", "1 row"}, {2000, "row", "2,000 rows"}, {1, "query", "1 query"}, {2, "query", "2 queries"}, {-1, "entry", "-1 entries"}} {
		if got := Counted(c.n, c.thing); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
