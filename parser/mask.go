package parser

import (
	"strings"

	"weir/parser/ast"
)

// What stands in place of a value that is not to be seen, in the words of ksqlDB.
const (
	maskedValue    = "'[value]'"  // of INSERT ... VALUES
	maskedProperty = "'[string]'" // of CREATE CONNECTOR
)

// shownProperty is the one property of a connector that tells nothing secret.
const shownProperty = "connector.class"

// Masked is the statement as it may stand in errors and logs: the values of INSERT ... VALUES and the properties of connectors are left out.
func (s Stmt) Masked() string {
	switch n := s.Node.(type) {
	case *ast.InsertValues:
		return maskedInsert(n)
	case *ast.CreateConnector:
		return maskedConnector(n)
	default: // about these alone
	}
	return s.Text
}

// Masked does so for a text, whether it can be parsed or not.
func Masked(text string) string {
	pieces := Split(text)
	var out []string
	masked := false
	for _, p := range append(pieces.Statements, pieces.Rest) {
		if p.Text == "" {
			continue
		}
		if hides(p.Text) {
			masked = true
			p.Text = maskedPiece(p.Text)
		}
		out = append(out, p.Text)
	}
	if !masked {
		return text
	}
	return strings.Join(out, "\n")
}

func maskedPiece(text string) string {
	list, err := Parse(strings.TrimSuffix(text, ";")+";", Options{})
	if err != nil || len(list) != 1 {
		return maskedTokens(text)
	}
	return list[0].Masked()
}

// hides says whether a text begins as a statement does whose values are not to be seen.
func hides(text string) bool {
	l := newLexer(text)
	first, second := l.next(), l.next()
	switch first.value {
	case "INSERT":
		for t := second; t.kind != kEnd; t = l.next() {
			if t.kind == kWord && t.value == "SELECT" {
				return false
			}
			if t.kind == kWord && t.value == "VALUES" {
				return true
			}
		}
		return true // it may have been meant to have some
	case "CREATE":
		for t := second; t.kind == kWord; t = l.next() {
			if t.value == "CONNECTOR" {
				return true
			}
		}
	}
	return false
}

// maskedTokens takes the literals out of a text that cannot be parsed.
func maskedTokens(text string) string {
	var b strings.Builder
	l := newLexer(text)
	from, equals := 0, true
	connector := strings.EqualFold(firstWord(text), "CREATE")
	for {
		t := l.next()
		if t.kind == kEnd && t.text == "" {
			b.WriteString(text[from:])
			return b.String()
		}
		literal := t.kind == kString || t.isNumber() || t.kind == kBad
		if literal && (equals || !connector) { // the names of properties may be texts too
			b.WriteString(text[from:t.pos.Offset])
			if connector {
				b.WriteString(maskedProperty)
			} else {
				b.WriteString(maskedValue)
			}
			from = t.end()
		}
		equals = t.kind == kOp && t.text == "="
	}
}

func firstWord(text string) string {
	l := newLexer(text)
	return l.next().value
}

func maskedInsert(n *ast.InsertValues) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + ast.Quote(n.Target.Name))
	for i, c := range n.Columns {
		b.WriteString([]string{" (", ", "}[min(i, 1)] + quoted(c.Name))
		if i == len(n.Columns)-1 {
			b.WriteString(")")
		}
	}
	b.WriteString(" VALUES ")
	for i, row := range n.Rows {
		b.WriteString([]string{"", ", "}[min(i, 1)] + "(" + strings.TrimSuffix(strings.Repeat(maskedValue+", ", len(row)), ", ") + ")")
	}
	return b.String() + ";"
}

// quoted is a name in the quotes that ksqlDB puts around it.
func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func maskedConnector(n *ast.CreateConnector) string {
	plain := *n
	plain.With = nil
	text := ast.Format(&plain)
	for i, p := range n.With {
		value := maskedProperty
		if strings.EqualFold(p.Name, shownProperty) {
			value = ast.Format(p.Value)
		}
		text += []string{" WITH (", ", "}[min(i, 1)] + ast.QuoteString(p.Name) + "=" + value
	}
	if len(n.With) > 0 {
		text += ")"
	}
	return text + ";"
}
