package types

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// MillisPerDay is the length of a day without leap seconds.
const MillisPerDay = 24 * 60 * 60 * 1000

// Holds says whether a number is one of a whole kind: of 32 bits in an INTEGER and a DATE, a millisecond of the day in a TIME.
func (k Kind) Holds(n int64) bool {
	switch k {
	case Integer, Date:
		return n >= math.MinInt32 && n <= math.MaxInt32
	case Time:
		return n >= 0 && n < MillisPerDay
	default: // 64 bits
		return true
	}
}

// maxYear is the last year that 64 bits of milliseconds reach whole, on both sides.
const maxYear = 292_000_000

// TimestampText prints a TIMESTAMP as 2020-01-02T03:04:05.678, in UTC.
func TimestampText(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000")
}

// DateText prints a DATE as 2020-01-02.
func DateText(days int64) string { return time.Unix(days*86400, 0).UTC().Format("2006-01-02") }

// TimeText prints a TIME as 12:00, 12:00:05 or 12:00:05.678: the shortest that keeps everything.
func TimeText(ms int64) string {
	t := time.UnixMilli(ms).UTC()
	switch {
	case ms%1000 != 0:
		return t.Format("15:04:05.000")
	case ms%60000 != 0:
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}

// ParseTimestamp reads an ISO-like timestamp, of which parts may be missing from the right: 2020, 2020-02, 2020-02-28,
// 2020-02-28T10, 2020-02-28T10:30:15.123, with a zone such as Z, +0100 or +01:00 at the end. Without a zone it is UTC.
func ParseTimestamp(s string) (int64, error) {
	text := strings.TrimSpace(s)
	zone := time.UTC
	datePart, timePart, hasTime := cutTime(text)
	if hasTime {
		clock, z, err := cutZone(timePart)
		if err != nil {
			return 0, fmt.Errorf("not a timestamp: %q: %w", s, err)
		}
		timePart, zone = clock, z
	}
	nums, err := splitNumbers(datePart, '-', 3)
	if err != nil {
		return 0, fmt.Errorf("not a timestamp: %q: want a form such as 2020-01-02T03:04:05.678", s)
	}
	if nums[0] > maxYear || nums[0] < -maxYear {
		return 0, fmt.Errorf("not a timestamp: %q: years reach from -%d to %d", s, maxYear, maxYear)
	}
	month, day := 1, 1
	if len(nums) > 1 {
		month = nums[1]
	}
	if len(nums) > 2 {
		day = nums[2]
	}
	var ms int64
	if midnight(timePart) {
		ms = 24 * time.Hour.Milliseconds()
	} else if timePart != "" {
		if ms, err = ParseTime(timePart); err != nil {
			return 0, fmt.Errorf("not a timestamp: %q: want a form such as 2020-01-02T03:04:05.678", s)
		}
	}
	t := time.Date(nums[0], time.Month(month), day, 0, 0, 0, 0, zone)
	if t.Month() != time.Month(month) || t.Day() != day {
		return 0, fmt.Errorf("not a timestamp: %q: there is no such day", s)
	}
	return t.UnixMilli() + ms, nil
}

// midnight says whether a time of day is 24:00, the end of the day.
func midnight(clock string) bool {
	rest, ok := strings.CutPrefix(clock, "24")
	if !ok || rest != "" && rest[0] != ':' {
		return false
	}
	ms, err := ParseTime("00" + rest)
	return err == nil && ms == 0
}

func cutTime(s string) (date, clock string, ok bool) {
	if i := strings.IndexAny(s, "Tt "); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func cutZone(s string) (clock string, zone *time.Location, err error) {
	if rest, ok := strings.CutSuffix(strings.ToUpper(s), "Z"); ok {
		return rest, time.UTC, nil
	}
	i := strings.LastIndexAny(s, "+-")
	if i < 0 {
		return s, time.UTC, nil
	}
	digits := strings.ReplaceAll(s[i+1:], ":", "")
	if len(digits) == 2 {
		digits += "00"
	}
	n, err := strconv.Atoi(digits)
	if err != nil || len(digits) != 4 || n%100 > 59 || n/100 > 18 {
		return "", nil, fmt.Errorf("the zone %q is not of the form +01:00", s[i:])
	}
	secs := n/100*3600 + n%100*60
	if s[i] == '-' {
		secs = -secs
	}
	return s[:i], time.FixedZone(s[i:], secs), nil
}

func splitNumbers(s string, sep byte, most int) ([]int, error) {
	sign := 1
	if strings.HasPrefix(s, "-") && sep == '-' {
		sign, s = -1, s[1:]
	}
	parts := strings.Split(s, string(sep))
	if len(parts) > most {
		return nil, fmt.Errorf("too many parts in %q", s)
	}
	out := make([]int, len(parts))
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", p)
		}
		out[i] = int(n)
	}
	out[0] *= sign
	return out, nil
}

// ParseDate reads 2020-01-02, or a part of it from the left, as days since 1970-01-01.
func ParseDate(s string) (int64, error) {
	if strings.ContainsAny(s, "Tt: ") {
		return 0, fmt.Errorf("not a date: %q: want a form such as 2020-01-02", s)
	}
	ms, err := ParseTimestamp(s)
	if err != nil {
		return 0, fmt.Errorf("not a date: %q: want a form such as 2020-01-02", s)
	}
	days := FloorDiv(ms, MillisPerDay)
	if !Date.Holds(days) {
		return 0, fmt.Errorf("not a date: %q: days reach from %s to %s", s, DateText(math.MinInt32), DateText(math.MaxInt32))
	}
	return days, nil
}

// ParseTime reads 03:04, 03:04:05 or 03:04:05.678 as milliseconds of the day.
func ParseTime(s string) (int64, error) {
	bad := fmt.Errorf("not a time: %q: want a form such as 03:04:05.678", s)
	whole, frac, hasFrac := strings.Cut(s, ".")
	nums, err := splitNumbers(whole, ':', 3)
	if err != nil || nums[0] > 23 || (hasFrac && (len(nums) < 3 || frac == "" || len(frac) > 9)) {
		return 0, bad
	}
	ms := int64(nums[0]) * 3600000
	for i, unit := range []int64{60000, 1000} {
		if len(nums) > i+1 {
			if nums[i+1] > 59 {
				return 0, bad
			}
			ms += int64(nums[i+1]) * unit
		}
	}
	if hasFrac {
		n, err := strconv.ParseUint((frac + "00000000")[:9], 10, 31)
		if err != nil {
			return 0, bad
		}
		ms += int64(n / 1e6)
	}
	return ms, nil
}

// FloorDiv is a/b rounded down, b positive.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// FloorMod is the remainder of FloorDiv: never negative.
func FloorMod(a, b int64) int64 {
	if m := a % b; m < 0 {
		return m + b
	}
	return a % b
}
