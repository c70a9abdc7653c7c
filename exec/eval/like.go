package eval

import (
	"strings"
	"unicode/utf8"

	"weir/planner/plan"
	"weir/types"
)

func (k *Compiler) like(e *plan.Like) Fn {
	in, not := k.Compile(e.E), e.Not
	if lit, ok := e.Pattern.(*plan.Literal); ok && !lit.Value.IsNull() {
		match, width := likeMatcher(lit.Value.Str(), e.Escape), lit.Value.Len()
		return func(c *Ctx) types.Value {
			v := in(c)
			if v.IsNull() {
				return types.NullValue
			}
			if v.Len() > longText {
				if err := c.meter.Read(v.Len() * width); err != nil {
					return c.fail(err)
				}
			}
			return types.BoolValue(match(v.Str()) != not)
		}
	}
	pattern, escape := k.Compile(e.Pattern), e.Escape
	return func(c *Ctx) types.Value {
		v, p := in(c), pattern(c)
		if v.IsNull() || p.IsNull() {
			return types.NullValue
		}
		if v.Len()+p.Len() > longText {
			if err := c.meter.Read((v.Len() + stepBytes) * (p.Len() + stepBytes)); err != nil {
				return c.fail(err)
			}
		}
		return types.BoolValue(likeMatch(v.Str(), likeParts(p.Str(), escape)) != not)
	}
}

// longText is from which size on the time that a text takes is counted.
const longText = 4 << 10

// likePart is a piece of a pattern: literal text, one character (_) or any run of characters (%).
type likePart struct {
	text string
	kind byte // 't', '_' or '%'
}

func likeParts(pattern string, escape rune) []likePart {
	var parts []likePart
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			parts = append(parts, likePart{text.String(), 't'})
			text.Reset()
		}
	}
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			text.WriteRune(r)
			escaped = false
		case escape != 0 && r == escape:
			escaped = true
		case r == '%':
			flush()
			if len(parts) == 0 || parts[len(parts)-1].kind != '%' {
				parts = append(parts, likePart{kind: '%'})
			}
		case r == '_':
			flush()
			parts = append(parts, likePart{kind: '_'})
		default:
			text.WriteRune(r)
		}
	}
	if escaped {
		text.WriteRune(escape)
	}
	flush()
	return parts
}

// likeMatcher compiles a constant pattern; the common shapes need no search.
func likeMatcher(pattern string, escape rune) func(string) bool {
	parts := likeParts(pattern, escape)
	shape := ""
	for _, p := range parts {
		shape += string(rune(p.kind))
	}
	switch shape {
	case "":
		return func(s string) bool { return s == "" }
	case "%":
		return func(string) bool { return true }
	case "t":
		return func(s string) bool { return s == parts[0].text }
	case "t%":
		return func(s string) bool { return strings.HasPrefix(s, parts[0].text) }
	case "%t":
		return func(s string) bool { return strings.HasSuffix(s, parts[1].text) }
	case "%t%":
		return func(s string) bool { return strings.Contains(s, parts[1].text) }
	}
	return func(s string) bool { return likeMatch(s, parts) }
}

// likeMatch goes back only to the last %, so it takes at most len(s)*len(parts) steps.
func likeMatch(s string, parts []likePart) bool {
	at, i := 0, 0
	backAt, backI := -1, -1
	for {
		ok := false
		switch {
		case i == len(parts):
			if at == len(s) {
				return true
			}
		case parts[i].kind == '%':
			backAt, backI = at, i
			i++
			continue
		case parts[i].kind == '_' && at < len(s):
			_, n := utf8.DecodeRuneInString(s[at:])
			at, ok = at+n, true
		case parts[i].kind == 't' && strings.HasPrefix(s[at:], parts[i].text):
			at, ok = at+len(parts[i].text), true
		}
		if ok {
			i++
			continue
		}
		if backAt < 0 || backAt >= len(s) {
			return false
		}
		_, n := utf8.DecodeRuneInString(s[backAt:])
		backAt += n
		at, i = backAt, backI+1
	}
}
