package parser

import "weir/parser/ast"

var copyForms = []Topic{
	{"COPY (query) TO 'file' [WITH (property = value [, ...])]",
		"Writes the rows of a query to a file where the prompt or the script runs: CSV, JSON lines or Parquet, by the file's ending (.csv, .tsv, .jsonl, .ndjson, .parquet; .gz behind it packs) or by FORMAT. " +
			"A file that is there is kept unless OVERWRITE=TRUE. Of a query with EMIT CHANGES, Ctrl-C or LIMIT ends the file. docs/files.md has the properties.",
		"COPY (SELECT * FROM hits WHERE n > 10) TO 'hits.parquet'"},
}

// copyTo reads COPY (query) TO 'file'.
func (c *cutter) copyTo() ast.Statement {
	s := &ast.Copy{At: ast.At(c.pos())}
	c.next()
	if !c.isOp("(") {
		c.fail(c.tok(), "expected '(', found "+describe(c.tok()), "The query stands in brackets: COPY (SELECT * FROM hits) TO 'hits.csv'.")
		return nil
	}
	c.next()
	c.bracketed = true
	c.query(false)
	c.bracketed = false
	s.End = c.pos()
	c.expectOp(")")
	c.expect("TO")
	s.Path = ast.StringLit{At: ast.At(c.pos()), Value: c.text("a file's name")}
	s.With = c.with()
	c.end("WITH")
	return s
}
