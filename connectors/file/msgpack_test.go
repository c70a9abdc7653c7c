package file

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// onePing is {"ts": 1500000000, "p": "/a"}.
const onePing = "\x82\xa2ts\xce\x59\x68\x2f\x00\xa1p\xa2/a"

func TestMsgpackRows(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
		err  string
	}{
		{"", nil, ""},
		{onePing + "\x80\x2a\xa1\n" + onePing, []string{onePing, "\x80", "\x2a", "\xa1\n", onePing}, ""},
		{"\x92\x81\xa1a\xc4\x03\xc1\xc1\xc1\xc0", []string{"\x92\x81\xa1a\xc4\x03\xc1\xc1\xc1\xc0"}, ""},
		{onePing + onePing[:7], []string{onePing}, "the file ends within a MessagePack value"},
		{onePing + "\xc1", []string{onePing}, "no MessagePack value begins with the byte c1"},
		{"\xd9\x31" + strings.Repeat("x", 49), nil, "longer than 50 bytes"},
		{"\x01\xd9\xff" + strings.Repeat("x", 200), []string{"\x01"}, "longer than 50 bytes"},
	} {
		for name, in := range map[string]io.Reader{"at once": strings.NewReader(c.text), "by bytes": iotest.OneByteReader(strings.NewReader(c.text))} {
			r := &rows{r: in, msgpack: true, skip: true, partial: true, max: 50}
			got, err := cutAll(t, r)
			if !slices.Equal(got, c.want) || c.err == "" && (err != nil || r.offset != int64(len(c.text)) || r.lines != int64(len(c.want))) ||
				c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("%q, %s: %q, offset %d, value %d, %v; want %q and the error %q", c.text, name, got, r.offset, r.lines, err, c.want, c.err)
			}
		}
	}
}

// A value that is still being written is waited for.
func TestMsgpackRowsThatGrow(t *testing.T) {
	in := &growing{onePing + onePing[:7]}
	r := &rows{r: in, msgpack: true, max: 50}
	if got, err := cutAll(t, r); err != nil || !slices.Equal(got, []string{onePing}) {
		t.Fatal(got, err)
	}
	in.text = onePing[7:]
	if got, err := cutAll(t, r); err != nil || !slices.Equal(got, []string{onePing}) {
		t.Fatal(got, err)
	}
}

type growing struct{ text string }

func (g *growing) Read(b []byte) (int, error) {
	n := copy(b, g.text)
	if g.text = g.text[n:]; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func TestMsgpackSource(t *testing.T) {
	dir := t.TempDir()
	later := strings.Replace(onePing, "\x59\x68\x2f\x00", "\x59\x68\x2f\x3c", 1)
	if err := os.WriteFile(filepath.Join(dir, "pings"), []byte(onePing+later+"\x80"), 0o600); err != nil {
		t.Fatal(err)
	}
	pairs := []string{"path", "pings", "format", "msgpack", "key", "p", "time.field", "ts", "time.format", "epoch_s", "partitions", "1"}
	m := &memory{}
	if err := run(t, m, nil, dir, pairs...); err != nil {
		t.Fatal(err)
	}
	first, second, third := "0|/a|"+onePing+"|1500000000000|pings|1|3", "0|/a|"+later+"|1500000060000|pings|2|3", "2||\x80|1500000060000|pings|3|3"
	if len(m.rows) != 3 || m.rows[0][1:] != first[1:] || m.rows[1][1:] != second[1:] || m.rows[2][1:] != third[1:] || len(m.bad) != 1 {
		t.Fatalf("%q, bad %q", m.rows, m.bad)
	}
	again := &memory{}
	if err := run(t, again, m.saved[0], dir, pairs...); err != nil || !slices.Equal(again.rows, m.rows[1:]) {
		t.Fatalf("after the first: %q, %v", again.rows, err)
	}
}

func FuzzMsgpackRows(f *testing.F) {
	f.Add(onePing + onePing)
	f.Add("\xdf\xff\xff\xff\xff\x00")
	f.Fuzz(func(t *testing.T, text string) {
		cut := func(in io.Reader) ([]string, error) {
			return cutAll(t, &rows{r: in, msgpack: true, partial: true, max: 1 << 20})
		}
		all, err := cut(strings.NewReader(text))
		again, err2 := cut(iotest.HalfReader(strings.NewReader(text)))
		if !slices.Equal(all, again) || (err == nil) != (err2 == nil) || !strings.HasPrefix(text, strings.Join(all, "")) {
			t.Fatalf("%q is cut into %q (%v) or %q (%v)", text, all, err, again, err2)
		}
		if errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	})
}
