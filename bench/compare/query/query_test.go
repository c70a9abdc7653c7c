package query

import "testing"

func TestFind(t *testing.T) {
	qs, err := Find("b,hf")
	if err != nil || len(qs) != 2 || qs[0].Name != "b" || !qs[1].Final {
		t.Error(qs, err)
	}
	if qs, err := Find(""); err != nil || len(qs) != len(All) {
		t.Error(len(qs), err)
	}
	if _, err := Find("b,z"); err == nil || err.Error() != `there is no query "z": they are `+Names() {
		t.Error(err)
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, q := range All {
		if seen[q.Name] {
			t.Errorf("%s is there twice", q.Name)
		}
		seen[q.Name] = true
		if q.Divide < 1 || q.Rounds < 1 || q.Set.Name == "" {
			t.Errorf("%s: %+v", q.Name, q)
		}
	}
}
