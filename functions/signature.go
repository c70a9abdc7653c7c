package functions

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"weir/types"
)

// A signature reads as one would say it:
//
//	(s STRING, pos INTEGER) STRING             plain types
//	(list ARRAY<T>, x T) BOOLEAN               capital letters stand for any type, each for one
//	(s STRING...) STRING                       any number of them, none included; the last, or one in the middle
//	(list ARRAY<T>, f (T) => R) ARRAY<R>       a lambda
//	(unit UNIT, n INTEGER, d DATE) DATE        a time unit such as DAYS
//	(x DECIMAL) DECIMAL                        any DECIMAL; the result is the type of the first one
//	(x T, more ANY...) STRING                  any types, each its own
//	(x T; k INTEGER) ARRAY<T>                  behind the semicolon of an aggregate: literals that shape it
type signature struct {
	params  []param
	returns *pattern
	text    string
}

type param struct {
	name     string
	typ      *pattern
	variadic bool
	initial  bool
}

// pattern is a type with holes.
type pattern struct {
	kind   patternKind
	exact  *types.Type // of plainType
	letter byte        // of anyType
	parts  []*pattern  // ARRAY: item; MAP: key, value; lambda: parameters, then the result
}

type patternKind uint8

const (
	plainType patternKind = iota
	anyType
	anyDecimal
	arrayOf
	mapOf
	lambdaOf
	timeUnit
	structOf // any STRUCT; a return type of it is computed
	eachOwn  // any type, each argument its own
)

var plainTypes = map[string]*types.Type{"BOOLEAN": types.TBoolean, "INTEGER": types.TInteger, "BIGINT": types.TBigint,
	"DOUBLE": types.TDouble, "STRING": types.TString, "BYTES": types.TBytes, "TIME": types.TTime, "DATE": types.TDate,
	"TIMESTAMP": types.TTimestamp}

var parsedSignatures sync.Map // text -> *signature or error

// parseSignature reads a signature, each text once.
func parseSignature(text string) (*signature, error) {
	if s, ok := parsedSignatures.Load(text); ok {
		if err, bad := s.(error); bad {
			return nil, err
		}
		return s.(*signature), nil
	}
	p := &signatureReader{text: text}
	s := p.signature()
	if p.err != nil {
		parsedSignatures.Store(text, p.err)
		return nil, p.err
	}
	parsedSignatures.Store(text, s)
	return s, nil
}

type signatureReader struct {
	text string
	at   int
	err  error
}

func (p *signatureReader) fail(want string) {
	if p.err == nil {
		p.err = fmt.Errorf("signature %q, byte %d: want %s", p.text, p.at, want)
	}
}

func (p *signatureReader) take(token string) bool {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
	if strings.HasPrefix(p.text[p.at:], token) {
		p.at += len(token)
		return true
	}
	return false
}

func (p *signatureReader) want(token string) {
	if !p.take(token) {
		p.fail("'" + token + "'")
	}
}

func (p *signatureReader) word() string {
	p.take("")
	from := p.at
	for p.at < len(p.text) && (p.text[p.at] == '_' || unicode.IsLetter(rune(p.text[p.at])) || unicode.IsDigit(rune(p.text[p.at]))) {
		p.at++
	}
	if from == p.at {
		p.fail("a name")
	}
	return p.text[from:p.at]
}

func (p *signatureReader) signature() *signature {
	s := &signature{text: p.text}
	p.want("(")
	initial := p.take(";")
	for p.err == nil && !p.take(")") {
		q := param{name: p.word(), initial: initial}
		q.typ = p.pattern()
		q.variadic = p.take("...")
		s.params = append(s.params, q)
		switch {
		case p.take(","):
		case p.take(";"):
			initial = true
		default:
			p.want(")")
			p.at--
		}
	}
	s.returns = p.pattern()
	if p.err == nil && p.at != len(p.text) {
		p.fail("the end")
	}
	return s
}

func (p *signatureReader) pattern() *pattern {
	if p.err != nil {
		return nil
	}
	if p.take("(") {
		l := &pattern{kind: lambdaOf}
		for {
			l.parts = append(l.parts, p.pattern())
			if p.err != nil || !p.take(",") {
				break
			}
		}
		p.want(")")
		p.want("=>")
		l.parts = append(l.parts, p.pattern())
		return l
	}
	switch w := p.word(); {
	case len(w) == 1:
		return &pattern{kind: anyType, letter: w[0]}
	case w == "DECIMAL":
		return &pattern{kind: anyDecimal}
	case w == "UNIT":
		return &pattern{kind: timeUnit}
	case w == "ANY":
		return &pattern{kind: eachOwn}
	case w == "STRUCT":
		return &pattern{kind: structOf}
	case w == "ARRAY":
		p.want("<")
		item := p.pattern()
		p.want(">")
		return &pattern{kind: arrayOf, parts: []*pattern{item}}
	case w == "MAP":
		p.want("<")
		key := p.pattern()
		p.want(",")
		val := p.pattern()
		p.want(">")
		return &pattern{kind: mapOf, parts: []*pattern{key, val}}
	default:
		if t := plainTypes[w]; t != nil {
			return &pattern{kind: plainType, exact: t}
		}
		p.fail("a type")
		return nil
	}
}

// String prints the type as signatures are shown to users.
func (p *pattern) String() string {
	switch p.kind {
	case plainType:
		return p.exact.String()
	case anyType:
		return string(p.letter)
	case anyDecimal:
		return "DECIMAL"
	case arrayOf:
		return "ARRAY<" + p.parts[0].String() + ">"
	case mapOf:
		return "MAP<" + p.parts[0].String() + ", " + p.parts[1].String() + ">"
	case timeUnit:
		return "INTERVALUNIT"
	case structOf:
		return "STRUCT"
	case eachOwn:
		return "ANY"
	}
	var b strings.Builder
	b.WriteString("LAMBDA (")
	last := len(p.parts) - 1
	for i, part := range p.parts[:last] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(part.String())
	}
	return b.String() + ") => " + p.parts[last].String()
}

// show prints a signature under the name of its function, as ksqlDB lists alternatives.
func (s *signature) show(name string) string {
	var b strings.Builder
	b.WriteString(name + "(")
	for i, p := range s.params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.typ.String())
		if p.variadic {
			b.WriteString("...")
		}
		b.WriteString(" " + p.name)
	}
	return b.String() + ")"
}
