package functions

import (
	"errors"
	"fmt"
	"time"

	"weir/types"
)

var (
	errHalfOfDay = errors.New("the hour is in the other half of the day")
	errAfter24   = errors.New("only midnight can be written as 24:00")
	errDay       = errors.New("want a year, a month and a day")
	errClock     = errors.New("a date has no time of day")
	errDate      = errors.New("a time of day has no date")
	errUnits     = errors.New("want an hour, and no unit without the larger one")
)

// clock is the time of day that was read, and whether 24:00 has moved it to the next day.
func (r *readTime) clock() (sinceMidnight time.Duration, nextDay bool, err error) {
	if r.milliOfDay >= 0 {
		return time.Duration(r.milliOfDay) * time.Millisecond, false, nil
	}
	hour := r.hour
	switch {
	case r.has("Hk"):
		if r.pm >= 0 && !r.lenient && (hour%24 >= 12) != (r.pm == 1) {
			return 0, false, errHalfOfDay
		}
	case r.hour12 >= 0:
		if hour = r.hour12 % 12; r.pm == 1 {
			hour += 12
		}
	}
	if hour == 24 && !r.lenient {
		if r.minute != 0 || r.second != 0 || r.nano != 0 {
			return 0, false, errAfter24
		}
		hour, nextDay = 0, true
	}
	return time.Duration(hour)*time.Hour + time.Duration(r.minute)*time.Minute + time.Duration(r.second)*time.Second + time.Duration(r.nano), nextDay, nil
}

// date is the day that was read, at midnight UTC. A day that the month has not is its last one.
func (r *readTime) date() (time.Time, error) {
	year := r.year
	if r.bc {
		year = 1 - year
	}
	if r.yearDay > 0 && !r.has("ML") {
		t := time.Date(year, 1, r.yearDay, 0, 0, 0, 0, time.UTC)
		if t.Year() != year && !r.lenient {
			return t, fmt.Errorf("the year %04d has no day %d", year, r.yearDay)
		}
		return t, nil
	}
	day := r.day
	if !r.lenient {
		day = min(day, time.Date(year, time.Month(r.month)+1, 0, 0, 0, 0, 0, time.UTC).Day())
	}
	t := time.Date(year, time.Month(r.month), day, 0, 0, 0, 0, time.UTC)
	if r.weekday >= 0 && !r.lenient && r.wholeDate() && int(t.Weekday()) != r.weekday {
		return t, fmt.Errorf("%s is a %s", t.Format(time.DateOnly), t.Weekday())
	}
	return t, nil
}

// wholeDate says whether the text has named a day.
func (r *readTime) wholeDate() bool { return r.has("yu") && (r.has("ML") && r.has("d") || r.has("D")) }

// time is the instant that was read; a zone in the text wins over loc.
func (r *readTime) time(loc *time.Location) (time.Time, error) {
	if r.zone != nil {
		loc = r.zone
	}
	day, err := r.date()
	if err != nil {
		return day, err
	}
	clock, nextDay, err := r.clock()
	if nextDay {
		day = day.AddDate(0, 0, 1)
	}
	return atLocal(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, int(clock/time.Second), int(clock%time.Second), time.UTC), loc), err
}

// parseDay reads a day since 1970-01-01. The text has to name all of it.
func (p *datePattern) parseDay(s string) (days int64, err error) {
	r := newReadTime()
	if err = p.read(&r, s); err == nil && !r.wholeDate() {
		err = errDay
	}
	var t time.Time
	if err == nil {
		t, err = r.time(time.UTC)
	}
	return types.FloorDiv(t.Unix(), 86400), p.wrong(s, err)
}

// parseDayLeniently reads a day since 1970-01-01. Years of two digits are those from eighty years before this one on.
func (p *datePattern) parseDayLeniently(s string, thisYear int) (days int64, err error) {
	r := newReadTime()
	r.lenient, r.century = true, thisYear-80
	var t time.Time
	if err = p.read(&r, s); err == nil {
		t, err = r.time(time.UTC)
	}
	if err == nil && types.FloorMod(t.UnixMilli(), types.MillisPerDay) != 0 {
		err = errClock
	}
	return types.FloorDiv(t.Unix(), 86400), p.wrong(s, err)
}

// parseTimeOfDay reads milliseconds since midnight. The text has to name the hour, no unit without the larger one, and no date.
func (p *datePattern) parseTimeOfDay(s string) (millis int64, err error) {
	r := newReadTime()
	if err = p.read(&r, s); err == nil {
		err = r.onlyClock()
	}
	var clock time.Duration
	if err == nil {
		clock, _, err = r.clock()
	}
	return clock.Milliseconds(), p.wrong(s, err)
}

func (r *readTime) onlyClock() error {
	switch {
	case r.has(dateLetters):
		return errDate
	case r.has("A"):
	case !r.has("Hk") && (r.hour12 < 0 || r.pm < 0), !r.has("m") && r.has("sSn"), !r.has("s") && r.has("Sn"):
		return errUnits
	}
	return nil
}
