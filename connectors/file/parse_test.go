package file

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func cutAll(t *testing.T, r *rows) (out []string, err error) {
	t.Helper()
	for {
		row, err := r.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, string(row))
	}
}

func TestRows(t *testing.T) {
	for _, c := range []struct {
		text, format string
		want         []string
		err          string
	}{
		{"", "lines", nil, ""},
		{"a\nb\n", "lines", []string{"a", "b"}, ""},
		{"a\r\n\r\nb", "lines", []string{"a", "", "b"}, ""},
		{"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", "lines", []string{"a", "\xef\xbb\xbfb"}, ""},
		{"a\n\n\r\nb\n", "csv", []string{"a", "b"}, ""},
		{"a,\"b\nc\",d\ne\n", "csv", []string{"a,\"b\nc\",d", "e"}, ""},
		{"\"a\"\"\n\",x\ny", "csv", []string{"\"a\"\"\n\",x", "y"}, ""},
		{"5\" pipe,1\n3\" pipe,2\n", "csv", []string{"5\" pipe,1", "3\" pipe,2"}, ""},
		{"a;\"b\n\"\nc\n", "csv", []string{"a;\"b", "\"\nc"}, "not closed"},
		{"a\n\"b\n", "csv", []string{"a"}, "a quote is not closed"},
		{"{}\n\n{\"a\":\"\\n\"}\n", "json", []string{"{}", `{"a":"\n"}`}, ""},
		{strings.Repeat("x", 50) + "\n", "lines", []string{strings.Repeat("x", 50)}, ""},
		{strings.Repeat("x", 50), "lines", []string{strings.Repeat("x", 50)}, ""},
		{"a\n" + strings.Repeat("x", 51) + "\n", "lines", []string{"a"}, "longer than 50 bytes"},
		{"a\n" + strings.Repeat("x", 51), "lines", []string{"a"}, "longer than 50 bytes"},
		{"a\n" + strings.Repeat("x", 500), "lines", []string{"a"}, "longer than 50 bytes"},
		{"a\n\"" + strings.Repeat("x\n", 40) + "\"\n", "csv", []string{"a"}, "longer than 50 bytes"},
	} {
		for name, in := range map[string]io.Reader{"at once": strings.NewReader(c.text), "by bytes": iotest.OneByteReader(strings.NewReader(c.text))} {
			r := &rows{r: in, csv: c.format == "csv", delim: ',', skip: c.format != "lines", partial: true, max: 50}
			got, err := cutAll(t, r)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%q as %s, %s: %q, %v; want the error %q", c.text, c.format, name, got, err, c.err)
				}
				continue
			}
			if err != nil || !slices.Equal(got, c.want) || r.offset != int64(len(c.text)) || r.lines != int64(strings.Count(c.text, "\n")) {
				t.Errorf("%q as %s, %s: %q, offset %d, line %d, %v; want %q", c.text, c.format, name, got, r.offset, r.lines, err, c.want)
			}
		}
	}
}

func FuzzRows(f *testing.F) {
	f.Add("a,\"b\nc\",d\ne\n", true)
	f.Add("5\" pipe\r\n\"\"\"\n\"", true)
	f.Fuzz(func(t *testing.T, text string, isCSV bool) {
		cut := func(in io.Reader) ([]string, error) {
			return cutAll(t, &rows{r: in, csv: isCSV, delim: ',', partial: true, max: 1 << 20})
		}
		all, err := cut(strings.NewReader(text))
		again, err2 := cut(iotest.HalfReader(strings.NewReader(text)))
		if !slices.Equal(all, again) || (err == nil) != (err2 == nil) {
			t.Fatalf("%q is cut into %q (%v) or %q (%v)", text, all, err, again, err2)
		}
		if err == nil && !isCSV && strings.ReplaceAll(strings.Join(all, "\n"), "\r", "") != strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(text, "\xef\xbb\xbf"), "\n"), "\r", "") {
			t.Fatalf("%q is cut into %q", text, all)
		}
	})
}

// Whatever encoding/csv reads without complaint, has the same fields here.
func FuzzCSVField(f *testing.F) {
	for _, s := range []string{"a,b,c", `"a","b""c",""`, `"a,b",c`, ",,", `"x",y`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, row string) {
		want, err := csv.NewReader(strings.NewReader(row)).Read()
		if err != nil || strings.ContainsAny(row, "\r\n") {
			csvField([]byte(row), 3, ',', nil)
			return
		}
		for i, w := range want {
			if got, ok := csvField([]byte(row), i+1, ',', nil); !ok || string(got) != w {
				t.Fatalf("field %d of %q is %q, %v; want %q", i+1, row, got, ok, w)
			}
		}
		if got, ok := csvField([]byte(row), len(want)+1, ',', nil); ok {
			t.Fatalf("%q has a field %d: %q", row, len(want)+1, got)
		}
	})
}

func TestJSONField(t *testing.T) {
	for _, c := range []struct {
		row, want string
		ok        bool
		err       string
	}{
		{`{"k":"v"}`, "v", true, ""},
		{` { "a" : [1, {"k":"no"}, "}"] , "k" : 12.50 }`, "12.50", true, ""},
		{`{"k":"a\u00e4\n"}`, "aä\n", true, ""},
		{`{"\u006b":true}`, "true", true, ""},
		{`{"k":{"x":[1]}}`, `{"x":[1]}`, true, ""},
		{`{"k":null}`, "", false, ""},
		{`{"a":1}`, "", false, ""},
		{`{}`, "", false, ""},
		{`[1]`, "", false, "not a JSON object"},
		{``, "", false, "not a JSON object"},
		{`{"a" 1}`, "", false, "a colon at byte 6"},
		{`{"a":1 "k":2}`, "", false, "a comma or }"},
		{`{"a":,"k":2}`, "", false, "a value"},
		{`{"a":"x`, "", false, "a closing quote"},
		{`{"a":[1`, "", false, "the end of a value"},
		{`{a:1}`, "", false, "a string"},
	} {
		got, ok, err := jsonField([]byte(c.row), "k")
		if string(got) != c.want || ok != c.ok || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v, %v", c.row, got, ok, err)
		}
	}
}

func FuzzJSONField(f *testing.F) {
	f.Add(`{"a":[1,{"k":2}],"k":"x\u0041"}`)
	f.Add(`{"k":1e5,"k":null}`)
	f.Fuzz(func(t *testing.T, row string) {
		got, ok, err := jsonField([]byte(row), "k")
		var v map[string]json.RawMessage
		if json.Unmarshal([]byte(row), &v) != nil || v == nil {
			return
		}
		if err != nil {
			t.Fatalf("%s is valid, and fails: %v", row, err)
		}
		if strings.Count(row, `"k"`) != 1 || strings.Contains(row, `\`) {
			return // of doubles the first counts here, the last there
		}
		raw, has := v["k"]
		if has && !bytes.Equal(raw, []byte("null")) != ok || ok && strings.Trim(string(raw), `"`) != strings.Trim(string(got), `"`) {
			t.Fatalf("%s: %q, %v", row, got, ok)
		}
	})
}

func TestTimeParser(t *testing.T) {
	for _, c := range []struct{ format, text, want string }{
		{"", "2015-05-17T10:05:03Z", "2015-05-17T10:05:03Z"},
		{"", "2015-05-17 10:05:03.25", "2015-05-17T10:05:03.25Z"},
		{"", "1431857103", "2015-05-17T10:05:03Z"},
		{"", "1431857103.5", "2015-05-17T10:05:03.5Z"},
		{"", "1431857103000", "2015-05-17T10:05:03Z"},
		{"epoch_s", "0.25", "1970-01-01T00:00:00.25Z"},
		{"EPOCH_MS", "1500", "1970-01-01T00:00:01.5Z"},
		{"dd/MMM/yyyy:HH:mm:ss Z", "17/May/2015:10:05:03 +0200", "2015-05-17T08:05:03Z"},
		{"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2015-05-17T10:05:03.120+01:00", "2015-05-17T09:05:03.12Z"},
		{"M/d/yy h:mm a", "5/7/15 3:04 PM", "2015-05-07T15:04:00Z"},
		{"yyyyMMdd HHmmss", "20150517 100503", "2015-05-17T10:05:03Z"},
	} {
		parse, err := timeParser(c.format)
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		ms, err := parse(c.text)
		if got := time.UnixMilli(ms).UTC().Format(time.RFC3339Nano); err != nil || got != c.want {
			t.Errorf("%s of %q: %s, %v; want %s", c.format, c.text, got, err, c.want)
		}
	}
	for format, want := range map[string]string{"yyyy-QQ": "'QQ'", "yyyy 'x": "not closed", "ss SSS": "follow a dot", "yyyy1": "'1'", "'20'yy": "digits"} {
		if _, err := timeParser(format); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", format, err)
		}
	}
	for _, c := range [][2]string{{"", "soon"}, {"epoch_s", "x"}, {"epoch_ms", "99999999999999999999"}, {"yyyy", "x"}} {
		parse, err := timeParser(c[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parse(c[1]); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%q of %q: %v", c[0], c[1], err)
		}
	}
}
