package cases

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseRecord reads a record: KEY [WINDOW] @TIME [p=PARTITION] [h:NAME=VALUE ...] VALUE. Keys may hold blanks.
func ParseRecord(line string) (Record, error) {
	r := Record{Partition: -1}
	at := timeAt(line)
	if at < 0 {
		return r, fmt.Errorf("expected KEY @TIME VALUE, found %q", line)
	}
	r.Key = strings.TrimSpace(line[:at])
	if err := r.cutWindow(); err != nil {
		return r, err
	}
	if r.Key == "" {
		return r, fmt.Errorf("the record has no key: write null where there is none")
	}
	rest := line[at+1:]
	word, rest, _ := strings.Cut(rest, " ")
	var err error
	if r.Time, err = strconv.ParseInt(word, 10, 64); err != nil {
		return r, fmt.Errorf("the time %q is not a number of milliseconds", word)
	}
	for {
		rest = strings.TrimLeft(rest, " ")
		word, more, _ := strings.Cut(rest, " ")
		part, isPart := strings.CutPrefix(word, "p=")
		head, isHead := strings.CutPrefix(word, "h:")
		name, value, pair := strings.Cut(head, "=")
		switch {
		case isPart:
			n, err := strconv.ParseInt(part, 10, 32)
			if err != nil || n < 0 {
				return r, fmt.Errorf("the partition %q is not a number", part)
			}
			r.Partition = int32(n)
		case isHead && pair && name != "":
			r.Headers = append(r.Headers, Header{name, value})
		default:
			if r.Value = rest; rest == "" {
				return r, fmt.Errorf("the record has no value: write null where there is none")
			}
			return r, nil
		}
		rest = more
	}
}

// timeAt is where the @ before the time stands: the first one that follows a blank and comes before a number.
func timeAt(line string) int {
	for i := 1; i+1 < len(line); i++ {
		if line[i] == '@' && line[i-1] == ' ' && (line[i+1] == '-' || line[i+1] >= '0' && line[i+1] <= '9') {
			return i
		}
	}
	return -1
}

// cutWindow takes a window off the end of the key.
func (r *Record) cutWindow() error {
	open := strings.LastIndex(r.Key, " [")
	if open < 0 || !strings.HasSuffix(r.Key, ")") && !strings.HasSuffix(r.Key, "]") {
		return nil
	}
	start, end, ok := strings.Cut(r.Key[open+2:len(r.Key)-1], ",")
	from, err1 := strconv.ParseInt(start, 10, 64)
	to, err2 := strconv.ParseInt(end, 10, 64)
	if !ok || err1 != nil || err2 != nil {
		return nil // the key itself ends so
	}
	if to < from {
		return fmt.Errorf("the window ends before it starts: %s", r.Key[open+1:])
	}
	r.Window = &Window{from, to, strings.HasSuffix(r.Key, "]")}
	r.Key = strings.TrimSpace(r.Key[:open])
	return nil
}

// String is the record as a line.
func (r Record) String() string {
	var b strings.Builder
	b.WriteString(r.Key)
	if w := r.Window; w != nil {
		end := ")"
		if w.Session {
			end = "]"
		}
		fmt.Fprintf(&b, " [%d,%d%s", w.Start, w.End, end)
	}
	fmt.Fprintf(&b, " @%d", r.Time)
	if r.Partition >= 0 {
		fmt.Fprintf(&b, " p=%d", r.Partition)
	}
	for _, h := range r.Headers {
		fmt.Fprintf(&b, " h:%s=%s", h.Name, h.Value)
	}
	return b.String() + " " + r.Value
}
