package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"weir/disk"
)

// commandCopy is a second copy of the command log, in a file of the data directory: on the broker in this process the log has no other,
// and with a command all that it made would be gone. A line is an offset, a sum, and the command; it is on disk before anybody is told that
// the command was carried out.
type commandCopy struct{ path string }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (c *commandCopy) line(offset int64, raw []byte) []byte {
	text := append(strconv.AppendInt(nil, offset, 10), ' ')
	text = append(text, raw...)
	return append(fmt.Appendf(nil, "%08x ", crc32.Checksum(text, castagnoli)), append(text, '\n')...)
}

// read gives the commands of the sound lines by their offsets.
func (c *commandCopy) read() (map[int64][]byte, error) {
	data, err := os.ReadFile(c.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	out := map[int64][]byte{}
	for line := range bytes.Lines(data) {
		_, text, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
		offset, raw, _ := bytes.Cut(text, []byte(" "))
		if at, err := strconv.ParseInt(string(offset), 10, 64); err == nil && bytes.Equal(c.line(at, raw), line) {
			out[at] = raw
		}
	}
	return out, nil
}

func (c *commandCopy) append(offset int64, raw []byte) error {
	return disk.Append(c.path, c.line(offset, raw))
}

// write puts all entries into the file.
func (c *commandCopy) write(entries []entry) error {
	var out []byte
	for _, e := range entries {
		out = append(out, c.line(e.offset, e.raw)...)
	}
	if was, err := os.ReadFile(c.path); err == nil && bytes.Equal(was, out) {
		return nil
	}
	return disk.Replace(c.path, out)
}

// complete puts what the log has lost back from its copy: commands at its end are written again, and others are taken from there at each start.
func (e *Engine) complete(ctx context.Context, l *commandLog, past []entry) ([]entry, error) {
	if !e.opt.Embedded {
		return past, nil
	}
	l.copy = &commandCopy{filepath.Join(e.opt.DataDir, "commands")}
	kept, err := l.copy.read()
	if err != nil {
		return nil, err
	}
	var missing []entry
	for offset, raw := range kept {
		if i := slices.IndexFunc(past, func(p entry) bool { return p.offset == offset || bytes.Equal(p.raw, raw) }); i >= 0 {
			continue
		}
		c := entry{offset: offset, raw: raw}
		if err := json.Unmarshal(raw, &c.command); err != nil {
			c.command, c.err = command{}, err
		}
		missing = append(missing, c)
	}
	byOffset := func(a, b entry) int { return int(min(max(a.offset-b.offset, -1), 1)) }
	slices.SortFunc(missing, byOffset)
	for i, c := range missing {
		e.opt.Log.Warn("a command is missing in the command log: it is taken from its copy", "topic", l.topic, "offset", c.offset, "copy", l.copy.path,
			"statement", strings.TrimSpace(c.Statement))
		if c.offset < l.next {
			continue
		}
		if missing[i].offset, err = l.write(ctx, c.raw); err != nil {
			return nil, err
		}
		l.next = missing[i].offset + 1
	}
	past = append(past, missing...)
	slices.SortFunc(past, byOffset)
	l.last.Store(0)
	for _, c := range past {
		l.last.Store(max(l.last.Load()+1, int64(c.ID)))
	}
	return past, l.copy.write(past)
}

// CheckCommands reads the copy of the command log in a data directory, and says how many commands are in it and which lines are damaged.
func CheckCommands(dir string) (commands int, findings []string, err error) {
	c := commandCopy{filepath.Join(dir, "commands")}
	kept, err := c.read()
	if err != nil {
		return 0, nil, err
	}
	data, err := os.ReadFile(c.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, nil, err
	}
	lines := bytes.Count(data, []byte("\n"))
	if len(data) > 0 && data[len(data)-1] != '\n' {
		lines++
	}
	if lines > len(kept) {
		findings = append(findings, fmt.Sprintf("commands: %d of %d lines can't be read", lines-len(kept), lines))
	}
	return len(kept), findings, nil
}
