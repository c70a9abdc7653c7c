package parser

import (
	"sort"
	"strings"

	"weir/parser/ast"
)

// outToken is a token of the text for TiDB. Behind it stands the place in the user's text that it stems from, and for
// literals the finished node.
type outToken struct {
	text string
	pos  ast.Pos
	lit  ast.Expr
}

// What MySQL's grammar lacks is written as a call in a schema of its own. A user's call never has a schema, so that the
// two cannot be mixed up. One token stands on a line: TiDB's lexer looks back over blanks, but not over line breaks.
const (
	openStar        = "`ksql`\n.\n`star`\n("
	openDeref       = "`ksql`\n.\n`deref`\n("
	openStructAll   = "`ksql`\n.\n`structall`\n("
	openSubscript   = "`ksql`\n.\n`subscript`\n("
	openArray       = "`ksql`\n.\n`array`\n("
	openMap         = "`ksql`\n.\n`map`\n("
	openStruct      = "`ksql`\n.\n`struct`\n("
	openLambda      = "`ksql`\n.\n`lambda`\n("
	openCast        = "`ksql`\n.\n`cast`\n("
	openDistinct    = "`ksql`\n.\n`distinct`\n("
	openNull        = "`ksql`\n.\n`null`\n("
	openNotNull     = "`ksql`\n.\n`notnull`\n("
	openEscape      = "`ksql`\n.\n`escape`\n("
	openOn          = "`ksql`\n.\n`on`\n("
	extensionSchema = "ksql"
)

func backQuote(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// put appends a token for TiDB that stems from pos.
func (c *cutter) put(text string, pos ast.Pos) {
	c.out = append(c.out, outToken{text: text, pos: pos})
}

// keep hands the current token on as it is, in its canonical form, and goes to the next.
func (c *cutter) keep() {
	t := c.tok()
	text := t.text
	if t.kind == kWord {
		text = t.value
	}
	c.put(text, t.pos)
	c.next()
}

func (c *cutter) putName(id ast.Ident) { c.put(backQuote(id.Name), id.Pos()) }

func (c *cutter) putLiteral(text string, lit ast.Expr) {
	c.out = append(c.out, outToken{text: text, pos: lit.Pos(), lit: lit})
}

// wrap puts calls around what has been put since at: the first of opens becomes the innermost. Their closing parts
// are there already.
func (c *cutter) wrap(at int, pos ast.Pos, opens []string) {
	n := len(opens)
	if n == 0 {
		return
	}
	old := len(c.out)
	for range n {
		c.out = append(c.out, outToken{})
	}
	copy(c.out[at+n:], c.out[at:old])
	for i, open := range opens {
		c.out[at+n-1-i] = outToken{text: open, pos: pos}
	}
}

// outText is the text for TiDB with the way back from its offsets to the tokens.
type outText struct {
	text    string
	tokens  []outToken
	offsets []int
}

func newOutText(tokens []outToken) *outText {
	size := 0
	for i := range tokens {
		size += len(tokens[i].text) + 1
	}
	o := &outText{tokens: tokens, offsets: make([]int, len(tokens))}
	var b strings.Builder
	b.Grow(size)
	for i := range tokens {
		o.offsets[i] = b.Len()
		b.WriteString(tokens[i].text)
		b.WriteByte('\n')
	}
	o.text = b.String()
	return o
}

// at is the index of the token that holds an offset of the text.
func (o *outText) at(offset int) int {
	return max(0, sort.SearchInts(o.offsets, offset+1)-1)
}
