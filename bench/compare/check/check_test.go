package check

import (
	"encoding/binary"
	"fmt"
	"testing"

	"weir/bench/compare/clicks"
	"weir/bench/compare/query"
)

const base = 1767225600000 // 2026-01-01

// clicksOf are two minutes of two users, out of order, and one that only closes windows.
var clicksOf = []clicks.Click{
	{User: "u1", Page: "/p/1", Status: 200, Bytes: 5, TS: base + 61_000},
	{User: "u1", Page: "/p/1", Status: 404, Bytes: 6, TS: base + 1_000},
	{User: "u2", Page: "/p/200000", Status: 500, Bytes: 7, TS: base + 2_000},
	{User: "u1", Page: "/p/2", Status: 200, Bytes: 8, TS: base + 31_000},
	{User: "u1", Page: "/p/2", Status: 200, Bytes: 9, TS: base + 91_001},
	{User: clicks.Mark + "0", Page: clicks.Mark + "0", Status: 404, TS: base + 7_200_000},
}

func key(name string, times ...int64) []byte {
	b := []byte(name)
	for _, t := range times {
		b = binary.BigEndian.AppendUint64(b, uint64(t))
	}
	return b
}

func n(n int) string { return fmt.Sprintf(`{"N":%d}`, n) }

// What engines are to write for those clicks, by hand.
var written = map[query.Shape][][2]string{
	query.Filter:  {{"u2", `{"PAGE":"/p/200000","BYTES":7}`}, {"u1", `{"PAGE":"/p/1","BYTES":6}`}},
	query.PerUser: {{string(key("u1", base)), n(1)}, {string(key("u2", base)), n(1)}, {string(key("u1", base)), n(2)}, {string(key("u1", base+60_000)), n(2)}},
	query.PerPage: {{string(key("/p/1", base)), n(1)}, {string(key("/p/1", base+60_000)), n(1)}, {string(key("/p/2", base)), n(1)}, {string(key("/p/2", base+60_000)), n(1)},
		{string(key("/p/200000", base)), n(1)}, {string(key("~0", base)), n(9)}},
	query.Enrich: {{"/p/1", `{"USER_ID":"u1","TITLE":"Page number 1"}`}, {"/p/1", `{"USER_ID":"u1","TITLE":"Page number 1"}`},
		{"/p/2", `{"USER_ID":"u1","TITLE":"Page number 2"}`}, {"/p/2", `{"USER_ID":"u1","TITLE":"Page number 2"}`}},
	// A session's key has its end before its start. 30 s are no gap yet; 30.001 s are.
	query.Sessions: {{string(key("u1", base+1_000, base+1_000)), n(1)}, {string(key("u1", base+1_000, base+1_000)), ""}, {string(key("u1", base+61_000, base+1_000)), n(3)},
		{string(key("u1", base+91_001, base+91_001)), n(1)}, {string(key("u2", base+2_000, base+2_000)), n(1)}},
}

// A pair is no more than ten minutes apart, either way.
func TestPairs(t *testing.T) {
	p := NewPlain(query.Pairs)
	for id, at := range map[string]int64{"o1": base - 600_000, "o2": base - 600_001, "o3": base + 600_000, "o4": base + 600_001} {
		if err := p.Order(&clicks.Click{ID: id, User: "u1", TS: at}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []clicks.Click{{ID: "c1", User: "u1", TS: base}, {ID: "c2", User: "u2", TS: base}} {
		if err := p.Add(&c); err != nil {
			t.Fatal(err)
		}
	}
	got := taken(t, query.Query{Shape: query.Pairs}, BinaryKeys, [][2]string{{"u1", `{"CLICK":"c1","BOUGHT":"o3"}`}, {"u1", `{"click":"c1","bought":"o1"}`}, {"~0", `{}`}})
	if want := p.Digest(); got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
}

func plainOf(t *testing.T, s query.Shape, cs []clicks.Click) Digest {
	t.Helper()
	p := NewPlain(s)
	for _, c := range cs {
		if err := p.Add(&c); err != nil {
			t.Fatal(err)
		}
	}
	return p.Digest()
}

func taken(t *testing.T, q query.Query, keys Keys, records [][2]string) (d Digest) {
	t.Helper()
	table := map[uint64]int64{}
	for _, r := range records {
		val := []byte(r[1])
		if r[1] == "" {
			val = nil
		}
		if err := take([]byte(r[0]), val, q, keys, &d, table); err != nil {
			t.Fatal(err)
		}
	}
	for id, n := range table {
		d.count(id, n)
	}
	return d
}

func TestPlain(t *testing.T) {
	for shape, records := range written {
		q := query.Query{Shape: shape}
		want, got := plainOf(t, shape, clicksOf), taken(t, q, BinaryKeys, records)
		if got != want {
			t.Errorf("shape %d: %+v is written, and %+v computed", shape, got, want)
		}
		if got := taken(t, q, BinaryKeys, records[1:]); shape != query.PerUser && shape != query.Sessions && got == want {
			t.Errorf("shape %d: a record that is missing is not missed", shape)
		}
		if shape != query.Filter && shape != query.Enrich {
			continue
		}
		if got := taken(t, q, BinaryKeys, append(records, records[0])); got == want {
			t.Errorf("shape %d: a record that is there twice is not seen", shape)
		}
	}
}

func TestHops(t *testing.T) {
	var want Digest
	count := func(name string, start, n int64) { want.count(window(nil, name, start, 0), n) }
	for i := range int64(60) { // u1 has 2 clicks in the first minute and 2 in the second one
		if i > 0 {
			count("u1", base-i*minute+minute, 4)
		}
		count("u2", base-i*minute, 1)
	}
	count("u1", base+minute, 2)
	count("u1", base-hour+minute, 2)
	if got := plainOf(t, query.Hops, clicksOf); got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
}

func TestJSONKeys(t *testing.T) {
	user := query.Query{Shape: query.PerUser}
	want := plainOf(t, query.PerUser, clicksOf)
	for _, keys := range [][3]string{
		{`{"user_id":"u1","ws":1767225600000}`, `{"user_id":"u2","ws":1767225600000}`, `{"user_id":"u1","ws":1767225660000}`},
		{`{"user_id":"u1","from":"2026-01-01 00:00:00"}`, `{"user_id":"u2","from":"2026-01-01 00:00:00"}`, `{"user_id":"u1","from":"2026-01-01 00:01:00"}`},
	} {
		if got := taken(t, user, JSONKeys, [][2]string{{keys[0], `{"n":2}`}, {keys[1], `{"n":1}`}, {keys[2], `{"n":2}`}}); got != want {
			t.Errorf("%s: %+v, not %+v", keys, got, want)
		}
	}
	got := taken(t, query.Query{Shape: query.Sessions}, JSONKeys, [][2]string{
		{`{"user_id":"u1","from":"2026-01-01 00:00:01","to":"2026-01-01 00:01:31"}`, `{"n":3}`},
		{`{"user_id":"u1","from":"2026-01-01 00:01:31.001","to":"2026-01-01 00:02:01.001"}`, `{"n":1}`},
		{`{"user_id":"u2","from":"2026-01-01 00:00:02","to":"2026-01-01 00:00:32"}`, `{"n":1}`},
	})
	if want := plainOf(t, query.Sessions, clicksOf); got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
}

func TestBadKeys(t *testing.T) {
	var d Digest
	for _, c := range []struct {
		key  string
		keys Keys
		want string
	}{
		{"short", BinaryKeys, "the key has 5 bytes, and none are left for the window"},
		{"u1", JSONKeys, "invalid character 'u' looking for beginning of value"},
		{`{"from":"noon"}`, JSONKeys, `parsing time "noon" as "2006-01-02 15:04:05.999": cannot parse "noon" as "2006"`},
	} {
		err := take([]byte(c.key), []byte(`{}`), query.Query{Shape: query.PerUser}, c.keys, &d, map[uint64]int64{})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", c.key, err)
		}
	}
}
