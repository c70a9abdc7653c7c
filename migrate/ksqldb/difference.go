package ksqldb

import (
	"slices"
	"strings"

	"weir/parser/ast"
)

// What functions do otherwise, by their names. docs/from-ksqldb.md has all differences.
var ofFunctions = map[string]string{
	"SUM":              "SUM: a sum that no longer fits its type is NULL until it fits again, where ksqlDB wraps around",
	"SUM_LIST":         "SUM_LIST: a sum that no longer fits its type is NULL until it fits again, where ksqlDB wraps around",
	"HISTOGRAM":        "HISTOGRAM leaves NULL out, where ksqlDB counts it",
	"CONVERT_TZ":       "CONVERT_TZ takes the offset that holds at the local time in the first zone; around a change of clocks ksqlDB may be an hour off",
	"EXTRACTJSONFIELD": "EXTRACTJSONFIELD finds a value in front of what is malformed in a document, where ksqlDB gives NULL",
}

const (
	byCharacters = ": lengths and positions count characters beyond U+FFFF once, where ksqlDB counts them twice"
	byRE2        = ": patterns are RE2's, without lookaround and back references"
)

var characterFunctions = []string{"LEN", "SUBSTRING", "LPAD", "RPAD", "INSTR", "MASK_LEFT", "MASK_RIGHT", "MASK_KEEP_LEFT", "MASK_KEEP_RIGHT"}
var patternFunctions = []string{"REGEXP_EXTRACT", "REGEXP_EXTRACT_ALL", "REGEXP_REPLACE", "REGEXP_SPLIT_TO_ARRAY"}
var mapFunctions = []string{"REDUCE", "TRANSFORM", "FILTER"}
var nullFunctions = []string{"IFNULL", "COALESCE"}

// differences are what a statement does otherwise under Weir, as far as its text tells.
func differences(n ast.Statement, isTable func(string) bool) []string {
	var out []string
	note := func(text string) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	switch n := n.(type) {
	case *ast.CreateSource:
		ofFormats(n.With, note)
	case *ast.CreateAs:
		ofFormats(n.With, note)
		ofQuery(n.Query, isTable, note)
	case *ast.InsertSelect:
		ofQuery(n.Query, isTable, note)
	default: // others are the same
	}
	return out
}

func ofFormats(with []ast.Prop, note func(string)) {
	for _, p := range with {
		v, ok := p.Value.(*ast.StringLit)
		if name := strings.ToUpper(p.Name); ok && (name == "FORMAT" || name == "VALUE_FORMAT" || name == "KEY_FORMAT") && strings.EqualFold(v.Value, "DELIMITED") {
			note("DELIMITED: an empty text in quotes is an empty text, where ksqlDB reads NULL")
		}
	}
}

func ofQuery(q *ast.Query, isTable func(string) bool, note func(string)) {
	if q.Emit != nil && q.Emit.Kind == ast.EmitFinal {
		note("EMIT FINAL puts out every window, also where time jumps past its end and grace at once: there ksqlDB loses it")
	}
	if q.Window != nil {
		note("a row is late by the time to which its source's partition has come, whatever else was read before: fewer rows are left out as late")
	}
	joins(q.From, isTable, note)
	if q.PartitionBy != nil {
		for _, x := range q.PartitionBy.Items {
			if c, ok := x.(*ast.ColumnRef); ok && c.Name == "ROWTIME" {
				note("PARTITION BY ROWTIME: a record without a value has its time as key, where ksqlDB makes it NULL")
			}
		}
	}
	q.Exprs(func(e ast.Expr) { ast.Walk(e, func(e ast.Expr) bool { ofExpr(e, note); return true }) })
}

// joins notes what a join of a stream with a table does otherwise.
func joins(s ast.Source, isTable func(string) bool, note func(string)) {
	j, ok := s.(*ast.Join)
	if !ok {
		return
	}
	joins(j.Left, isTable, note)
	left := false // some source on the left is a stream
	ast.Tables(j.Left, func(t *ast.Table) { left = left || !isTable(t.Name) })
	if t, ok := j.Right.(*ast.Table); ok && left && isTable(t.Name) {
		note("a stream's row meets the table as it was at the time of the row, where ksqlDB takes what it happens to have read by then")
	}
}

func ofExpr(e ast.Expr, note func(string)) {
	switch e := e.(type) {
	case *ast.Like:
		note("LIKE with a NULL is NULL, and so is NOT LIKE, where ksqlDB makes it false")
	case *ast.Case:
		for _, w := range e.Whens {
			if hasArithmetic(w.Cond) {
				note("arithmetic with NULL gives NULL for that operation, where ksqlDB makes the whole column NULL")
			}
		}
	case *ast.Call:
		name := strings.ToUpper(e.Name)
		if text, ok := ofFunctions[name]; ok {
			note(text)
		}
		switch {
		case slices.Contains(characterFunctions, name):
			note(name + byCharacters)
		case slices.Contains(patternFunctions, name):
			note(name + byRE2)
		case slices.Contains(mapFunctions, name) && len(e.Args) > 0 && lambdaOfTwo(e):
			note(name + " goes through a MAP in the order in which the record has its entries, where ksqlDB has the order of a hash table")
		case slices.Contains(nullFunctions, name) && slices.ContainsFunc(e.Args, hasArithmetic):
			note("arithmetic with NULL gives NULL for that operation, where ksqlDB makes the whole column NULL")
		}
	default: // others are the same
	}
}

// lambdaOfTwo says whether a function may be one over a map: its lambda takes key and value.
func lambdaOfTwo(c *ast.Call) bool {
	return slices.ContainsFunc(c.Args, func(a ast.Expr) bool {
		l, ok := a.(*ast.Lambda)
		return ok && len(l.Params) >= 2
	})
}

func hasArithmetic(e ast.Expr) bool {
	found := false
	ast.Walk(e, func(e ast.Expr) bool {
		if _, ok := e.(*ast.Binary); ok {
			found = true
		}
		return true
	})
	return found
}
