package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// valueError is a value that a file can't hold.
type valueError struct{ text string }

func (e *valueError) Error() string { return e.text }

func wrongf(format string, args ...any) error { return &valueError{fmt.Sprintf(format, args...)} }

// csvRows writes rows as RFC 4180 has them, with one thing more: NULL is an empty field, or what Null says, without quotes; a text that reads so
// stands in quotes.
type csvRows struct {
	to    io.Writer
	delim byte
	null  string
	width int
	line  []byte
}

func newCSV(to io.Writer, names []string, o Options) (*csvRows, error) {
	c := &csvRows{to: to, delim: o.Delimiter, null: o.Null, width: len(names)}
	if o.NoHeader {
		return c, nil
	}
	for i, n := range names {
		c.field(i, n)
	}
	return c, c.write()
}

func (c *csvRows) row(values []json.RawMessage, _ int) error {
	if len(values) != c.width {
		return wrongf("it has %d values for %d columns", len(values), c.width)
	}
	for i, raw := range values {
		text, null, err := textOf(raw)
		switch {
		case err != nil:
			return err
		case null:
			c.begin(i)
			c.line = append(c.line, c.null...)
		default:
			c.field(i, text)
		}
	}
	return c.write()
}

// textOf is a value as text: texts as they are, all else as JSON.
func textOf(raw json.RawMessage) (text string, null bool, err error) {
	switch {
	case string(raw) == "null":
		return "", true, nil
	case raw[0] == '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			return "", false, wrongf("a text does not read: %v", err)
		}
		return text, false, nil
	}
	return string(raw), false, nil
}

func (c *csvRows) begin(i int) {
	if i > 0 {
		c.line = append(c.line, c.delim)
	}
}

func (c *csvRows) field(i int, s string) {
	c.begin(i)
	if s != "" && s != c.null && strings.IndexByte(s, c.delim) < 0 && !strings.ContainsAny(s, "\"\r\n") && strings.TrimSpace(s) == s {
		c.line = append(c.line, s...)
		return
	}
	c.line = append(c.line, '"')
	for {
		before, after, found := strings.Cut(s, `"`)
		c.line = append(c.line, before...)
		if !found {
			break
		}
		c.line = append(c.line, `""`...)
		s = after
	}
	c.line = append(c.line, '"')
}

func (c *csvRows) write() error {
	_, err := c.to.Write(append(c.line, '\n'))
	c.line = c.line[:0]
	return err
}

func (*csvRows) end() error { return nil }

// objects writes an object per row and line: values are as they came, so that numbers keep all their digits.
type objects struct {
	to    io.Writer
	names [][]byte // as JSON
	line  []byte
}

func newObjects(to io.Writer, names []string) *objects {
	o := &objects{to: to}
	for _, n := range names {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(n) // a text can be written
		o.names = append(o.names, bytes.TrimSpace(b.Bytes()))
	}
	return o
}

func (o *objects) row(values []json.RawMessage, _ int) error {
	if len(values) != len(o.names) {
		return wrongf("it has %d values for %d columns", len(values), len(o.names))
	}
	o.line = append(o.line[:0], '{')
	for i, raw := range values {
		if i > 0 {
			o.line = append(o.line, ',')
		}
		o.line = append(append(append(o.line, o.names[i]...), ':'), raw...)
	}
	_, err := o.to.Write(append(o.line, '}', '\n'))
	return err
}

func (*objects) end() error { return nil }
