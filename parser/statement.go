package parser

import (
	"slices"
	"strings"

	"weir/parser/ast"
	"weir/parser/suggest"
)

// group is a part of the reference whose statements are read by one method.
type group struct {
	forms []Topic
	read  func(*cutter) ast.Statement
}

// groups are the statements, in the order of the documentation; the forms stand where they are read. All that is known of first words
// comes from here. It is a function because a statement can hold another one.
func groups() []group {
	return []group{
		{selectForms, (*cutter).selection},
		{createSourceForms, (*cutter).create},
		{createFromForms, (*cutter).create},
		{insertForms, (*cutter).insert},
		{copyForms, (*cutter).copyTo},
		{alterSourceForms, (*cutter).alter},
		{dropSourceForms, (*cutter).drop},
		{createTopicForms, (*cutter).create},
		{dropTopicForms, (*cutter).drop},
		{createTypeForms, (*cutter).create},
		{dropTypeForms, (*cutter).drop},
		{createFunctionForms, (*cutter).create},
		{dropFunctionForms, (*cutter).drop},
		{createConnectorForms, (*cutter).create},
		{dropConnectorForms, (*cutter).drop},
		{printForms, (*cutter).printTopic},
		{explainForms, (*cutter).explain},
		{describeForms, (*cutter).describe},
		{showForms, (*cutter).show},
		{terminateForms, (*cutter).onQuery},
		{propertyForms, (*cutter).property},
		{alterSystemForms, (*cutter).alter},
		{variableForms, (*cutter).variable},
		{assertForms, (*cutter).assert},
	}
}

// Statements is the reference of all statements.
func Statements() []Topic {
	var out []Topic
	for _, g := range groups() {
		out = append(out, g.forms...)
	}
	return out
}

// firstWords are the words that a form can begin with.
func (t Topic) firstWords() []string {
	if choice, ok := strings.CutPrefix(t.Syntax, "{ "); ok {
		choice, _, _ = strings.Cut(choice, " }")
		return strings.Split(choice, " | ")
	}
	word, _, _ := strings.Cut(t.Syntax, " ")
	return []string{word}
}

// beginning finds how statements are read that begin with a word; nil where there are none.
func beginning(word string) func(*cutter) ast.Statement {
	for _, g := range groups() {
		for _, form := range g.forms {
			if slices.Contains(form.firstWords(), word) {
				return g.read
			}
		}
	}
	return nil
}

// beginnings are the words that a statement can begin with.
func beginnings() []string {
	var out []string
	for _, form := range Statements() {
		for _, word := range form.firstWords() {
			if !slices.Contains(out, word) {
				out = append(out, word)
			}
		}
	}
	return out
}

// statement reads a whole statement. What goes to TiDB is in c.out afterwards; the rest of the node is complete.
// The result is nil if there was a mistake.
func (c *cutter) statement() ast.Statement {
	c.enter()
	defer c.leave()
	t := c.tok()
	if t.kind != kWord {
		c.expectedThing("a statement")
		return nil
	}
	if read := beginning(t.value); read != nil {
		return read(c)
	}
	if t.value == "RUN" && c.opts.TestStatements {
		return c.runScript()
	}
	c.unknown(t)
	return nil
}

func (c *cutter) unknown(t *token) {
	msg := "Unknown statement '" + t.text + "'"
	if w, ok := suggest.Suggest(t.value, beginnings()); ok {
		msg += "\nDid you mean '" + w + "'?"
	}
	c.fail(t, msg, "")
}
