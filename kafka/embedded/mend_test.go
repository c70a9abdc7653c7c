package embedded

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// damagedTopic is the folder of a broker with a topic of ten batches, a record each, and where the batches begin in its file.
func damagedTopic(t *testing.T) (dir, file string, batches []int64) {
	t.Helper()
	dir = t.TempDir()
	b, err := Start(Options{DataDir: dir, Addr: "127.0.0.1:0", Partitions: 1, AutoCreate: true})
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(append(b.ClientOpts(), kgo.AllowAutoTopicCreation())...)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "t", Value: fmt.Append(nil, "row ", i)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	client.Close()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "partitions", "t-0", "0.dat")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pieces(raw) {
		batches = append(batches, p.from)
	}
	return dir, file, batches
}

// rowsOf starts the broker, writes a row more, and gives all by their offsets.
func rowsOf(t *testing.T, dir string, log *bytes.Buffer) (rows map[int64]string, lost []Lost) {
	t.Helper()
	b, err := Start(Options{DataDir: dir, Addr: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	client, err := kgo.NewClient(append(b.ClientOpts(), kgo.ConsumeTopics("t"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	last := &kgo.Record{Topic: "t", Value: []byte("the last")}
	if err := client.ProduceSync(t.Context(), last).FirstErr(); err != nil {
		t.Fatal(err)
	}
	rows = map[int64]string{}
	for rows[last.Offset] == "" {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) { rows[r.Offset] = string(r.Value) })
	}
	return rows, b.Lost()
}

// A wrong byte takes its batch at most; what it takes is told, kept, and its offset not given again. In the head of a batch it takes nothing.
func TestMendsTopics(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(raw []byte, at []int64) []byte
		lost []int64
	}{
		"sound":              {func(raw []byte, _ []int64) []byte { return raw }, nil},
		"a record":           {func(raw []byte, at []int64) []byte { raw[at[4]-3] ^= 4; return raw }, []int64{3}},
		"the first record":   {func(raw []byte, at []int64) []byte { raw[at[1]-3] ^= 4; return raw }, []int64{0}},
		"the last record":    {func(raw []byte, _ []int64) []byte { raw[len(raw)-3] ^= 4; return raw }, []int64{9}},
		"an offset":          {func(raw []byte, at []int64) []byte { raw[at[4]+7] ^= 4; return raw }, nil},
		"the last offset":    {func(raw []byte, at []int64) []byte { raw[at[9]+7] ^= 0x40; return raw }, nil},
		"a length":           {func(raw []byte, at []int64) []byte { raw[at[4]+11] ^= 4; return raw }, nil},
		"a great length":     {func(raw []byte, at []int64) []byte { raw[at[4]+8] ^= 4; return raw }, nil},
		"the last length":    {func(raw []byte, at []int64) []byte { raw[at[9]+10] ^= 4; return raw }, nil},
		"an epoch":           {func(raw []byte, at []int64) []byte { raw[at[4]+14] ^= 4; return raw }, nil},
		"a version":          {func(raw []byte, at []int64) []byte { raw[at[4]+16] ^= 4; return raw }, nil},
		"a sum":              {func(raw []byte, at []int64) []byte { raw[at[4]+18] ^= 4; return raw }, nil},
		"a byte taken out":   {func(raw []byte, at []int64) []byte { return append(raw[:at[4]+30], raw[at[4]+31:]...) }, []int64{4}},
		"cut in a batch":     {func(raw []byte, at []int64) []byte { return raw[:at[7]+20] }, []int64{7, 8, 9}},
		"cut between two":    {func(raw []byte, at []int64) []byte { return raw[:at[7]] }, []int64{7, 8, 9}},
		"all of it":          {func([]byte, []int64) []byte { return nil }, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"a batch taken out":  {func(raw []byte, at []int64) []byte { return append(raw[:at[4]], raw[at[5]:]...) }, []int64{4}},
		"half a batch twice": {func(raw []byte, at []int64) []byte { return append(raw, raw[:at[1]/2]...) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir, file, at := damagedTopic(t)
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, c.do(raw, at), 0o644); err != nil {
				t.Fatal(err)
			}
			want := map[int64]string{10: "the last"}
			for i := range int64(10) {
				want[i] = fmt.Sprint("row ", i)
			}
			for _, i := range c.lost {
				delete(want, i)
			}
			checked, err := Check(dir)
			if err != nil || (len(checked.New) > 0) != (len(c.lost) > 0) {
				t.Errorf("checked: %+v, %v", checked, err)
			}
			log := &bytes.Buffer{}
			rows, lost := rowsOf(t, dir, log)
			if fmt.Sprint(rows) != fmt.Sprint(want) {
				t.Errorf("rows %v, want %v\n%s", rows, want, log)
			}
			n := int64(0)
			for _, l := range lost {
				n += l.To - l.From
			}
			if n != int64(len(c.lost)) || (n > 0) != strings.Contains(log.String(), "records are gone") {
				t.Errorf("lost %+v, want offsets %v\n%s", lost, c.lost, log)
			}
			if again, err := Check(dir); err != nil || len(again.Findings) > 0 || len(again.Lost) != len(lost) {
				t.Errorf("afterwards: %+v, %v", again, err)
			}
		})
	}
}

// Names, ids and settings in the list of topics come from its copy where they are damaged.
func TestMendsTheListOfTopics(t *testing.T) {
	dir, _, _ := damagedTopic(t)
	path := filepath.Join(dir, topicsFile)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{bytes.Replace(sound, []byte(`"t"`), []byte(`"u"`), 1), bytes.Replace(sound, []byte(`"partitions":1`), []byte(`"partitions":3`), 1), sound[:20], nil} {
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if rows, _ := rowsOf(t, dir, &bytes.Buffer{}); rows[3] != "row 3" {
			t.Errorf("%s: rows %v", bad, rows)
		}
	}
	if err := os.Remove(filepath.Join(dir, "meta.json")); err != nil {
		t.Fatal(err)
	}
	if rows, _ := rowsOf(t, dir, &bytes.Buffer{}); rows[3] != "row 3" {
		t.Errorf("without meta.json: rows %v", rows)
	}
}

// A filler is what every client takes for a marker, whatever it covers.
func TestFiller(t *testing.T) {
	b := filler(5, 1<<31+7, 1)
	got := pieces(b)
	if len(got) != 3 || !got[0].whole || got[0].first != 5 || got[2].last != 1<<31+7 || got[0].transactions {
		t.Errorf("%+v", got)
	}
	if n := binary.BigEndian.Uint32(b[57:]); n != 1 {
		t.Errorf("%d records", n)
	}
}

// The entries of a log behind one that is damaged are kept.
func TestFrames(t *testing.T) {
	var raw []byte
	var begins []int
	for i := range 5 {
		begins = append(begins, len(raw))
		raw = appendFrame(raw, fmt.Append(nil, "entry ", i))
	}
	for at := begins[2]; at < begins[3]; at++ {
		bad := bytes.Clone(raw)
		bad[at] ^= 1
		whole, spans := frames(bad)
		if len(whole) != 4 || len(spans) != 1 || string(whole[2][entryHead:]) != "entry 3" {
			t.Errorf("byte %d: %q, %v", at, whole, spans)
		}
	}
}

// A file that is gone, of which nothing tells but its index, is missed all the same, and its offsets are not given again.
func TestMissesAFileByItsIndex(t *testing.T) {
	dir, file, batches := damagedTopic(t)
	for _, path := range []string{file, filepath.Join(dir, endsFile)} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	log := &bytes.Buffer{}
	rows, lost := rowsOf(t, dir, log)
	at := int64(len(batches))
	if len(lost) != 1 || lost[0].From != 0 || lost[0].To != at || rows[at] != "the last" || len(rows) != 1 {
		t.Fatalf("lost are %v, and the rows %v\n%s", lost, rows, log)
	}
}
