package engine

import (
	"strings"
	"testing"
)

func TestConstants(t *testing.T) {
	n := startNode(t, t.TempDir())
	defer n.stop(t)
	for sql, want := range map[string]string{
		"SELECT 1+1, ucase('x');":                                         "2 | X\n",
		"SELECT 1.50 * 2 AS a, ARRAY[1, 2][-1] b;":                        "3.00 | 2\n",
		"SELECT STRUCT(a := 1, b := 'x')->*;":                             "1 | x\n",
		"SELECT TRANSFORM(ARRAY[1, 2], x => x + 1);":                      "[2, 3]\n",
		"SELECT NULL IS NULL AND 'a' LIKE '%';":                           "true\n",
		"SELECT CAST('5' AS INT), CASE WHEN 1 > 2 THEN 'a' ELSE 'b' END;": "5 | b\n",
	} {
		if got := n.run(t, NewSession(), sql); got != want {
			t.Errorf("%s gives %q, want %q", sql, got, want)
		}
	}
	for sql, want := range map[string]string{
		"SELECT a + 1;":                "A is a column, and a SELECT without FROM reads none: name the stream or table that has it, or put a text into single quotes.",
		"SELECT *;":                    "* stands for the columns of a stream or table, and a SELECT without FROM reads none.",
		"SELECT 1, COUNT(*) + 1;":      "COUNT is an aggregate function: it takes the rows of a stream or table, and a SELECT without FROM reads none.",
		"SELECT EXPLODE(ARRAY[1]);":    "EXPLODE is a table function: it makes several rows of one of a stream, and a SELECT without FROM reads none.",
		"SELECT ucas('x');":            "Can't find any functions with the name 'UCAS' Did you mean UCASE?",
		"SELECT 1 AS a, 2 AS a;":       "There are two columns named `A`. Give one of them an alias with AS.",
		"SELECT 5->*;":                 "Cannot resolve star '*' on non-struct type: INTEGER",
		"SELECT PARSE_DATE('x', 'y');": "Column `KSQL_COL_0`: ",
		"SELECT 1 EMIT CHANGES;":       "expected FROM or ';', found 'EMIT'",
		"SELECT 1 WHERE 1 = 1;":        "expected FROM, found 'WHERE'",
		"CREATE STREAM s AS SELECT 1;": "expected FROM, found ';'",
		"INSERT INTO s SELECT 1;":      "expected FROM, found ';'",
	} {
		if _, err := n.try(t, NewSession(), sql); err == nil || !strings.Contains(told(err), want) {
			t.Errorf("%s\ngot  %v\nwant %s", sql, err, want)
		}
	}
}
