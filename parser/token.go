package parser

import "weir/parser/ast"

type kind uint8

const (
	kEnd    kind = iota // the end of the statement: a semicolon, or the end of the text
	kWord               // a keyword or an unquoted name; value is in upper case
	kQuoted             // a quoted name; value is without its quotes
	kDigits             // an unquoted name that begins with a digit; value is in upper case
	kInt
	kDecimal
	kFloat
	kString // value is without its quotes
	kVariable
	kOp
	kBad // value says what is wrong with it
)

// token is a word of the source. A lexical mistake is a token too, so that an earlier syntax error is found first.
type token struct {
	kind  kind
	text  string // as written
	value string
	pos   ast.Pos
}

func (t *token) end() int { return t.pos.Offset + len(t.text) }

func (t *token) isOp(op string) bool { return t.kind == kOp && t.text == op }

func (t *token) isWord(word string) bool { return t.kind == kWord && t.value == word }

func (t *token) isNumber() bool { return t.kind == kInt || t.kind == kDecimal || t.kind == kFloat }

// isName reports whether the token can stand for a name.
func (t *token) isName() bool {
	return t.kind == kQuoted || t.kind == kDigits || t.kind == kWord && !ast.Reserved(t.value)
}
