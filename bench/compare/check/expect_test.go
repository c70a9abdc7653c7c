package check_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/bench/compare/check"
	"weir/bench/compare/clicks"
	"weir/bench/compare/query"
	"weir/kafka/embedded"
)

// What lies in a topic comes to the same as what was made; a load that was interrupted is made anew, and one that is whole is left alone.
func TestExpect(t *testing.T) {
	ctx := context.Background()
	broker, err := embedded.Start(embedded.Options{DataDir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	loader, err := clicks.NewLoader(broker.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer loader.Close()
	const n = 5_000
	load := func() {
		t.Helper()
		if err := loader.Clicks(ctx, clicks.Few, n); err != nil {
			t.Fatal(err)
		}
	}
	admin, err := kgo.NewClient(kgo.SeedBrokers(broker.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := kadm.NewClient(admin).CreateTopic(ctx, clicks.Partitions, 1, nil, clicks.Few.Topic(n)); err != nil {
		t.Fatal(err)
	}
	if err := loader.CloseWindows(ctx, clicks.Few, n); err != nil { // records of a load that did not come further
		t.Fatal(err)
	}
	load()
	load()
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "e", "i"} {
		q := mustFind(t, name)
		plain := check.NewPlain(q.Shape)
		if err := clicks.Few.Each(n, plain.Add); err != nil {
			t.Fatal(err)
		}
		want := plain.Digest()
		q.Set = clicks.Few
		for range 2 { // the second time from the file
			if got, err := check.Expect(ctx, broker.Addr(), dir, q, n); err != nil || got != want || want.Rows == 0 {
				t.Errorf("%s: %+v, not %+v: %v", name, got, want, err)
			}
		}
	}
	kept, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(kept) != 4 {
		t.Fatal(kept, err)
	}
	if err := os.WriteFile(kept[0], []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := check.Expect(ctx, broker.Addr(), dir, mustFind(t, "a"), n); err == nil || err.Error() != kept[0]+": unexpected end of JSON input: delete it, and it is computed anew" {
		t.Error(err)
	}
}

func mustFind(t *testing.T, name string) query.Query {
	t.Helper()
	qs, err := query.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return qs[0]
}
