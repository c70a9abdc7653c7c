package results

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func open(t *testing.T, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func at(engine string, round int) Key {
	return Key{Query: "b", Engine: engine, Build: "x", Records: 1_000_000, Round: round}
}

func TestResume(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	f := open(t, path)
	for i, verdict := range []string{Right, "WRONG: 3 rows, and there have to be 4"} {
		if err := f.Add(Run{Key: at("weir", i), Took: 2, Verdict: verdict}); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, `{"query":"b","eng`...), 0o644); err != nil { // killed while it wrote
		t.Fatal(err)
	}
	f = open(t, path)
	if len(f.Runs) != 2 || !f.Has(at("weir", 0)) || f.Has(at("weir", 1)) || f.Has(at("weir", 2)) {
		t.Errorf("%+v", f.Runs)
	}
	if err := f.Add(Run{Key: at("weir", 1), Verdict: Right}); err != nil {
		t.Fatal(err)
	}
	f = open(t, path)
	if len(f.Runs) != 3 || !f.Has(at("weir", 1)) {
		t.Errorf("%+v", f.Runs)
	}
	for _, other := range []func(*Key){func(k *Key) { k.Build = "y" }, func(k *Key) { k.Records++ }, func(k *Key) { k.Heap = "1g" }, func(k *Key) { k.Query = "a" }} {
		k := at("weir", 0)
		if other(&k); f.Has(k) {
			t.Errorf("%+v is taken for another run", k)
		}
	}
}

func TestEdited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	if err := os.WriteFile(path, []byte("{}\nnonsense\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Open(path)
	if want := path + ", line 2: invalid character 'o' in literal null (expecting 'u'): it is no file of runs, or was edited"; err == nil || err.Error() != want {
		t.Errorf("%v\nnot %s", err, want)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		xs   []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{9, 1}, 5}, {[]float64{7, 100, 2}, 7}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := Median(c.xs); got != c.want {
			t.Errorf("%v: %v", c.xs, got)
		}
	}
}

// Ratios are those of rounds: what disturbed both engines in one round does not count.
func TestTable(t *testing.T) {
	f := &File{}
	for round, disturbed := range []float64{1, 10, 1} {
		f.Runs = append(f.Runs,
			Run{Key: at("weir", round), Took: 2 * disturbed, CPU: 1, Peak: 100e6, WarmRecords: 700_000, WarmTook: 1, WarmCPU: 0.5, Start: 0.1, Broker: 3, Verdict: Right},
			Run{Key: at("streams", round), Took: 8 * disturbed, CPU: 6, Peak: 300e6 + int64(round), Verdict: Right})
	}
	f.Runs = append(f.Runs, Run{Key: at("streams", 2), Verdict: "not done after 15m0s"}, Run{Key: at("flink", 0), Verdict: "WRONG"})
	var b strings.Builder
	f.Table(&b, "b: counts", []Line{{at("weir", 0), 3}, {at("streams", 0), 3}, {at("flink", 0), 3}})
	want := `
b: counts

| engine | k records/s | time x | CPU s/M | CPU x | warm k records/s | warm CPU s/M | start s | start CPU s | broker CPU s/M | peak MB | memory x | runs |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| weir | 500 | 1.00 | 1.00 | 1.00 | 700 | 0.71 | 0.1 | 0.0 | 3.00 | 100 | 1.00 | 3 right |
| streams | 125 | 4.00 | 6.00 | 6.00 | - | - | 0.0 | 0.0 | 0.00 | 300 | 3.00 | 3 right, 1 wrong |
| flink | | | | | | | | | | | | none right, 1 wrong |
`
	if b.String() != want {
		t.Errorf("%s\nnot%s", b.String(), want)
	}
}
