package engine

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// postNamed posts a record under a name, and says where it lies; at a point named die the process is gone.
func (n *node) postNamed(t *testing.T, name, die string) (at Posted, died bool) {
	t.Helper()
	topic, err := n.cluster.Topic(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}
	n.opt.FailPoint = func(point string) {
		if point == die {
			panic(die)
		}
	}
	defer func() {
		if v := recover(); v != nil {
			if v != die {
				panic(v)
			}
			died = true
		}
	}()
	rec := &kgo.Record{Topic: "p", Value: []byte("v" + name), Headers: []kgo.RecordHeader{{Key: headerIdempotency, Value: []byte(name)}}}
	if at, err = n.writePost(t.Context(), topic.ID, name, rec); err != nil {
		t.Fatal(err)
	}
	return at, false
}

// TestPostsOverACrash: a post that died before or behind its record is there once when it comes again, and a name is known as long as the setting says.
func TestPostsOverACrash(t *testing.T) {
	dir := t.TempDir()
	keys := "3"
	begin := func() *node {
		return startWith(t, dir, map[string]string{"weir.http.max.idempotency.keys": keys})
	}
	n := begin()
	if _, err := n.cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: "p", Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		name, die string
		keys      string // the node starts anew
		repeated  bool
		rows      int
	}{
		{"a", "post remembered", "", false, 0},
		{"a", "", "3", false, 1},
		{"b", "post written", "", false, 2},
		{"b", "", "3", true, 2},
		{"b", "", "3", true, 2},
		{"c", "", "", false, 3},
		{"a", "", "", true, 3},
		{"d", "", "", false, 4}, // takes the place of a
		{"b", "", "", true, 4},
		{"a", "", "3", false, 5}, // and a that of b
		{"d", "", "5", true, 5},
		{"e", "", "", false, 6},
		{"f", "", "", false, 7}, // now there is room for five
		{"c", "", "5", true, 7},
		{"c", "", "2", false, 8}, // and now for two, which are d and a
	} {
		if c.keys != "" {
			n.stop(t)
			keys = c.keys
			n = begin()
		}
		at, died := n.postNamed(t, c.name, c.die)
		rows := len(readAll(t, n.cluster, "p"))
		if died != (c.die != "") || at.Repeated != c.repeated || rows != c.rows {
			t.Errorf("%d: %+v, died %t, %d rows; want repeated %t, %d rows", i, at, died, rows, c.repeated, c.rows)
		}
		if !died && at.Offset >= int64(rows) {
			t.Errorf("%d: offset %d of %d", i, at.Offset, rows)
		}
	}
	n.stop(t)
}
