package cases

import (
	"fmt"
	"strconv"
	"strings"
)

const separator = "----"

// Parse reads a file. Errors name the line.
func Parse(text string) (*File, error) {
	p := &parser{file: &File{}, names: map[string]bool{}}
	var block []string
	first := 0
	lines := strings.Split(text, "\n")
	for i, line := range append(lines, "") {
		line = strings.TrimRight(line, " \t\r")
		if line != "" {
			if block == nil {
				first = i + 1
			}
			block = append(block, line)
			continue
		}
		if block == nil {
			continue
		}
		if err := p.block(first, block); err != nil {
			return nil, err
		}
		block = nil
	}
	if len(p.comments) > 0 {
		return nil, fail(len(lines), "the comment at the end belongs to no block: put it above one")
	}
	for _, c := range p.file.Cases {
		if err := c.check(); err != nil {
			return nil, err
		}
	}
	return p.file, nil
}

type parser struct {
	file     *File
	comments []string
	names    map[string]bool
}

func fail(line int, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", line, fmt.Sprintf(format, args...))
}

// block reads one run of lines without a blank line between them.
func (p *parser) block(line int, block []string) error {
	for len(block) > 0 && strings.HasPrefix(block[0], "#") {
		p.comments = append(p.comments, block[0])
		block = block[1:]
		line++
	}
	if len(block) == 0 {
		if len(p.file.Cases) == 0 {
			p.file.Comments = append(p.file.Comments, p.comments...)
			p.comments = nil
		}
		return nil
	}
	comments := p.comments
	p.comments = nil
	verb, rest, _ := strings.Cut(block[0], " ")
	rest = strings.TrimSpace(rest)
	if verb == "case" {
		return p.newCase(line, rest, comments, block[1:])
	}
	if len(p.file.Cases) == 0 {
		return fail(line, "expected a line that begins with case, found %q", block[0])
	}
	b := &Block{Verb: Verb(verb), Line: line, Comments: comments}
	if err := b.parse(rest, block[1:]); err != nil {
		return err
	}
	c := p.file.Cases[len(p.file.Cases)-1]
	c.Blocks = append(c.Blocks, b)
	return nil
}

func (p *parser) newCase(line int, name string, comments, rest []string) error {
	switch {
	case name == "":
		return fail(line, "a case needs a name")
	case p.names[name]:
		return fail(line, "there are two cases named %q", name)
	}
	p.names[name] = true
	c := &Case{Name: name, Line: line, Comments: comments}
	for i, l := range rest {
		skip, ok := strings.CutPrefix(l, "skip ")
		way, reason, colon := strings.Cut(skip, ":")
		if reason = strings.TrimSpace(reason); !ok || !colon || reason == "" || strings.ContainsAny(strings.TrimSpace(way), " \t") {
			return fail(line+1+i, "expected skip WAY: REASON, found %q", l)
		}
		c.Skips = append(c.Skips, Skip{strings.TrimSpace(way), reason})
	}
	p.file.Cases = append(p.file.Cases, c)
	return nil
}

func (b *Block) parse(rest string, body []string) error {
	takesArg, takesText, takesRecords, takesResult, known := b.Verb.takes()
	if !known {
		return fail(b.Line, "unknown verb %q: the verbs are case, topic, sql, produce, expect, query, error, answer, restart, close", b.Verb)
	}
	for _, word := range strings.Fields(rest) {
		n, isPartitions := strings.CutPrefix(word, "partitions=")
		switch {
		case isPartitions && b.Verb.Checks():
			var err error
			if b.Partitions, err = strconv.Atoi(n); err != nil || b.Partitions < 1 {
				return fail(b.Line, "expected a number of partitions, found %q", word)
			}
		case takesArg && b.Arg == "":
			b.Arg = word
		default:
			return fail(b.Line, "%s does not take %q", b.Verb, word)
		}
	}
	if takesArg && b.Arg == "" {
		return fail(b.Line, "%s needs the name of a topic", b.Verb)
	}
	if !takesText && !takesRecords && len(body) > 0 {
		return fail(b.Line+1, "%s takes no lines: leave a blank line behind it", b.Verb)
	}
	if takesRecords {
		for i, l := range body {
			r, err := ParseRecord(l)
			if err != nil {
				return fail(b.Line+1+i, "%v", err)
			}
			b.Records = append(b.Records, r)
		}
		return nil
	}
	for i, l := range body {
		if takesResult && l == separator {
			b.Result = body[i+1:]
			break
		}
		b.Text = append(b.Text, l)
	}
	if takesText && len(b.Text) == 0 {
		return fail(b.Line, "%s needs a statement", b.Verb)
	}
	return nil
}

// check sees that the case can fail.
func (c *Case) check() error {
	for _, b := range c.Blocks {
		if b.Verb.Checks() {
			return nil
		}
	}
	return fail(c.Line, "the case %q expects nothing", c.Name)
}
