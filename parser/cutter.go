package parser

import (
	"slices"
	"strconv"
	"strings"

	"weir/parser/ast"
	"weir/parser/suggest"
)

// cutter walks over the tokens of one statement. It checks them against the grammar, sets aside what MySQL's grammar does not
// know and puts the rest out for TiDB. What is set aside is named in the output by its index, so that it finds its
// place again wherever TiDB's tree holds it. After the first mistake the cursor stands at the end and nothing more is read.
type cutter struct {
	opts  Options
	src   string // the whole text, for error messages
	toks  []token
	i     int
	depth int
	err   *Error
	out   []outToken

	bracketed    bool // the query that is read stands in brackets, and ends with them
	primaryStart int  // first token of the primary expression that was read last
	opens        []string

	types   []*ast.Type
	lambdas []*ast.Lambda
	structs []*ast.StructCtor
	tables  []*ast.Table
	joins   []*ast.Join
	queries []*ast.Query
	columns []ast.Column
}

func (c *cutter) tok() *token { return &c.toks[c.i] }

// ahead is the n-th token from here, or the last one.
func (c *cutter) ahead(n int) *token { return &c.toks[min(c.i+n, len(c.toks)-1)] }

func (c *cutter) next() {
	if c.i < len(c.toks)-1 {
		c.i++
	}
}

func (c *cutter) pos() ast.Pos { return c.tok().pos }

func (c *cutter) is(word string) bool { return c.tok().isWord(word) }

func (c *cutter) isOp(op string) bool { return c.tok().isOp(op) }

func (c *cutter) accept(word string) bool {
	if c.is(word) {
		c.next()
		return true
	}
	return false
}

func (c *cutter) acceptOp(op string) bool {
	if c.isOp(op) {
		c.next()
		return true
	}
	return false
}

// acceptWords takes several words in a row, or none of them.
func (c *cutter) acceptWords(words ...string) bool {
	for i, w := range words {
		if !c.ahead(i).isWord(w) {
			return false
		}
	}
	c.i += len(words)
	return true
}

func (c *cutter) expect(word string) {
	if !c.accept(word) {
		c.expected(word)
	}
}

func (c *cutter) expectOp(op string) {
	if !c.acceptOp(op) {
		c.missing(op)
	}
}

// moreInList takes a comma and says true, or the closing operator and says false.
func (c *cutter) moreInList(closing string) bool {
	if c.acceptOp(",") {
		return true
	}
	c.expectOp(closing)
	return false
}

func (c *cutter) missing(op string) {
	c.fail(c.tok(), "missing '"+op+"' at "+describe(c.tok()), "")
}

// name takes a name: upper-cased unless it is quoted.
func (c *cutter) name(what string) ast.Ident {
	t := c.tok()
	id := ast.Ident{At: ast.At(t.pos), Name: t.value}
	if !t.isName() {
		c.expectedThing(what)
		return id
	}
	c.next()
	return id
}

// resource takes the name of a thing outside of SQL: it keeps its case, and may be a string.
func (c *cutter) resource(what string) ast.Ident {
	t := c.tok()
	if t.kind == kString && t.value != "" {
		c.next()
		return ast.Ident{At: ast.At(t.pos), Name: t.value}
	}
	id := c.name(what)
	if t.kind == kWord || t.kind == kDigits {
		id.Name = t.text
	}
	return id
}

// text takes a string literal.
func (c *cutter) text(what string) string {
	t := c.tok()
	if t.kind != kString {
		c.expectedThing(what + " in single quotes")
		return ""
	}
	c.next()
	return t.value
}

// enter counts a level of nesting; leave it with leave.
func (c *cutter) enter() {
	c.depth++
	if c.depth > c.opts.MaxNesting {
		c.failKind(TooBig, c.pos(), "the statement is nested too deeply", "At most "+strconv.Itoa(c.opts.MaxNesting)+
			" levels of brackets, calls, types and signs are allowed.")
	}
}

func (c *cutter) leave() { c.depth-- }

func (c *cutter) failKind(kind Kind, pos ast.Pos, msg, hint string) {
	if c.err == nil {
		c.err = &Error{Pos: pos, Kind: kind, Msg: msg, Hint: hint, Line: lineAt(c.src, pos.Offset)}
	}
	c.i = len(c.toks) - 1
}

// fail reports a syntax error at a token. If the token itself is broken, that is what is reported.
func (c *cutter) fail(t *token, msg, hint string) {
	switch t.kind {
	case kBad:
		msg, hint = t.value, ""
	case kVariable:
		msg, hint = "the variable "+t.text+" has no value", "Give it one: DEFINE "+t.value+" = '...';"
	}
	c.failKind(Syntax, t.pos, msg, hint)
}

// expectedThing reports that something else than a keyword was expected.
func (c *cutter) expectedThing(what string) {
	t := c.tok()
	hint := unsupported(t, c.before())
	if hint == "" && t.kind == kWord && ast.Reserved(t.value) {
		hint = reservedHint(t)
	}
	c.fail(t, "expected "+what+", found "+describe(t), hint)
}

func reservedHint(t *token) string {
	return "\"" + t.text + "\" is a reserved keyword and it can't be used as an identifier. You can use it as an identifier by escaping it as `" + t.value + "`."
}

// expected reports that one of some words was expected. If the word found, or the one before it, looks like one
// of them, it says so.
func (c *cutter) expected(words ...string) {
	t, hint := c.tok(), c.didYouMean(words)
	if hint == "" {
		hint = unsupported(t, c.before())
	}
	c.fail(t, "expected "+orList(words)+", found "+describe(t), hint)
}

func (c *cutter) didYouMean(words []string) string {
	for _, t := range []*token{c.tok(), c.before()} {
		if t != nil && t.kind == kWord && !ast.Reserved(t.value) && !slices.Contains(words, t.value) {
			if w, ok := suggest.Suggest(t.value, words); ok {
				return "Did you mean " + w + " instead of " + t.text + "?"
			}
		}
	}
	return ""
}

func (c *cutter) before() *token {
	if c.i == 0 {
		return nil
	}
	return &c.toks[c.i-1]
}

// end expects the statement to be over. The words could have gone on with it.
func (c *cutter) end(words ...string) {
	t := c.tok()
	if c.err != nil || c.ended() {
		return
	}
	if c.before() != nil && c.before().isWord("EMIT") {
		c.expected("CHANGES", "FINAL")
		return
	}
	hint := c.didYouMean(words)
	if hint == "" {
		hint = unsupported(t, c.before())
	}
	if c.bracketed {
		c.fail(t, "expected ')', found "+describe(t), hint)
		return
	}
	c.fail(t, "expected ';', found "+describe(t), hint)
}

// ended says whether what is read is at its end: the statement, or a query in brackets.
func (c *cutter) ended() bool { return c.tok().kind == kEnd || c.bracketed && c.isOp(")") }

// unsupported explains what other dialects know and this one does not. Its words are no keywords here, so that one of them may
// have been read as an alias just before.
func unsupported(t, before *token) string {
	switch {
	case before != nil && before.isOp("(") && t.isWord("DISTINCT"):
		return unsupportedHints["(DISTINCT"]
	case t.kind == kWord && unsupportedHints[t.value] != "":
		return unsupportedHints[t.value]
	case before != nil && before.kind == kWord:
		return unsupportedHints[before.value]
	}
	return ""
}

var unsupportedHints = map[string]string{
	"DISTINCT":  "SELECT DISTINCT is not supported; GROUP BY the columns instead.",
	"(DISTINCT": "DISTINCT inside of a call is not supported; use COUNT_DISTINCT, or COLLECT_SET.",
	"UNION":     "UNION is not supported; write both queries with INSERT INTO into one stream.",
	"AT":        "AT TIME ZONE is not supported; use CONVERT_TZ.",
	"OFFSET":    "OFFSET is not supported.",
	"OVER":      "OVER is not supported; use GROUP BY with a WINDOW.",
	"USING":     "USING is not supported; join with ON.",
	"ROLLUP":    "ROLLUP is not supported.",
	"INTERSECT": "INTERSECT is not supported.",
	"EXCEPT":    "EXCEPT is not supported.",
}

func orList(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
