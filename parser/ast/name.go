package ast

import "strings"

// reserved words are names only inside quotes.
var reserved = wordSet(`SELECT FROM AS ALL DISTINCT WHERE WITHIN WINDOW GROUP BY HAVING LIMIT AT OR AND IN NOT EXISTS
BETWEEN LIKE IS NULL TRUE FALSE MILLISECOND YEARS MONTHS DAYS HOURS MINUTES SECONDS MILLISECONDS TUMBLING HOPPING SIZE
ADVANCE RETENTION CASE WHEN THEN ELSE END JOIN FULL OUTER INNER LEFT RIGHT ON WITH VALUES CREATE TABLE TOPIC STREAM
STREAMS INSERT DELETE INTO DESCRIBE EXTENDED PRINT CAST LIST TOPICS QUERY QUERIES TERMINATE LOAD DROP TO RENAME SAMPLE
EXPORT CATALOG PROPERTIES BEGINNING UNSET RUN SCRIPT DECIMAL CONNECTOR CONNECTORS NAMESPACE MATERIALIZED VIEW PAUSE
RESUME`)

// ambiguous words may be names, but at some places they would be taken for keywords.
var ambiguous = wordSet(`EMIT PARTITION ESCAPE IF ARRAY MAP STRUCT SESSION COLUMN TABLES FUNCTION SHOW EXPLAIN SET DEFINE
UNDEFINE ASSERT ALTER`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// Reserved reports whether a word, in upper case, is a keyword that has to be quoted to be a name.
func Reserved(word string) bool { return reserved[word] }

// Quote writes a name so that it parses back: bare where it can be, otherwise in back-quotes.
func Quote(name string) string {
	if isBare(name) && !reserved[name] && !ambiguous[name] {
		return name
	}
	return quoteAlways(name)
}

func quoteAlways(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// QuoteString writes a text as a string literal.
func QuoteString(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

func isBare(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z' || c == '_':
		case i > 0 && (c >= '0' && c <= '9' || c == '@'):
		default:
			return false
		}
	}
	return name != ""
}
