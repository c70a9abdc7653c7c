package s3sink

import (
	"maps"
	"strings"
	"testing"
	"time"

	"weir/connectors/connector"
	"weir/types"
)

const timeBased = "io.confluent.connect.storage.partitioner.TimeBasedPartitioner"

var timed = connector.Relation{Topic: "quotes", Name: "QUOTES", Columns: []connector.Column{
	{Name: "AT", Type: types.TTimestamp}, {Name: "DAY", Type: types.TDate}, {Name: "MS", Type: types.TBigint}, {Name: "TEXT", Type: types.TString}, {Name: "OK", Type: types.TBoolean},
}}

func millisOf(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

func TestPath(t *testing.T) {
	at := time.Date(2020, 1, 2, 15, 4, 5, 678_000_000, time.UTC)
	for path, want := range map[string]string{
		hourlyPath: "year=2020/month=01/day=02/hour=15", "yyyy-MM-dd'T'HH.mm.ss.SSS": "2020-01-02T15.04.05.678", "yy/M/d/H/m/s": "20/1/2/15/4/5",
		"xxxx-'W'ww-e": "2020-W01-4", "YYYY/DDD": "2020/002", "MMM/MMMM/E/EEEE": "Jan/January/Thu/Thursday", "hh a KK kk": "03 PM 03 15", "''''": "''",
	} {
		p, err := parsePath(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else if got := p.format(at); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	midnight, err := parsePath("hh KK kk a")
	if err != nil {
		t.Fatal(err)
	}
	if got := midnight.format(time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)); got != "12 00 24 AM" {
		t.Errorf("midnight: %s", got)
	}
}

// The span that a time is in begins at a multiple of the duration of local time, as with Connect, also where clocks change.
func TestSpans(t *testing.T) {
	for _, c := range []struct {
		zone     string
		duration string
		at, want string
	}{
		{"UTC", "3600000", "2020-08-01T09:59:59.999Z", "2020-08-01 09:00"},
		{"UTC", "1h", "2020-08-01T10:00:00Z", "2020-08-01 10:00"},
		{"UTC", "900000", "2020-08-01T09:44:59Z", "2020-08-01 09:30"},
		{"Europe/Berlin", "86400000", "2020-08-01T21:59:59Z", "2020-08-01 00:00"},
		{"Europe/Berlin", "86400000", "2020-08-01T22:00:00Z", "2020-08-02 00:00"},
		{"Europe/Berlin", "3600000", "2020-10-25T00:30:00Z", "2020-10-25 02:00"}, // twice that night
		{"Europe/Berlin", "3600000", "2020-10-25T01:30:00Z", "2020-10-25 02:00"},
		{"Asia/Kolkata", "3600000", "2020-08-01T09:29:59Z", "2020-08-01 14:00"},
		{"UTC", "3600000", "1969-12-31T23:30:00Z", "1969-12-31 23:00"},
	} {
		s, err := openSink(timed, at("http://127.0.0.1:1", "partitioner.class", timeBased, "path.format", "YYYY-MM-dd HH:mm", "partition.duration.ms", c.duration, "timezone", c.zone, "locale", "de-DE")...)
		if err != nil {
			t.Fatal(err)
		}
		p, ok := s.Writer.(*sink).partitioner.(*byTime)
		if !ok {
			t.Fatalf("%T", s.Writer.(*sink).partitioner)
		}
		if got := p.folder(millisOf(t, c.at)); got != c.want {
			t.Errorf("%s in %s by %s: %s, want %s", c.at, c.zone, c.duration, got, c.want)
		}
	}
}

func TestObjectsByTime(t *testing.T) {
	row := func(offset int64, at string, text types.Value) connector.Row {
		ms := millisOf(t, at)
		return connector.Row{Partition: 2, Offset: offset, Timestamp: ms, Value: []byte(at[11:13]),
			Values: []types.Value{types.TimestampValue(ms + 3_600_000), types.DateValue(ms / 86_400_000), types.BigintValue(ms + 7_200_000), text, types.NullValue}}
	}
	rows := []connector.Row{
		row(4, "2020-08-01T09:10:00Z", types.StringValue("2020-08-01T12:00:00Z")), row(5, "2020-08-01T10:10:00Z", types.StringValue("2020-08-01T14:00:00+02:00")),
		row(6, "2020-08-01T09:20:00Z", types.StringValue("soon")), row(7, "2020-08-01T09:30:00Z", types.NullValue),
	}
	const start, file = "topics/quotes/year=2020/month=08/day=01", "/quotes+2+000000000"
	by := func(more ...string) []string {
		return append([]string{"format", "bytes", "partitioner.class", timeBased, "path.format", hourlyPath, "partition.duration.ms", "3600000", "locale", "en-US", "timezone", "UTC"}, more...)
	}
	for name, c := range map[string]struct {
		props   []string
		want    map[string]string
		refused int
	}{
		"record":         {by("timestamp.extractor", "Record"), map[string]string{start + "/hour=09" + file + "4.bin": "09\n09\n09", start + "/hour=10" + file + "5.bin": "10"}, 0},
		"field":          {by("timestamp.extractor", "RecordField", "timestamp.field", "at"), map[string]string{start + "/hour=10" + file + "4.bin": "09\n09\n09", start + "/hour=11" + file + "5.bin": "10"}, 0},
		"field of a day": {by("timestamp.extractor", "RecordField", "timestamp.field", "DAY"), map[string]string{start + "/hour=00" + file + "4.bin": "09\n10\n09\n09"}, 0},
		"field of ms":    {by("timestamp.extractor", "RecordField", "timestamp.field", "MS"), map[string]string{start + "/hour=11" + file + "4.bin": "09\n09\n09", start + "/hour=12" + file + "5.bin": "10"}, 0},
		"field of text":  {by("timestamp.extractor", "RecordField", "timestamp.field", "TEXT"), map[string]string{start + "/hour=12" + file + "4.bin": "09\n10"}, 2},
		"daily":          {[]string{"format", "bytes", "partitioner.class", "io.confluent.connect.storage.partitioner.DailyPartitioner", "timestamp.extractor", "Record"}, map[string]string{start + file + "4.bin": "09\n10\n09\n09"}, 0},
		"hourly":         {[]string{"format", "bytes", "partitioner.class", "hourly", "timestamp.extractor", "Record"}, map[string]string{start + "/hour=09" + file + "4.bin": "09\n09\n09", start + "/hour=10" + file + "5.bin": "10"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b, url := bucket(t)
			s, err := openSink(timed, at(url, c.props...)...)
			if err != nil {
				t.Fatal(err)
			}
			refused, err := write(t, s, timed, rows...)
			if err != nil || len(refused) != c.refused {
				t.Errorf("refused %v, %v", refused, err)
			}
			if got := objects(t, b); !maps.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
	t.Run("wall clock", func(t *testing.T) {
		b, url := bucket(t)
		s, err := openSink(timed, at(url, by()...)...)
		if err != nil {
			t.Fatal(err)
		}
		s.Writer.(*sink).partitioner.(*byTime).now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC) }
		if _, err := write(t, s, timed, rows...); err != nil {
			t.Fatal(err)
		}
		if got := objects(t, b)["topics/quotes/year=2026/month=01/day=02/hour=03"+file+"4.bin"]; got != "09\n10\n09\n09" {
			t.Errorf("%q", got)
		}
	})
}

func TestByTimeRefused(t *testing.T) {
	for want, props := range map[string][]string{
		"by time needs 'path.format'":                        {"partitioner.class", timeBased, "partition.duration.ms", "1h"},
		"by time needs 'partition.duration.ms', above 0":     {"partitioner.class", timeBased, "path.format", hourlyPath},
		"expected a time such as":                            {"partitioner.class", timeBased, "path.format", hourlyPath, "partition.duration.ms", "-1"},
		"the letter G can't be written":                      {"partitioner.class", timeBased, "path.format", "YYYY G", "partition.duration.ms", "1h"},
		"a ' has no end":                                     {"partitioner.class", timeBased, "path.format", "'year=YYYY", "partition.duration.ms", "1h"},
		"written in English alone, got 'de-DE'":              {"partitioner.class", timeBased, "path.format", "YYYY/MMM", "partition.duration.ms", "1h", "locale", "de-DE"},
		"expected a time zone such as UTC or Europe/Berlin":  {"partitioner.class", "hourly", "timezone", "Mars/Olympus"},
		"expected wallclock or record or recordfield":        {"partitioner.class", "hourly", "timestamp.extractor", "Clock"},
		"'timestamp.field' goes with":                        {"partitioner.class", "hourly", "timestamp.field", "AT"},
		"QUOTES has no column TIMESTAMP":                     {"partitioner.class", "hourly", "timestamp.extractor", "RecordField", "timestamp.field", "TIMESTAMP"},
		"expected TIMESTAMP, DATE, BIGINT (milliseconds) or": {"partitioner.class", "hourly", "timestamp.extractor", "RecordField", "timestamp.field", "OK"},
		"'hourly' has its own":                               {"partitioner.class", "hourly", "path.format", "YYYY"},
		"'path.format' goes with 'partitioner.class'='time'": {"path.format", "YYYY"},
		"'partition.field.name' goes with":                   {"partitioner.class", "hourly", "partition.field.name", "AT"},
		"'timezone' goes with 'partitioner.class'='time'":    {"partitioner.class", "field", "partition.field.name", "AT", "timezone", "UTC"},
	} {
		if _, err := openSink(timed, at("http://127.0.0.1:1", props...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", props, err, want)
		}
	}
}
