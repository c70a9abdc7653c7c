package formats

import (
	"strings"
	"testing"
)

func TestMsgpackField(t *testing.T) {
	for _, c := range []struct {
		row, want string
		ok        bool
		err       string
	}{
		{"\x82\xa1a\xa1x\xa1k\xce\x59\x68\x2f\x00", "1500000000", true, ""},
		{"\x81\xa1k\xcb\x41\xd6\x5a\x0b\xc0\x20\x00\x00", "1500000000.5", true, ""},
		{"\x81\xa1k\xd3\xff\xff\xff\xff\xff\xff\xff\xfe", "-2", true, ""},
		{"\x81\xa1k\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615", true, ""},
		{"\x81\xc4\x01k\xc4\x02/a", "/a", true, ""},
		{"\x81\xa1k\xc3", "true", true, ""},
		{"\x82\xa1a\x81\xa1k\x01\xa1k\xa0", "", true, ""},
		{"\x81\xa1k\xc0", "", false, ""},
		{"\x81\xa1k\x91\x01", "", false, ""},
		{"\x81\xa1K\x01", "", false, ""},
		{"\x80", "", false, ""},
		{"\x91\xa1k", "", false, "not a MessagePack map"},
		{"\x82\xa1a\xa1x", "", false, "not valid MessagePack"},
		{"\x82\xa1a\xa1x\xa1k\xce\x59", "", false, "not valid MessagePack"},
	} {
		got, ok, err := MsgpackField([]byte(c.row), "k")
		if string(got) != c.want || ok != c.ok || c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%q: %q, %v, %v; want %q, %v, %q", c.row, got, ok, err, c.want, c.ok, c.err)
		}
	}
}

func FuzzMsgpackField(f *testing.F) {
	f.Add([]byte("\x82\xa1a\xa1x\xa1k\xce\x59\x68\x2f\x00"))
	f.Fuzz(func(t *testing.T, row []byte) {
		_, ok, err := MsgpackField(row, "k")
		if ok && (err != nil || MsgpackSize(row) == 0 && len(row) == 0) {
			t.Fatal(ok, err)
		}
	})
}
