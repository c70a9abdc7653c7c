package types

import "testing"

func TestParseTimes(t *testing.T) {
	for in, want := range map[string]string{
		"2020":                     "2020-01-01T00:00:00.000",
		"2020-02":                  "2020-02-01T00:00:00.000",
		"2020-02-29":               "2020-02-29T00:00:00.000",
		"2020-02-28T10":            "2020-02-28T10:00:00.000",
		"2020-02-28T24":            "2020-02-29T00:00:00.000",
		"2020-12-31T24:00:00.0":    "2021-01-01T00:00:00.000",
		"2020-02-28 10:30:15.123":  "2020-02-28T10:30:15.123",
		"2020-02-28T10:30:15.1Z":   "2020-02-28T10:30:15.100",
		"2020-02-28T10:30+0100":    "2020-02-28T09:30:00.000",
		"2020-02-28T10:30-01:30":   "2020-02-28T12:00:00.000",
		"1969-12-31T23:59:59.9999": "1969-12-31T23:59:59.999",
	} {
		ms, err := ParseTimestamp(in)
		if err != nil || TimestampText(ms) != want {
			t.Errorf("%s: got %s, %v, want %s", in, TimestampText(ms), err, want)
		}
	}
	for _, in := range []string{"", "x", "2020-13", "2020-02-30", "2020-1-1-1", "2020-01-01T25", "2020-01-01T24:01", "2020-01-01T240", "2020-01-01T24::", "2020-01-01T10:60", "2020-01-01T10:00+99:00", "2020-01-01T10:00:00.", "2020-01-01T10:00:00.1234567890"} {
		if ms, err := ParseTimestamp(in); err == nil {
			t.Errorf("%q is read as %s", in, TimestampText(ms))
		}
	}
	for in, want := range map[string]string{"03:04": "03:04", "03:04:05": "03:04:05", "03:04:05.6": "03:04:05.600", "23:59:59.999999999": "23:59:59.999"} {
		if ms, err := ParseTime(in); err != nil || TimeText(ms) != want {
			t.Errorf("%s: got %s, %v, want %s", in, TimeText(ms), err, want)
		}
	}
	for _, in := range []string{"", "24:00", "10:61", "1:2:3:4", "10:00.5", "10:00:00.123abc", "-1:00"} {
		if ms, err := ParseTime(in); err == nil {
			t.Errorf("%q is read as %s", in, TimeText(ms))
		}
	}
	if days, err := ParseDate("1969-12-31"); err != nil || days != -1 || DateText(days) != "1969-12-31" {
		t.Errorf("got %d, %v", days, err)
	}
	if _, err := ParseDate("2020-01-01T00:00"); err == nil {
		t.Error("a timestamp is read as a date")
	}
	if FloorDiv(-1, 10) != -1 || FloorMod(-1, 10) != 9 || FloorDiv(19, 10) != 1 || FloorDiv(-20, 10) != -2 {
		t.Error("rounding down is wrong")
	}
}

func FuzzParseTimestamp(f *testing.F) {
	for _, s := range []string{"2020-02-28T10:30:15.123+01:00", "2020", "-5-01", "9999-12-31T23:59:59.999Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ms, err := ParseTimestamp(s)
		if err != nil || ms < -62135596800000 || ms > 253402300799999 { // the years 1 to 9999
			return
		}
		if again, err := ParseTimestamp(TimestampText(ms)); err != nil || again != ms {
			t.Fatalf("%q is %s, which is read as %d, %v", s, TimestampText(ms), again, err)
		}
	})
}
