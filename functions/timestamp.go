package functions

import (
	"strings"
	"time"

	"weir/types"
)

var timestampFunctions = []Scalar{
	{Doc: Doc{"CONVERT_TZ", DateTimeFn, "What clocks of the second time zone show when those of the first show the timestamp. A time that they skip is read with the offset before the change; one that they show twice is the first.",
		[]Example{{"CONVERT_TZ(TIMESTAMP '1970-01-01T00:00:00', 'America/Los_Angeles', 'America/New_York')", "TIMESTAMP '1970-01-01T03:00:00'"}}},
		Overloads: []Overload{{Sig: "(t TIMESTAMP, from STRING, to STRING) TIMESTAMP", Check: constZones(1, 2), Make: func(*Binding) Eval {
			from, to := zoneCache(), zoneCache()
			return func(c *Call) (types.Value, error) {
				a, err := from(c.Args[1].Str())
				if err != nil {
					return types.NullValue, err
				}
				b, err := to(c.Args[2].Str())
				if err != nil {
					return types.NullValue, err
				}
				wall := time.UnixMilli(c.Args[0].Int()).UTC()
				t := atLocal(wall, a)
				_, secs := t.In(b).Zone()
				return types.TimestampValue(t.UnixMilli() + int64(secs)*1000), nil
			}
		}}}},
	{Doc: Doc{"FORMAT_TIMESTAMP", DateTimeFn, "The timestamp as text in a format of Java's DateTimeFormatter, in UTC or a time zone.",
		[]Example{{"FORMAT_TIMESTAMP(TIMESTAMP '2018-05-11T21:58:33', 'yyyy-MM-dd HH:mm:ss zzz', 'America/Los_Angeles')", "'2018-05-11 14:58:33 PDT'"}}},
		Overloads: []Overload{
			{Sig: "(t TIMESTAMP, format STRING) STRING", Make: formatTimestamp, Check: writes(allFields)},
			{Sig: "(t TIMESTAMP, format STRING, zone STRING) STRING", Make: formatTimestamp, Check: writes(allFields)},
		}},
	{Doc: Doc{"FROM_UNIXTIME", DateTimeFn, "The timestamp so many milliseconds after 1970-01-01.", []Example{{"FROM_UNIXTIME(1000)", "TIMESTAMP '1970-01-01T00:00:01'"}}},
		Overloads: []Overload{{Sig: "(millis BIGINT) TIMESTAMP", Eval: func(c *Call) (types.Value, error) { return types.TimestampValue(c.Args[0].Int()), nil }}}},
	{Doc: Doc{"PARSE_TIMESTAMP", DateTimeFn, "The timestamp that a text in a format of Java's DateTimeFormatter stands for. Without a zone in the text it is in the time zone given, or in UTC.",
		[]Example{{"PARSE_TIMESTAMP('2018-05-11T21:58:33', 'yyyy-MM-dd''T''HH:mm:ss')", "TIMESTAMP '2018-05-11T21:58:33'"},
			{"PARSE_TIMESTAMP('2019-08-27 13:31:09.2+0000', 'yyyy-MM-dd HH:mm:ss.SX')", "TIMESTAMP '2019-08-27T13:31:09.200'"}}},
		Overloads: []Overload{
			{Sig: "(s STRING, format STRING) TIMESTAMP", Make: parseTimestamp(types.TimestampValue), Check: reads},
			{Sig: "(s STRING, format STRING, zone STRING) TIMESTAMP", Make: parseTimestamp(types.TimestampValue), Check: reads},
		}},
	{Doc: Doc{"STRINGTOTIMESTAMP", DateTimeFn, "PARSE_TIMESTAMP with the result in milliseconds since 1970-01-01.", []Example{{"STRINGTOTIMESTAMP('2018-05-11', 'yyyy-MM-dd')", "1525996800000"}}},
		Overloads: []Overload{
			{Sig: "(s STRING, format STRING) BIGINT", Make: parseTimestamp(types.BigintValue), Check: reads},
			{Sig: "(s STRING, format STRING, zone STRING) BIGINT", Make: parseTimestamp(types.BigintValue), Check: reads},
		}},
	{Doc: Doc{"TIMESTAMPADD", DateTimeFn, "The timestamp so many units later.", []Example{{"TIMESTAMPADD(MINUTES, 5, TIMESTAMP '2020-01-01T00:00:00')", "TIMESTAMP '2020-01-01T00:05:00'"}}},
		Overloads: shifts("TIMESTAMP", types.Timestamp, 1)},
	{Doc: Doc{"TIMESTAMPSUB", DateTimeFn, "The timestamp so many units earlier.", []Example{{"TIMESTAMPSUB(DAYS, 1, TIMESTAMP '2020-01-01T00:00:00')", "TIMESTAMP '2019-12-31T00:00:00'"}}},
		Overloads: shifts("TIMESTAMP", types.Timestamp, -1)},
	{Doc: Doc{"TIMESTAMPTOSTRING", DateTimeFn, "Milliseconds since 1970-01-01 as text in a format; FORMAT_TIMESTAMP does the same for a TIMESTAMP.", []Example{{"TIMESTAMPTOSTRING(0, 'yyyy-MM-dd')", "'1970-01-01'"}}},
		Overloads: []Overload{
			{Sig: "(millis BIGINT, format STRING) STRING", Make: formatTimestamp, Check: writes(allFields)},
			{Sig: "(millis BIGINT, format STRING, zone STRING) STRING", Make: formatTimestamp, Check: writes(allFields)},
		}},
	{Doc: Doc{"UNIX_TIMESTAMP", DateTimeFn, "Milliseconds since 1970-01-01: now, or of a timestamp.", []Example{{"UNIX_TIMESTAMP(TIMESTAMP '1970-01-01T00:00:01')", "1000"}}},
		Overloads: []Overload{
			{Sig: "() BIGINT", Make: func(b *Binding) Eval {
				return func(*Call) (types.Value, error) { return types.BigintValue(b.Env.Now().UnixMilli()), nil }
			}},
			{Sig: "(t TIMESTAMP) BIGINT", Eval: func(c *Call) (types.Value, error) { return types.BigintValue(c.Args[0].Int()), nil }},
		}},
}

// zoneCache finds zones and keeps the last one.
func zoneCache() func(name string) (*time.Location, error) {
	var last *time.Location
	var of string
	return func(name string) (*time.Location, error) {
		if last == nil || of != name {
			loc, err := zone(name)
			if err != nil {
				return nil, err
			}
			last, of = loc, strings.Clone(name)
		}
		return last, nil
	}
}

func formatTimestamp(b *Binding) Eval {
	find := zoneCache()
	return withPattern(1, func(p *datePattern, c *Call) (types.Value, error) {
		t := time.UnixMilli(c.Args[0].Int()).UTC()
		if len(c.Args) > 2 {
			loc, err := find(c.Args[2].Str())
			if err != nil {
				return types.NullValue, err
			}
			t = t.In(loc)
		}
		s, err := p.format(t, allFields)
		return types.StringValue(s), err
	})(b)
}

func parseTimestamp(value func(millis int64) types.Value) func(*Binding) Eval {
	return func(b *Binding) Eval {
		find := zoneCache()
		return withPattern(1, func(p *datePattern, c *Call) (types.Value, error) {
			loc := time.UTC
			if len(c.Args) > 2 {
				var err error
				if loc, err = find(c.Args[2].Str()); err != nil {
					return types.NullValue, err
				}
			}
			t, err := p.parse(c.Args[0].Str(), loc)
			if err != nil {
				return types.NullValue, err
			}
			return value(t.UnixMilli()), nil
		})(b)
	}
}
