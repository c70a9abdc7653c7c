package repl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"weir/parser"
	"weir/parser/suggest"
	"weir/server/render"
)

const helpText = `Statements end with ; and may take several lines; with \G the rows of one are shown column by column. Some to begin with:
  SHOW TOPICS; SHOW STREAMS; SHOW TABLES; SHOW QUERIES; SHOW FUNCTIONS;
  DESCRIBE name EXTENDED;  DESCRIBE FUNCTION name;  EXPLAIN query;
  CREATE STREAM clicks (user_id STRING, page STRING) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);
  CREATE STREAM flights FROM FILE 'flights.csv';   or FROM TOPIC 'flights': finds the columns out
  CREATE SOURCE CONNECTOR demo WITH ('connector.class'='datagen', 'quickstart'='clicks', 'rate'='5');
  SELECT * FROM clicks EMIT CHANGES LIMIT 3;
  CREATE TABLE hits AS SELECT page, COUNT(*) AS n FROM clicks GROUP BY page;
  SELECT * FROM hits EMIT CHANGES;   (Ctrl-C ends it)
  COPY (SELECT * FROM hits) TO 'hits.csv';   or .jsonl, or .parquet
  SET 'auto.offset.reset'='earliest';  lets queries at the prompt start with the oldest rows

Commands of the prompt:
  WATCH query;           shows the rows of a table where they stand, and how they change, in the order of its list or of an
                         ORDER BY ... LIMIT ... of the query; WATCH BAR column query; has a bar for each number of the column
  help [words]           this text; help create stream, help window, help substring tell of those
  run script 'file.sql'  runs the statements of a file; \i file.sql too
  output [format]        how answers are shown: %s
  spool 'file' | off     writes what is shown into a file too
  history                what was entered
  version                what this talks to
  clear                  empties the screen
  exit                   leaves, as do quit, \q and Ctrl-D
  \d [name]              lists streams and tables, or describes one
  \x                     shows rows column by column, or again in lines
  \e                     opens the last statement in $VISUAL or $EDITOR, and runs what was saved
  \pager                 shows long answers in $WEIR_PAGER or $PAGER, less if there is none; or no longer
  SET CLI WRAP ON|OFF;   lets long texts take several lines in place of being cut
  SET CLI COLUMN-WIDTH n;  makes no column of texts wider, 0 as wide as there is room
Tab completes words; Ctrl-R looks for what was entered.
`

// help answers the command of that name.
func (r *REPL) help(ctx context.Context, words []string) error {
	if len(words) == 0 {
		return r.say(fmt.Sprintf(helpText, render.Formats()))
	}
	found := topicsOf(words)
	if len(words) == 1 && len(found) == 0 {
		c := catalog{backend: r.Backend}
		if name := strings.ToUpper(words[0]); slices.Contains(c.functions(), name) {
			return r.Backend.Execute(ctx, Script{Text: "DESCRIBE FUNCTION " + name + ";"}, r.Printer)
		}
		hint := ""
		if s, ok := suggest.Suggest(name(words[0]), append(firstWords(), c.functions()...)); ok && s != "" {
			hint = " Did you mean help " + s + "?"
		}
		return fmt.Errorf("there is no statement, clause or function %s.%s help alone tells what there is", strings.Join(words, " "), hint)
	}
	if len(found) == 0 {
		return fmt.Errorf("no statement has the words %s. help alone tells what there is", strings.ToUpper(strings.Join(words, " ")))
	}
	var b strings.Builder
	for i, t := range found {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s\n  %s\n  For example: %s\n", t.Syntax, t.Meaning, strings.TrimSuffix(t.Example, ";")+";")
	}
	return r.say(b.String())
}

func name(word string) string { return strings.ToUpper(strings.Trim(word, "'\"`;")) }

// topicsOf are the entries of the reference that begin with the words, or else those of which they are keywords.
func topicsOf(words []string) []parser.Topic {
	want := make([]string, len(words))
	for i, w := range words {
		want[i] = name(w)
	}
	var begin, have []parser.Topic
	for _, t := range slices.Concat(parser.Statements(), parser.Clauses) {
		got := capitals(t.Syntax)
		if len(got) >= len(want) && slices.Equal(got[:len(want)], want) {
			begin = append(begin, t)
		}
		// A word on its own has to be the beginning: nearly every statement has a FROM.
		if len(want) > 1 && got[0] == want[0] && !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(got, w) }) {
			have = append(have, t)
		}
	}
	if len(begin) > 0 {
		return begin
	}
	return have
}

// capitals are the keywords of a form, in their order.
func capitals(syntax string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(syntax, func(c rune) bool { return !isWord(c) }) {
		if w == strings.ToUpper(w) && w != strings.ToLower(w) {
			out = append(out, w)
		}
	}
	return out
}

// firstWords are the words that statements and clauses begin with.
func firstWords() []string {
	var out []string
	for _, t := range slices.Concat(parser.Statements(), parser.Clauses) {
		if words := capitals(t.Syntax); len(words) > 0 && !slices.Contains(out, words[0]) {
			out = append(out, words[0])
		}
	}
	return out
}

func formatNames() []string {
	return strings.FieldsFunc(render.Formats(), func(c rune) bool { return c == ',' || c == ' ' })
}
