package datagen

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/connectors/connector"
)

func settings(pairs ...string) []connector.Setting {
	var out []connector.Setting
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, connector.Setting{Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func openSource(pairs ...string) (*source, error) {
	v, err := connector.Check(Class(), settings(pairs...))
	if err != nil {
		return nil, err
	}
	r, err := Class().Open(connector.Env{Name: "t"}, v)
	if err != nil {
		return nil, err
	}
	return r.(*source), nil
}

func mustOpen(t testing.TB, pairs ...string) *source {
	t.Helper()
	s, err := openSource(pairs...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// memory is an Output that keeps all.
type memory struct {
	records []connector.Record
	total   int64
}

func (m *memory) Emit(_ context.Context, r *connector.Record) error {
	c := *r
	c.Key, c.Value = append([]byte(nil), r.Key...), append([]byte(nil), r.Value...)
	m.records = append(m.records, c)
	return nil
}
func (m *memory) Flush(context.Context) error { return nil }
func (m *memory) Partitions(string) int32     { return 4 }
func (m *memory) SetTotal(n int64)            { m.total = n }
func (m *memory) Bad(error)                   {}

// draw gives n values of one generator.
func draw(t *testing.T, spec string, n int) []string {
	t.Helper()
	s := mustOpen(t, "topic", "t", "field.f", spec)
	e := newEncoder(s)
	out := make([]string, n)
	for i := range out {
		value, _, _ := e.row(int64(i), 0)
		var v struct{ F json.RawMessage }
		if err := json.Unmarshal(value, &v); err != nil {
			t.Fatalf("%s gives %s: %v", spec, value, err)
		}
		out[i] = string(v.F)
	}
	return out
}

func TestGenerators(t *testing.T) {
	type check func(string) bool
	between := func(low, high float64) check {
		return func(s string) bool { f, err := strconv.ParseFloat(s, 64); return err == nil && f >= low && f <= high }
	}
	oneOf := func(texts ...string) check {
		return func(s string) bool {
			for _, x := range texts {
				if s == x {
					return true
				}
			}
			return false
		}
	}
	text := func(prefix string) check {
		return func(s string) bool { return strings.HasPrefix(s, `"`+prefix) && strings.HasSuffix(s, `"`) }
	}
	for spec, ok := range map[string]check{
		"sequence":                           between(1, 1000),
		"sequence(from=-5, step=0)":          oneOf("-5"),
		"uniform(1, 6)":                      func(s string) bool { _, err := strconv.Atoi(s); return err == nil && between(1, 6)(s) },
		"uniform(1, 6.50)":                   func(s string) bool { _, f, _ := strings.Cut(s, "."); return len(f) == 2 && between(1, 6.5)(s) },
		"uniform(min=-1, max=1, decimals=9)": between(-1, 1),
		"normal(10, 0.1)":                    between(9, 11),
		"normal(mean=0, sd=0)":               oneOf("0.00"),
		"zipf(3)":                            oneOf("1", "2", "3"),
		"zipf(1, 0)":                         oneOf("1"),
		"choice(a:3, b)":                     oneOf(`"a"`, `"b"`),
		"choice(1, 2.5:0)":                   oneOf("1"),
		"choice('1', 'x:y':0)":               oneOf(`"1"`),
		"choice(01)":                         oneOf(`"01"`),
		`const('a "b" \ ä')`:                 oneOf(`"a \"b\" \\ ä"`),
		"const(true)":                        oneOf("true"),
		"user(3)":                            oneOf(`"user_1"`, `"user_2"`, `"user_3"`),
		"uuid":                               func(s string) bool { return len(s) == 38 && s[15] == '4' && strings.ContainsRune("89ab", rune(s[20])) },
		"now":                                between(1e12, 1e14),
		"now(iso)":                           text("2"),
		"time(2024-01-02)":                   between(1704153600000, 1704153600000+1000*1000),
		"time(start=2024-01-02T03:04:05Z, format=iso)": text("2024-01-02T03:"),
		"lat":                        between(-90, 90),
		"lon(min=-10, max=-9.5)":     between(-10, -9.5),
		"ip":                         func(s string) bool { return strings.Count(s, ".") == 3 },
		"words(2)":                   func(s string) bool { return strings.Count(s, " ") == 1 },
		"bool(1)":                    oneOf("true"),
		"null(1, uuid)":              oneOf("null"),
		"null(0.5, 'x{sequence}')":   func(s string) bool { return s == "null" || text("x")(s) },
		"null(0, null(0, const(7)))": oneOf("7"),
		"user_{zipf(2)}":             oneOf(`"user_1"`, `"user_2"`),
		"{{{choice(a)}}}":            oneOf(`"{a}"`),
		"a{null(1, ip)}b":            oneOf("null"),
	} {
		for _, got := range draw(t, spec, 300) {
			if !ok(got) {
				t.Errorf("%s gives %s", spec, got)
				break
			}
		}
	}
}

func TestDistributions(t *testing.T) {
	const n = 40_000
	count := func(spec, value string) float64 {
		sum := 0
		for _, v := range draw(t, spec, n) {
			if v == value {
				sum++
			}
		}
		return float64(sum) / n
	}
	for _, c := range []struct {
		spec, value string
		want        float64
	}{
		{"choice(a:3, b:1)", `"a"`, 0.75},
		{"bool(0.2)", "true", 0.2},
		{"null(0.1, sequence)", "null", 0.1},
		{"zipf(2, 1)", "1", 2.0 / 3},
		{"zipf(3, 2)", "2", 0.25 / (1 + 0.25 + 1.0/9)},
		{"uniform(1, 4)", "4", 0.25},
	} {
		if got := count(c.spec, c.value); math.Abs(got-c.want) > 0.015 {
			t.Errorf("%s gives %s in %.3f of the rows, want %.3f", c.spec, c.value, got, c.want)
		}
	}
	late, last := 0, int64(0)
	for i, v := range draw(t, "time(2024-01-01, step=1s, late=0.1, by=1h)", 10_000) {
		at, _ := strconv.ParseInt(v, 10, 64)
		if want := int64(1704067200000) + int64(i)*1000; at != want {
			late++
			if at > want || at < want-3_600_000 {
				t.Fatalf("row %d is at %d, want at most an hour before %d", i, at, want)
			}
		}
		last = max(last, at)
	}
	if late < 800 || late > 1200 || last != 1704067200000+9999*1000 {
		t.Errorf("%d of 10,000 rows are late; the last is at %d", late, last)
	}
}

// Event times keep up with the rate, so that windows over made-up rows close as those over real ones.
func TestTimesKeepUpWithTheRate(t *testing.T) {
	for _, c := range []struct {
		props []string
		apart int64
	}{
		{[]string{"field.f", "time(2024-01-01)", "rate", "5"}, 200},
		{[]string{"field.f", "time(2024-01-01)"}, 1000},
		{[]string{"field.f", "time(2024-01-01, step=3ms)", "rate", "5"}, 3},
	} {
		e := newEncoder(mustOpen(t, append(c.props, "topic", "t")...))
		var v struct{ F int64 }
		value, _, _ := e.row(100, 0)
		if err := json.Unmarshal(value, &v); err != nil || v.F != 1704067200000+100*c.apart {
			t.Errorf("%v: row 100 is at %d, %v", c.props, v.F, err)
		}
	}
	s := mustOpen(t, "quickstart", "clicks", "rate", "5")
	e := newEncoder(s)
	e.row(100, 0)
	if at := s.fields[s.timestamp].millis(&e.r); at < 20_000-30_200 || at > 20_200 {
		t.Errorf("click 100 at 5 a second is at %d ms", at)
	}
}

func TestSpecErrors(t *testing.T) {
	for spec, want := range map[string]string{
		"":                         "expected a generator",
		"unifrom(1, 2)":            "did you mean uniform?",
		"US":                       "const('text')",
		"uniform(1":                "expected a comma or ) at character 10 of 'uniform(1', found the end",
		"uniform(1, 2) x":          "expected the end at character 15",
		"uniform()":                "the argument min is missing",
		"uniform(1,2,3,4)":         "at most 3 arguments",
		"uniform(2, 1)":            "min 2 is above max 1",
		"uniform(a, 1)":            "min: expected a number, found 'a'",
		"uniform(1, max=2, max=3)": "the argument max is given twice",
		"uniform(1, maxx=2)":       "no argument maxx; its form is uniform(min, max, decimals)",
		"uniform(1, 1e400)":        "expected a number",
		"zipf(0)":                  "from 1 to 1000000",
		"zipf(10, -1)":             "from 0 to 100",
		"choice()":                 "at least 1 arguments are needed",
		"choice(a:x)":              "the weight of 'a' is not a number: 'x'",
		"choice(a:0)":              "add up to 0",
		"choice(a:NaN)":            "is not a number",
		"choice(ip())":             "expected texts",
		"bool(2)":                  "a share from 0 to 1",
		"time(tomorrow)":           "start:",
		"time(step=fast)":          "step: expected a length of time",
		"now(rfc)":                 "expected ms or iso",
		"lat(10, 5)":               "min <= max",
		"null(1)":                  "the argument of is missing",
		"null(1, nothing)":         "there is no generator 'nothing'",
		"a{b":                      "expected a } at character 4",
		"a}b":                      "expected a { before the }",
		"const('x":                 "closing quote",
		"{" + strings.Repeat("null(1,", 40) + "ip" + strings.Repeat(")", 40) + "}": "nested at most 20 deep",
	} {
		if _, err := openSource("topic", "t", "field.f", spec); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "field.f") {
			t.Errorf("%q: %v, want %q", spec, err, want)
		}
	}
}

func TestPropertyErrors(t *testing.T) {
	for _, c := range []struct {
		want  string
		pairs []string
	}{
		{"needs the property 'topic'", []string{"field.a", "ip"}},
		{"at least one 'field.NAME'", []string{"topic", "t"}},
		{"exclude each other", []string{"quickstart", "clicks", "field.a", "ip"}},
		{"did you mean 'clicks'?", []string{"quickstart", "click"}},
		{"no field 'b'; the fields are: a", []string{"topic", "t", "field.a", "ip", "key", "b"}},
		{"not made by time", []string{"topic", "t", "field.a", "ip", "timestamp", "a"}},
		{"a number of rows per second", []string{"topic", "t", "field.a", "ip", "rate", "0"}},
		{"has no property 'field.'", []string{"topic", "t", "field.", "ip"}},
		{"is given twice", []string{"topic", "t", "field.a", "ip", "FIELD.A", "ip"}},
		{"a number from 1", []string{"topic", "t", "field.a", "ip", "rows", "0"}},
	} {
		if _, err := openSource(c.pairs...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.pairs, err, c.want)
		}
	}
}

func TestRunIsTheSameWhereverItGoesOn(t *testing.T) {
	pairs := []string{"topic", "t", "field.id", "sequence", "field.who", "null(0.3, 'user_{zipf(9)}')", "field.at", "time(2024-01-01, jitter=1s, late=0.1)", "field.x", "normal(1, 2)",
		"key", "who", "timestamp", "at", "rows", "500", "seed", "7"}
	var all, rest memory
	s := mustOpen(t, pairs...)
	if err := s.Run(t.Context(), &all, nil); err != nil {
		t.Fatal(err)
	}
	if pos, _ := json.Marshal(s.Position()); !strings.HasPrefix(string(pos), `{"row":500,`) || len(all.records) != 500 || all.total != 500 {
		t.Fatalf("%d rows, position %s", len(all.records), pos)
	}
	if err := mustOpen(t, pairs...).Run(t.Context(), &rest, json.RawMessage(`{"row":123}`)); err != nil {
		t.Fatal(err)
	}
	keys := 0
	for i, r := range rest.records {
		if want := all.records[i+123]; fmt.Sprint(r) != fmt.Sprint(want) {
			t.Fatalf("row %d is %v, was %v", i+123, r, want)
		}
		var v struct {
			Who *string
			At  int64
		}
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatal(err)
		}
		if (v.Who == nil) != (r.Key == nil) || v.Who != nil && *v.Who != string(r.Key) || v.At != r.Timestamp {
			t.Fatalf("key %q and timestamp %d of %s", r.Key, r.Timestamp, r.Value)
		}
		if r.Key != nil {
			keys++
		}
	}
	if keys < 200 || keys > 320 {
		t.Errorf("%d of 377 rows have a key", keys)
	}
	other := mustOpen(t, append(pairs[:len(pairs)-1:len(pairs)-1], "8")...)
	a, _, _ := newEncoder(s).row(5, 0)
	b, _, _ := newEncoder(other).row(5, 0)
	if string(a) == string(b) {
		t.Error("another seed gives the same rows")
	}
}

func TestCSV(t *testing.T) {
	s := mustOpen(t, "topic", "t", "format", "csv", "field.a", "const('x, \"y\"')", "field.b", "null(1, ip)", "field.c", "sequence", "field.d", "const('')", "key", "c")
	value, key, keyed := newEncoder(s).row(4, 0)
	fields, err := csv.NewReader(strings.NewReader(string(value))).Read()
	if want := `"x, ""y""",,5,""`; err != nil || string(value) != want || len(fields) != 4 || fields[0] != `x, "y"` || string(key) != "5" || !keyed {
		t.Errorf("%s (%q), key %q, %v; want %s", value, fields, key, err, want)
	}
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its clock goes on only while the source sleeps
		var out memory
		begin := time.Now()
		if err := mustOpen(t, "topic", "t", "field.a", "ip", "rows", "50", "rate", "500").Run(t.Context(), &out, nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took < 80*time.Millisecond || took > 98*time.Millisecond { // rows that are due soon come together
			t.Errorf("50 rows at 500 a second took %v", took)
		}
	})
}

func TestQuickstarts(t *testing.T) {
	for _, name := range quickstartNames() {
		var out memory
		s := mustOpen(t, "quickstart", name, "rows", "20")
		if err := s.Run(t.Context(), &out, nil); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.records {
			if !json.Valid(r.Value) || r.Key == nil || r.Topic != name || r.Timestamp < time.Now().Add(-time.Hour).UnixMilli() {
				t.Errorf("%s: %s %s %d", name, r.Key, r.Value, r.Timestamp)
			}
		}
	}
}

func FuzzSpec(f *testing.F) {
	for _, q := range quickstarts {
		for _, s := range q.fields {
			f.Add(s.Value)
		}
	}
	f.Add("null(0.5, choice('a, b':2, c))")
	f.Fuzz(func(t *testing.T, spec string) {
		if strings.Contains(spec, "zipf") || strings.Contains(spec, "words") { // correct, and large
			t.Skip()
		}
		s, err := openSource("topic", "t", "field.f", spec)
		if err != nil {
			return
		}
		value, _, _ := newEncoder(s).row(3, 1)
		if !json.Valid(value) {
			t.Fatalf("%q gives %s", spec, value)
		}
	})
}

func BenchmarkRow(b *testing.B) {
	e := newEncoder(mustOpen(b, "quickstart", "clicks"))
	b.ReportAllocs()
	for i := range b.N {
		e.row(int64(i), 0)
	}
}
