package parser

import (
	"slices"
	"strings"
	"testing"

	"weir/parser/ast"
)

func TestReference(t *testing.T) {
	for _, topic := range Statements() {
		list, err := Parse(topic.Example+";", Options{})
		if err != nil || len(list) != 1 {
			t.Errorf("%s: %v", topic.Example, err)
		} else if word := strings.Fields(topic.Example)[0]; !strings.Contains(topic.Syntax[:min(40, len(topic.Syntax))], word) {
			t.Errorf("%s is not of the form %s", topic.Example, topic.Syntax)
		}
	}
	for _, topic := range Clauses {
		list, err := Parse(topic.Example+";", Options{})
		if err != nil {
			t.Errorf("%s: %v", topic.Example, err)
			continue
		}
		if word := strings.Fields(topic.Syntax)[0]; !strings.Contains(topic.Example, word) {
			t.Errorf("%s has no %s", topic.Example, word)
		}
		if _, ok := list[0].Node.(*ast.Query); !ok {
			t.Errorf("%s is no query", topic.Example)
		}
	}
	for _, topic := range Expressions {
		if _, err := ParseExpr(topic.Example, Options{}); err != nil {
			t.Errorf("%s: %v", topic.Example, err)
		}
	}
	for _, topic := range Types {
		if _, err := ParseType(topic.Example, Options{}); err != nil {
			t.Errorf("%s: %v", topic.Example, err)
		}
	}
}

func TestKeywords(t *testing.T) {
	words := Keywords()
	for _, w := range []string{"SELECT", "SHOW", "ORDER", "PLUGINS", "QUERY_ID", "VARCHAR", "DAYS"} {
		if !slices.Contains(words, w) {
			t.Errorf("%s is missing", w)
		}
	}
	if len(words) < 100 || slices.Contains(words, "") || slices.Contains(words, "n") {
		t.Error(words)
	}
}

// Every word that the reference begins a statement with is known to the parser, and every statement to the reference.
func TestBeginnings(t *testing.T) {
	for _, word := range beginnings() {
		_, err := Parse(word+" ?;", Options{})
		if err == nil || strings.Contains(err.Error(), "Unknown statement") {
			t.Errorf("%s: %v", word, err)
		}
	}
	if got := strings.Join(beginnings(), " "); got != "SELECT CREATE INSERT COPY ALTER DROP PRINT EXPLAIN DESCRIBE SHOW LIST TERMINATE PAUSE RESUME SET UNSET DEFINE UNDEFINE ASSERT" {
		t.Error(got)
	}
}
