package functions

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"weir/types"
)

var regexFunctions = []Scalar{
	{Doc: Doc{"REGEXP_EXTRACT", RegexFn, "The first part of the text that matches the pattern, or what the n-th group in it matches. Patterns are RE2's, and mean what they mean in Java: $ also matches before a line terminator at the end of the text, . none of those.",
		[]Example{{"REGEXP_EXTRACT('(.*) (.*)', 'steven zhang', 2)", "'zhang'"}, {"REGEXP_EXTRACT('b.', 'abcb')", "'bc'"}}},
		Overloads: []Overload{
			{Sig: "(pattern STRING, s STRING) STRING", Make: regexEval(0, regexpExtract)},
			{Sig: "(pattern STRING, s STRING, group INTEGER) STRING", Make: regexEval(0, regexpExtract)},
		}},
	{Doc: Doc{"REGEXP_EXTRACT_ALL", RegexFn, "All parts of the text that match the pattern, or what the n-th group matches in each.",
		[]Example{{"REGEXP_EXTRACT_ALL('test.', 'test1 test2')", "ARRAY['test1', 'test2']"}, {"REGEXP_EXTRACT_ALL('(\\w)=(\\d)', 'a=1 b=2', 2)", "ARRAY['1', '2']"}}},
		Overloads: []Overload{
			{Sig: "(pattern STRING, s STRING) ARRAY<STRING>", Make: regexEval(0, regexpExtractAll)},
			{Sig: "(pattern STRING, s STRING, group INTEGER) ARRAY<STRING>", Make: regexEval(0, regexpExtractAll)},
		}},
	{Doc: Doc{"REGEXP_REPLACE", RegexFn, "The text with every match of the pattern replaced; $1 stands for what the first group matched, \\ takes the meaning from the next character.",
		[]Example{{"REGEXP_REPLACE('baababaa', '(ab)+', 'cat')", "'bacataa'"}, {"REGEXP_REPLACE('a-b', '(\\w)-(\\w)', '$2-$1')", "'b-a'"}}},
		Overloads: []Overload{{Sig: "(s STRING, pattern STRING, replacement STRING) STRING", Make: regexEval(1, regexpReplace)}}},
	{Doc: Doc{"REGEXP_SPLIT_TO_ARRAY", RegexFn, "The parts of the text between the matches of the pattern.", []Example{{"REGEXP_SPLIT_TO_ARRAY('aabcda', '(ab|cd)')", "ARRAY['a', '', 'a']"}, {"REGEXP_SPLIT_TO_ARRAY('abc', '')", "ARRAY['a', 'b', 'c']"}}},
		Overloads: []Overload{{Sig: "(s STRING, pattern STRING) ARRAY<STRING>", Make: regexEval(1, func(re *javaPattern, c *Call) (types.Value, error) {
			all, err := re.all(c.Meter, c.Args[0].Str())
			if err == nil {
				err = splits(c, len(all))
			}
			if err != nil {
				return types.NullValue, err
			}
			return stringArray(splitPattern(re, c.Args[0].Str(), all)), nil
		})}}},
}

// regexEval compiles the pattern when it changes from one row to the next, so a literal once.
func regexEval(at int, f func(re *javaPattern, c *Call) (types.Value, error)) func(*Binding) Eval {
	return func(*Binding) Eval {
		var last *javaPattern
		return func(c *Call) (types.Value, error) {
			if pattern := c.Args[at].Str(); last == nil || last.text != pattern {
				err := c.Meter.Hold(patternBytes(pattern))
				if err != nil {
					return types.NullValue, err
				}
				re, err := compileJava(pattern)
				if err != nil {
					return types.NullValue, err
				}
				last = re
			}
			if err := c.Meter.Read(c.Args[1-at].Len() / stepBytes * len(last.text)); err != nil {
				return types.NullValue, err
			}
			return f(last, c)
		}
	}
}

// instructionBytes is about what an instruction of a compiled pattern takes.
const instructionBytes = 40

// patternBytes is about what a pattern takes once it is compiled: a repetition, {n}, is written out.
func patternBytes(pattern string) int {
	times, n := 1, 0
	for i := range len(pattern) {
		if c := pattern[i]; c >= '0' && c <= '9' && n < 1<<10 {
			n = 10*n + int(c-'0')
		} else {
			times, n = max(times, n), 0
		}
	}
	return instructionBytes * len(pattern) * min(times, 1000)
}

func groupOf(re *javaPattern, c *Call) (int, error) {
	group := 0
	if len(c.Args) > 2 {
		group = int(c.Args[2].Int())
	}
	if group < 0 || group > re.re.NumSubexp() {
		return 0, fmt.Errorf("there is no group %d in %q", group, re.text)
	}
	return group, nil
}

func regexpExtract(re *javaPattern, c *Call) (types.Value, error) {
	group, err := groupOf(re, c)
	if err != nil {
		return types.NullValue, nil
	}
	s := c.Args[1].Str()
	m := re.find(s)
	if m == nil || m[2*group] < 0 {
		return types.NullValue, nil
	}
	return types.StringValue(s[m[2*group]:m[2*group+1]]), nil
}

// classes takes the ^ of character classes out of a pattern; what is left anchors it.
var classes = strings.NewReplacer("[^", "[")

// allMatches are the matches as Java finds them: right behind a match there may be an empty one, which Go leaves out. Patterns
// that look at the text before a match are left to Go.
func allMatches(m *Meter, re *regexp.Regexp, s string) (out [][]int, err error) {
	pattern := classes.Replace(re.String())
	if strings.Contains(pattern, "^") || strings.Contains(pattern, `\A`) || strings.Contains(pattern, `\b`) || strings.Contains(pattern, `\B`) {
		return matchesBehind(m, re, s)
	}
	for at := 0; at <= len(s); {
		next := re.FindStringSubmatchIndex(s[at:])
		if next == nil {
			break
		}
		for j := range next {
			if next[j] >= 0 {
				next[j] += at
			}
		}
		out = append(out, next)
		if err := m.Hold(matchBytes(next)); err != nil {
			return nil, err
		}
		if len(s)-at > longText {
			if err := m.Ended(); err != nil {
				return nil, err
			}
		}
		if at = next[1]; next[0] == next[1] {
			_, size := utf8.DecodeRuneInString(s[at:])
			at += max(size, 1)
		}
	}
	return out, nil
}

// longText is the size of a text that takes long enough to search that the query may have been ended meanwhile.
const longText = 1 << 14

// matchBytes is what a match takes.
func matchBytes(m []int) int { return valueBytes + 8*len(m) }

// matchesBehind are the matches of a pattern that looks at the text before a match: they have to be found in one go, which may take
// the square of the text's length.
func matchesBehind(m *Meter, re *regexp.Regexp, s string) ([][]int, error) {
	if err := m.Step(len(s) >> 6 * (len(s) >> 6)); err != nil {
		return nil, err
	}
	found := re.FindAllStringSubmatchIndex(s, -1)
	for _, f := range found {
		if err := m.Hold(matchBytes(f)); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func regexpExtractAll(re *javaPattern, c *Call) (types.Value, error) {
	group, err := groupOf(re, c)
	if err != nil {
		return types.NullValue, nil
	}
	s := c.Args[1].Str()
	all, err := re.all(c.Meter, s)
	if err != nil {
		return types.NullValue, err
	}
	if err := c.Meter.Items(len(all)); err != nil {
		return types.NullValue, err
	}
	var out []types.Value
	for _, m := range all {
		if m[2*group] < 0 {
			out = append(out, types.NullValue)
			continue
		}
		out = append(out, types.StringValue(s[m[2*group]:m[2*group+1]]))
	}
	return types.ArrayValue(out), nil
}

// splitPattern splits as Java does: a pattern that matches nothing at all cuts everywhere, but not before the first character,
// and leaves no empty parts at the end.
func splitPattern(re *javaPattern, s string, all [][]int) []string {
	if s == "" {
		return []string{s}
	}
	var out []string
	from := 0
	if !re.re.MatchString("") {
		for _, m := range all {
			out, from = append(out, s[from:m[0]]), m[1]
		}
		return append(out, s[from:])
	}
	for _, m := range all {
		if m[1] > 0 {
			out, from = append(out, s[from:m[0]]), m[1]
		}
	}
	out = append(out, s[from:])
	for len(out) > 1 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

func regexpReplace(re *javaPattern, c *Call) (types.Value, error) {
	s, with := c.Args[0].Str(), c.Args[2].Str()
	all, err := re.all(c.Meter, s)
	if err != nil {
		return types.NullValue, err
	}
	var out []byte
	end := 0
	for _, m := range all {
		out = append(out, s[end:m[0]]...)
		if out, err = appendReplacement(out, with, s, m, c.Meter); err != nil {
			return types.NullValue, err
		}
		end = m[1]
	}
	return types.StringOf(append(out, s[end:]...)), nil
}

// appendReplacement writes a replacement as Java reads it: $n is a group, a backslash takes the next character as it is.
func appendReplacement(dst []byte, with, s string, m []int, meter *Meter) ([]byte, error) {
	for i := 0; i < len(with); i++ {
		switch {
		case with[i] == '\\' && i+1 < len(with):
			i++
			dst = append(dst, with[i])
		case with[i] == '$':
			if i+1 >= len(with) || with[i+1]-'0' > 9 {
				return nil, fmt.Errorf("want the number of a group behind $ in %q", with)
			}
			i++
			group := int(with[i] - '0')
			for i+1 < len(with) && with[i+1]-'0' <= 9 && 2*(group*10+int(with[i+1]-'0')) < len(m) {
				i++
				group = group*10 + int(with[i]-'0')
			}
			if 2*group >= len(m) {
				return nil, fmt.Errorf("there is no group %d for %q", group, with)
			}
			if m[2*group] >= 0 {
				if err := meter.Fits(len(dst) + m[2*group+1] - m[2*group]); err != nil {
					return nil, err
				}
				dst = append(dst, s[m[2*group]:m[2*group+1]]...)
			}
		default:
			dst = append(dst, with[i])
		}
	}
	return dst, meter.Fits(len(dst))
}
