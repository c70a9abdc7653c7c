package settings

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxMillis bounds times: 100 years.
const maxMillis = 100 * 365 * 24 * 60 * 60 * 1000

// millis are times written as whole numbers of milliseconds.
func millis(least int64) kind[time.Duration] {
	n := whole("milliseconds", least, maxMillis)
	return kind[time.Duration]{"MILLISECONDS", n.want,
		func(s string) (time.Duration, bool) {
			ms, ok := n.parse(s)
			return time.Duration(ms) * time.Millisecond, ok
		},
		func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }}
}

// span are times written with their unit, 10 SECONDS; none is no time.
func span() kind[time.Duration] {
	return kind[time.Duration]{"TIME", "a time with its unit, such as 10 SECONDS",
		func(s string) (time.Duration, bool) {
			d, err := ParseSpan(s)
			return d, err == nil
		},
		func(d time.Duration) string {
			if d == 0 {
				return ""
			}
			return fmt.Sprintf("%d MILLISECONDS", d.Milliseconds())
		}}
}

// timeout is a time that is not 0.
func timeout() kind[time.Duration] {
	k := span()
	parse := k.parse
	k.want = "a time above 0 with its unit, such as 10 SECONDS"
	k.parse = func(s string) (time.Duration, bool) {
		d, ok := parse(s)
		return d, ok && d > 0
	}
	return k
}

// whole are whole numbers of something.
func whole(of string, least, most int64) kind[int64] {
	want := fmt.Sprintf("a whole number of %s from %d to %d", of, least, most)
	if most >= 1<<40 {
		want = fmt.Sprintf("a whole number of %s from %d on", of, least)
	}
	return kind[int64]{strings.ToUpper(of), want,
		func(s string) (int64, bool) {
			n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
			return n, err == nil && n >= least && n <= most
		},
		func(n int64) string { return strconv.FormatInt(n, 10) }}
}

// most is where a number has no bound.
const most = 1<<63 - 1

func truth() kind[bool] {
	return kind[bool]{"true|false", "true or false",
		func(s string) (bool, bool) {
			s = strings.ToLower(strings.TrimSpace(s))
			return s == "true", s == "true" || s == "false"
		}, strconv.FormatBool}
}

// eitherWay is true or false where which of them holds by default depends on more than the setting.
func eitherWay() kind[bool] {
	k := truth()
	k.show = func(bool) string { return "" }
	return k
}

// oneOf are words, read in any case and kept as they stand here.
func oneOf(words ...string) kind[string] {
	return kind[string]{strings.Join(words, "|"), alternatives(words),
		func(s string) (string, bool) {
			i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, strings.TrimSpace(s)) })
			if i < 0 {
				return "", false
			}
			return words[i], true
		},
		func(s string) string { return s }}
}

func alternatives(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// text is whatever holds no white space.
func text(value, want string) kind[string] {
	return kind[string]{value, want, func(s string) (string, bool) {
		s = strings.TrimSpace(s)
		return s, !strings.ContainsAny(s, " \t\r\n")
	}, func(s string) string { return s }}
}

// path is the name of a file or folder.
func path() kind[string] {
	return kind[string]{"DIR", "the name of a folder", func(s string) (string, bool) {
		s = strings.TrimSpace(s)
		return s, s != ""
	}, func(s string) string { return s }}
}

// file is the name of a file.
func file() kind[string] {
	k := path()
	k.value, k.want = "FILE", "the name of a file"
	return k
}

// httpURL is a URL of a server that speaks HTTP, without a user and a password: settings are shown.
func httpURL() kind[string] {
	return kind[string]{"URL", "a URL such as http://127.0.0.1:8083, without a user and a password", func(s string) (string, bool) {
		s = strings.TrimSpace(s)
		u, err := url.Parse(s)
		return s, err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
	}, func(s string) string { return s }}
}

// topicChars are what the names of topics and groups consist of.
func topicChars(value string) kind[string] {
	return kind[string]{value, "letters, digits, '.', '_' and '-'", func(s string) (string, bool) {
		s = strings.TrimSpace(s)
		return s, strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
	}, func(s string) string { return s }}
}

func list(value, want string) kind[[]string] {
	return kind[[]string]{value, want, func(s string) ([]string, bool) {
		var out []string
		for _, part := range strings.Split(s, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
		return out, true
	}, func(l []string) string { return strings.Join(l, ",") }}
}

// originList are origins as browsers name them.
func originList() kind[[]string] {
	k := list("ORIGIN,...", "origins such as https://shop.example:8443 with commas between them, or *")
	parse := k.parse
	k.parse = func(s string) ([]string, bool) {
		out, ok := parse(s)
		for _, o := range out {
			u, err := url.Parse(o)
			ok = ok && (o == "*" || o == "null" || err == nil && u.Scheme != "" && u.Host != "" && u.Scheme+"://"+u.Host == o)
		}
		return out, ok
	}
	return k
}

// address is host:port, :port, a port alone, or a listener as ksqlDB writes it, http://host:port.
func address() kind[string] {
	return kind[string]{"HOST:PORT", "an address, host:port", func(s string) (string, bool) {
		s = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "http://"), "/")
		if s != "" && strings.Trim(s, "0123456789") == "" {
			s = "127.0.0.1:" + s
		}
		_, port, err := net.SplitHostPort(s)
		if err != nil {
			return "", false
		}
		n, err := strconv.Atoi(port)
		return s, err == nil && n >= 0 && n < 1<<16
	}, func(s string) string { return s }}
}

// apiAddress is an address that may speak TLS, which its own settings say.
func apiAddress() kind[string] {
	k := address()
	k.want = "an address, host:port, without a scheme: a certificate with its key has it speak TLS"
	return k
}

func level() kind[slog.Level] {
	k := oneOf("debug", "info", "warn", "error")
	return kind[slog.Level]{"LEVEL", k.want, func(s string) (slog.Level, bool) {
		var l slog.Level
		word, ok := k.parse(s)
		return l, ok && l.UnmarshalText([]byte(word)) == nil
	}, func(l slog.Level) string { return strings.ToLower(l.String()) }}
}

// ParseSpan reads a time with its unit, 10 SECONDS.
func ParseSpan(s string) (time.Duration, error) {
	number, unit, ok := strings.Cut(strings.TrimSpace(s), " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || n <= 0 {
		return 0, fmt.Errorf("Want a number and a unit.")
	}
	units := map[string]time.Duration{"MILLISECOND": time.Millisecond, "SECOND": time.Second, "MINUTE": time.Minute, "HOUR": time.Hour, "DAY": 24 * time.Hour}
	one, ok := units[strings.TrimSuffix(strings.ToUpper(strings.TrimSpace(unit)), "S")]
	if !ok {
		return 0, fmt.Errorf("Unknown unit %s: want MILLISECONDS, SECONDS, MINUTES, HOURS or DAYS.", unit)
	}
	if n > maxMillis/one.Milliseconds() {
		return 0, fmt.Errorf("Want at most 100 years.")
	}
	return time.Duration(n) * one, nil
}
