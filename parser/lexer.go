package parser

import (
	"strings"
	"unicode/utf8"

	"weir/parser/ast"
)

// lexer cuts a text into tokens. It never fails and never skips anything but blanks and comments.
type lexer struct {
	src  string
	off  int
	line int
	col  int
	open Open // what the text ends inside of, if it is less than a statement
}

func newLexer(src string) lexer {
	l := lexer{src: src, line: 1, col: 1}
	if strings.HasPrefix(src, "\ufeff") {
		l.off = len("\ufeff")
	}
	return l
}

func (l *lexer) pos() ast.Pos { return ast.Pos{Offset: l.off, Line: l.line, Col: l.col} }

// to moves on to an offset and counts lines and columns on the way.
func (l *lexer) to(off int) {
	for ; l.off < off; l.off++ {
		switch b := l.src[l.off]; {
		case b == '\n':
			l.line++
			l.col = 1
		case utf8.RuneStart(b):
			l.col++
		}
	}
}

func (l *lexer) at(off int) byte {
	if off < len(l.src) {
		return l.src[off]
	}
	return 0
}

// next is the next token; at the end of the text it is a kEnd without text.
func (l *lexer) next() token {
	if bad := l.blanks(); bad != nil {
		return *bad
	}
	t := token{kind: kEnd, pos: l.pos()}
	if l.off == len(l.src) {
		return t
	}
	var end int
	switch b := l.src[l.off]; {
	case isLetter(b) || b == '_':
		t.kind, end = kWord, l.wordEnd(l.off)
		t.value = strings.ToUpper(l.src[l.off:end])
	case isDigit(b) || b == '.' && isDigit(l.at(l.off+1)):
		t.kind, end = l.number()
		if t.kind == kDigits {
			t.value = strings.ToUpper(l.src[l.off:end])
		}
	case b == '\'':
		return l.quoted(kString, b, InString)
	case b == '"' || b == '`':
		return l.quoted(kQuoted, b, InName)
	case b == '$' && l.at(l.off+1) == '{':
		t, end = l.variable(t)
	case b == ';':
		end = l.off + 1
	default:
		if end = l.operator(); end > 0 {
			t.kind = kOp
			break
		}
		t.kind = kBad
		r, size := utf8.DecodeRuneInString(l.src[l.off:])
		end = l.off + size
		t.value = "no token of SQL begins with '" + string(r) + "'"
		if r == utf8.RuneError && size == 1 {
			t.value = "the text is not valid UTF-8"
		}
	}
	t.text = l.src[l.off:end]
	l.to(end)
	return t
}

// blanks skips blanks and comments. It returns a bad token for a comment without an end.
func (l *lexer) blanks() *token {
	for l.off < len(l.src) {
		switch b := l.src[l.off]; {
		case b == ' ' || b == '\t' || b == '\r' || b == '\n':
			l.to(l.off + 1)
		case b == '-' && l.at(l.off+1) == '-':
			n := strings.IndexByte(l.src[l.off:], '\n')
			if n < 0 {
				n = len(l.src) - l.off
			}
			l.to(l.off + n)
		case b == '/' && l.at(l.off+1) == '*':
			n := strings.Index(l.src[l.off+2:], "*/")
			if n < 0 {
				t := token{kind: kBad, text: l.src[l.off:], pos: l.pos(), value: "the comment has no end; close it with */"}
				l.open = InComment
				l.to(len(l.src))
				return &t
			}
			l.to(l.off + 2 + n + 2)
		default:
			return nil
		}
	}
	return nil
}

// quoted reads up to the closing quote; a doubled quote stands for itself.
func (l *lexer) quoted(k kind, quote byte, open Open) token {
	t := token{kind: k, pos: l.pos()}
	doubled, end := false, l.off+1
	for {
		n := strings.IndexByte(l.src[end:], quote)
		if n < 0 {
			t.kind, t.text = kBad, l.src[l.off:]
			t.value = "the quote is never closed; close it with " + string(quote)
			l.open = open
			l.to(len(l.src))
			return t
		}
		end += n + 1
		if l.at(end) != quote {
			break
		}
		doubled = true
		end++
	}
	t.text = l.src[l.off:end]
	t.value = t.text[1 : len(t.text)-1]
	if doubled {
		t.value = strings.ReplaceAll(t.value, string(quote)+string(quote), string(quote))
	}
	switch {
	case !utf8.ValidString(t.value):
		t.kind, t.value = kBad, "the text is not valid UTF-8"
	case k == kQuoted && t.value == "":
		t.kind, t.value = kBad, "a name cannot be empty"
	}
	l.to(end)
	return t
}

func (l *lexer) variable(t token) (token, int) {
	start := l.off + 2
	end := start
	if isLetter(l.at(start)) || l.at(start) == '_' {
		end = l.wordEnd(start)
	}
	if end == start || l.at(end) != '}' {
		t.kind, t.value = kBad, "a variable is written ${name}"
		return t, start
	}
	t.kind, t.value = kVariable, l.src[start:end]
	return t, end + 1
}

// number tells 12, 12.5, .5, 12.5E3 and names like 1abc apart: the longest one wins.
func (l *lexer) number() (kind, int) {
	digits := func(i int) int {
		for isDigit(l.at(i)) {
			i++
		}
		return i
	}
	k, end := kInt, digits(l.off)
	if l.at(end) == '.' {
		k, end = kDecimal, digits(end+1)
	}
	if e := l.at(end); e == 'e' || e == 'E' {
		exp := end + 1
		if s := l.at(exp); s == '+' || s == '-' {
			exp++
		}
		if last := digits(exp); last > exp {
			k, end = kFloat, last
		}
	}
	if isDigit(l.src[l.off]) {
		if word := l.wordEnd(l.off); word > end {
			return kDigits, word
		}
	}
	return k, end
}

func (l *lexer) wordEnd(i int) int {
	for b := l.at(i); isLetter(b) || isDigit(b) || b == '_' || b == '@'; b = l.at(i) {
		i++
	}
	return i
}

// operator is the end of the operator here, or 0.
func (l *lexer) operator() int {
	a, b := l.src[l.off], l.at(l.off+1)
	switch {
	case a == '<' && (b == '=' || b == '>'), a == '>' && b == '=', a == '!' && b == '=', a == '|' && b == '|',
		a == ':' && b == '=', a == '-' && b == '>', a == '=' && b == '>':
		return l.off + 2
	case strings.IndexByte("()[],.+-*/%=<>", a) >= 0:
		return l.off + 1
	}
	return 0
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

func isDigit(b byte) bool { return b >= '0' && b <= '9' }
