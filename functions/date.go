package functions

import (
	"fmt"
	"strings"
	"time"

	"weir/types"
)

var dateFunctions = []Scalar{
	{Doc: Doc{"DATEADD", DateTimeFn, "The date so many units later. Units below a day count when they add up to days.", []Example{{"DATEADD(DAYS, 10, DATE '2020-02-20')", "DATE '2020-03-01'"}}},
		Overloads: shifts("DATE", types.Date, 1)},
	{Doc: Doc{"DATESUB", DateTimeFn, "The date so many units earlier.", []Example{{"DATESUB(DAYS, 1, DATE '2020-03-01')", "DATE '2020-02-29'"}}},
		Overloads: shifts("DATE", types.Date, -1)},
	{Doc: Doc{"DATETOSTRING", DateTimeFn, "Days since 1970-01-01 as text in a format; FORMAT_DATE does the same for a DATE.", []Example{{"DATETOSTRING(17662, 'yyyy-MM-dd')", "'2018-05-11'"}}},
		Overloads: []Overload{{Sig: "(days INTEGER, format STRING) STRING", Make: formatDate, Check: writes(dateFields)}}},
	{Doc: Doc{"FORMAT_DATE", DateTimeFn, "The date as text in a format of Java's DateTimeFormatter.", []Example{{"FORMAT_DATE(DATE '2022-01-01', 'dd-MMM-yyyy')", "'01-Jan-2022'"}}},
		Overloads: []Overload{{Sig: "(d DATE, format STRING) STRING", Make: formatDate, Check: writes(dateFields)}}},
	{Doc: Doc{"FORMAT_TIME", DateTimeFn, "The time of day as text in a format of Java's DateTimeFormatter.", []Example{{"FORMAT_TIME(TIME '00:01:05', 'HH_mm_ss_SSS')", "'00_01_05_000'"}}},
		Overloads: []Overload{{Sig: "(t TIME, format STRING) STRING", Check: writes(timeFields), Make: withPattern(1, func(p *datePattern, c *Call) (types.Value, error) {
			s, err := p.format(time.UnixMilli(c.Args[0].Int()).UTC(), timeFields)
			return types.StringValue(s), err
		})}}},
	{Doc: Doc{"FROM_DAYS", DateTimeFn, "The date so many days after 1970-01-01.", []Example{{"FROM_DAYS(17662)", "DATE '2018-05-11'"}}},
		Overloads: []Overload{{Sig: "(days INTEGER) DATE", Eval: func(c *Call) (types.Value, error) { return types.DateValue(c.Args[0].Int()), nil }}}},
	{Doc: Doc{"PARSE_DATE", DateTimeFn, "The date that a text begins with in a format; what the format lacks is taken from 1970-01-01. Numbers may have fewer digits than the format has letters, and days beyond a month go on in the next one. A time of day has to be midnight.",
		[]Example{{"PARSE_DATE('01-JAN-2022', 'dd-MMM-yyyy')", "DATE '2022-01-01'"}, {"PARSE_DATE('JAN-2022', 'MMM-yyyy')", "DATE '2022-01-01'"}, {"PARSE_DATE('2022-1-32', 'yyyy-MM-dd')", "DATE '2022-02-01'"}}},
		Overloads: []Overload{{Sig: "(s STRING, format STRING) DATE", Check: reads, Make: parseDate}}},
	{Doc: Doc{"PARSE_TIME", DateTimeFn, "The time of day that a text in a format stands for.", []Example{{"PARSE_TIME('10-30', 'HH-mm')", "TIME '10:30'"}}},
		Overloads: []Overload{{Sig: "(s STRING, format STRING) TIME", Check: reads, Make: withPattern(1, func(p *datePattern, c *Call) (types.Value, error) {
			millis, err := p.parseTimeOfDay(c.Args[0].Str())
			return types.TimeValue(millis), err
		})}}},
	{Doc: Doc{"STRINGTODATE", DateTimeFn, "The days since 1970-01-01 of the date that a text in a format stands for. The format has to name a year, a month and a day.", []Example{{"STRINGTODATE('11/05/2019', 'dd/MM/yyyy')", "18027"}}},
		Overloads: []Overload{{Sig: "(s STRING, format STRING) INTEGER", Check: reads, Make: withPattern(1, func(p *datePattern, c *Call) (types.Value, error) {
			days, err := p.parseDay(c.Args[0].Str())
			if err == nil && !types.Integer.Holds(days) {
				err = fmt.Errorf("%w: %d days do not fit INTEGER", types.ErrOverflow, days)
			}
			return types.IntValue(int32(days)), err
		})}}},
	{Doc: Doc{"TIMEADD", DateTimeFn, "The time of day so many units later, going on from midnight.", []Example{{"TIMEADD(MINUTES, 90, TIME '23:00')", "TIME '00:30'"}}},
		Overloads: shifts("TIME", types.Time, 1)},
	{Doc: Doc{"TIMESUB", DateTimeFn, "The time of day so many units earlier.", []Example{{"TIMESUB(HOURS, 1, TIME '00:30')", "TIME '23:30'"}}},
		Overloads: shifts("TIME", types.Time, -1)},
	{Doc: Doc{"UNIX_DATE", DateTimeFn, "Days since 1970-01-01: today, or of a date.", []Example{{"UNIX_DATE(DATE '2018-05-11')", "17662"}}},
		Overloads: []Overload{
			{Sig: "() INTEGER", Make: func(b *Binding) Eval {
				return func(*Call) (types.Value, error) {
					return types.IntValue(int32(types.FloorDiv(b.Env.Now().UnixMilli(), types.MillisPerDay))), nil
				}
			}},
			{Sig: "(d DATE) INTEGER", Eval: func(c *Call) (types.Value, error) { return types.IntValue(int32(c.Args[0].Int())), nil }},
		}},
}

// unitMillis is the length of a time unit, by its name in the singular or plural.
func unitMillis(unit string) (int64, error) {
	switch strings.TrimSuffix(strings.ToUpper(unit), "S") {
	case "MILLISECOND":
		return 1, nil
	case "SECOND":
		return 1000, nil
	case "MINUTE":
		return 60_000, nil
	case "HOUR":
		return 3_600_000, nil
	case "DAY":
		return types.MillisPerDay, nil
	case "WEEK":
		return 7 * types.MillisPerDay, nil
	}
	return 0, fmt.Errorf("unknown time unit %q: want DAYS, HOURS, MINUTES, SECONDS or MILLISECONDS", unit)
}

// shifts are the overloads that add units to a date or time, or take them away for sign -1.
func shifts(name string, kind types.Kind, sign int64) []Overload {
	return []Overload{{Sig: "(unit UNIT, n INTEGER, t " + name + ") " + name, Make: func(b *Binding) Eval {
		millis, err := unitMillis(b.Unit())
		return func(c *Call) (types.Value, error) {
			if err != nil {
				return types.NullValue, err
			}
			by, was := sign*c.Args[0].Int()*millis, c.Args[1].Int()
			n := was
			switch kind {
			case types.Date:
				n = (n*types.MillisPerDay + by) / types.MillisPerDay
			case types.Time:
				n = types.FloorMod(n+by, types.MillisPerDay)
			default:
				n += by
			}
			if !kind.Holds(n) || kind == types.Timestamp && (n > was) != (by > 0) && by != 0 {
				return types.NullValue, fmt.Errorf("%w: there is no such %s", types.ErrOverflow, name)
			}
			return types.NumberValue(kind, n), nil
		}
	}}}
}

// withPattern compiles the format when it changes from one row to the next, so a literal once.
func withPattern(at int, f func(p *datePattern, c *Call) (types.Value, error)) func(*Binding) Eval {
	return func(*Binding) Eval {
		var last *datePattern
		return func(c *Call) (types.Value, error) {
			if text := c.Args[at].Str(); last == nil || last.text != text {
				p, err := parsePattern(text)
				if err != nil {
					return types.NullValue, err
				}
				last = p
			}
			return f(last, c)
		}
	}
}

// constPattern is the pattern, argument 1, where it is a constant; nil where it is not. A constant zone behind it has to be one.
func constPattern(b *Binding) (*datePattern, error) {
	if err := constZones(2)(b); err != nil {
		return nil, err
	}
	text := b.Const(1)
	if text == nil || text.IsNull() {
		return nil, nil
	}
	return parsePattern(text.Str())
}

// constZones refuses constants that are no time zones in the places of some.
func constZones(places ...int) func(*Binding) error {
	return func(b *Binding) error {
		for _, i := range places {
			if zone := b.Const(i); zone != nil && !zone.IsNull() {
				if _, err := zoneCache()(zone.Str()); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// reads refuses a constant pattern that is none.
func reads(b *Binding) error {
	_, err := constPattern(b)
	return err
}

// writes refuses a constant pattern that is none, or that asks for what is not among the fields.
func writes(has fields) func(*Binding) error {
	return func(b *Binding) error {
		p, err := constPattern(b)
		if err == nil && p != nil {
			_, err = p.format(time.UnixMilli(0).UTC(), has)
		}
		return err
	}
}

func formatDate(b *Binding) Eval {
	return withPattern(1, func(p *datePattern, c *Call) (types.Value, error) {
		s, err := p.format(time.Unix(c.Args[0].Int()*86400, 0).UTC(), dateFields)
		return types.StringValue(s), err
	})(b)
}

func parseDate(b *Binding) Eval {
	return withPattern(1, func(p *datePattern, c *Call) (types.Value, error) {
		days, err := p.parseDayLeniently(c.Args[0].Str(), b.Env.Now().Year())
		if err == nil && !types.Date.Holds(days) {
			err = fmt.Errorf("%w: %q does not fit DATE", types.ErrOverflow, c.Args[0].Str())
		}
		return types.DateValue(days), err
	})(b)
}
