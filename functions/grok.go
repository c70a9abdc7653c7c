package functions

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"weir/parser/suggest"
	"weir/types"
)

var grokFunctions = []Scalar{
	{Doc: Doc{"GROK", RegexFn, `What a pattern names in a text, or one of those. Patterns are as Logstash has them: %{NUMBER:n} is a number named n, %{NUMBER} one without a name, the rest is a regular expression as for REGEXP_EXTRACT, in which (?<n>...) gives a name, too. The names of patterns are Logstash's: IP, IPORHOST, NUMBER, INT, WORD, NOTSPACE, DATA, GREEDYDATA, QS (with its quotes), URI, UUID, TIMESTAMP_ISO8601, HTTPDATE, LOGLEVEL, SYSLOGLINE, COMMONAPACHELOG, COMBINEDAPACHELOG, ... NULL for a text that does not match. What matched nothing is left out; of equal names the first counts.`,
		[]Example{
			{`GROK('55.3.244.1 GET /index.html 15824', '%{IP:client} %{WORD:method} %{URIPATHPARAM:path} %{NUMBER:bytes}')`, "MAP('client' := '55.3.244.1', 'method' := 'GET', 'path' := '/index.html', 'bytes' := '15824')"},
			{`GROK('2025-10-10T13:55:36Z WARN disk at 93%', '%{TIMESTAMP_ISO8601} %{LOGLEVEL:level} (?<what>.*)', 'level')`, "'WARN'"},
			{`GROK('no number', '%{NUMBER:n}')`, "NULL"},
		}},
		Overloads: []Overload{
			{Sig: "(s STRING, pattern STRING) MAP<STRING, STRING>", Make: grokEval, Check: grokCheck},
			{Sig: "(s STRING, pattern STRING, name STRING) STRING", Make: grokEval, Check: grokCheck},
		}},
}

// grokPattern is a compiled pattern and the names of its groups, empty for those without one.
type grokPattern struct {
	text  string
	re    *javaPattern
	names []string
}

// grokCheck refuses a literal that is no pattern when the statement is read.
func grokCheck(b *Binding) error {
	pattern := b.Const(1)
	if pattern == nil || pattern.IsNull() {
		return nil
	}
	_, err := compileGrok(nil, pattern.Str())
	return err
}

// grokEval compiles the pattern when it changes from one row to the next, so a literal once.
func grokEval(*Binding) Eval {
	var last *grokPattern
	return func(c *Call) (types.Value, error) {
		s, pattern := c.Args[0].Str(), c.Args[1].Str()
		if last == nil || last.text != pattern {
			p, err := compileGrok(c.Meter, pattern)
			if err != nil {
				return types.NullValue, err
			}
			last = p
		}
		if err := c.Meter.Read(len(s) / stepBytes * len(last.re.text)); err != nil {
			return types.NullValue, err
		}
		m := last.re.find(s)
		if m == nil {
			return types.NullValue, nil
		}
		if len(c.Args) > 2 {
			return last.one(s, m, c.Args[2].Str()), nil
		}
		return last.all(c.Meter, s, m)
	}
}

func (p *grokPattern) one(s string, m []int, name string) types.Value {
	for i, n := range p.names {
		if n == name && n != "" && m[2*i] >= 0 {
			return types.StringValue(s[m[2*i]:m[2*i+1]])
		}
	}
	return types.NullValue
}

func (p *grokPattern) all(meter *Meter, s string, m []int) (types.Value, error) {
	if err := meter.Items(2 * len(p.names)); err != nil {
		return types.NullValue, err
	}
	out := newPairs(meter, len(p.names))
	for i, name := range p.names {
		if name == "" || m[2*i] < 0 {
			continue
		}
		key := types.StringValue(name)
		if at, err := out.find(key); err != nil {
			return types.NullValue, err
		} else if at >= 0 {
			continue
		}
		if err := out.set(key, types.StringValue(s[m[2*i]:m[2*i+1]])); err != nil {
			return types.NullValue, err
		}
	}
	return types.MapValue(out.list), nil
}

// groupName begins the names of groups in the regular expression: names of patterns may have characters that those of groups may not.
const groupName = "weir_grok_"

func compileGrok(m *Meter, pattern string) (*grokPattern, error) {
	var e grokExpansion
	if err := e.expand(pattern); err != nil {
		return nil, err
	}
	text := e.out.String()
	if err := m.Hold(patternBytes(text)); err != nil {
		return nil, err
	}
	re, err := compileJava(text)
	if err != nil {
		return nil, err
	}
	p := &grokPattern{text: strings.Clone(pattern), re: re, names: re.re.SubexpNames()}
	for i, name := range p.names {
		if n, err := strconv.Atoi(strings.TrimPrefix(name, groupName)); err == nil && n < len(e.names) && strings.HasPrefix(name, groupName) {
			p.names[i] = e.names[n]
		}
	}
	return p, nil
}

// grokExpansion writes a pattern out as a regular expression.
type grokExpansion struct {
	out   strings.Builder
	names []string
}

// maxGrok is how long a pattern may be once it is written out: that of a long line of a firewall has some thousands.
const maxGrok = 1 << 16

func (e *grokExpansion) expand(pattern string) error {
	for {
		before, rest, ok := strings.Cut(pattern, "%{")
		e.out.WriteString(before)
		if e.out.Len() > maxGrok {
			return fmt.Errorf("the pattern of GROK is longer than %d bytes when its names are written out; match the text in parts", maxGrok)
		}
		if !ok {
			return nil
		}
		what, after, ok := strings.Cut(rest, "}")
		if !ok {
			return errors.New("GROK wants } behind the name of a pattern, as in %{NUMBER:n}")
		}
		if err := e.reference(what); err != nil {
			return err
		}
		pattern = after
	}
}

// reference writes out NAME, NAME:name or NAME:name:type. Values are text, whatever the type.
func (e *grokExpansion) reference(what string) error {
	syntax, name, _ := strings.Cut(what, ":")
	pattern, ok := grokPatterns[syntax]
	if !ok {
		hint := ""
		if near, ok := suggest.Suggest(syntax, slices.Sorted(maps.Keys(grokPatterns))); ok {
			hint = " Did you mean " + near + "?"
		}
		return fmt.Errorf("GROK knows no pattern %q.%s A regular expression with a name is (?<name>...)", syntax, hint)
	}
	name, _, _ = strings.Cut(name, ":")
	if name == "" {
		e.out.WriteString("(?:")
	} else {
		fmt.Fprintf(&e.out, "(?P<%s%d>", groupName, len(e.names))
		e.names = append(e.names, strings.Clone(name))
	}
	err := e.expand(pattern)
	e.out.WriteByte(')')
	return err
}
