package repl

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
)

var keywords = strings.Fields(`SELECT FROM AS WHERE GROUP BY HAVING EMIT CHANGES FINAL LIMIT CREATE OR REPLACE STREAM TABLE SOURCE SINK
CONNECTOR CONNECTORS PLUGINS TYPE TYPES IF NOT EXISTS WITH INSERT INTO VALUES DROP DELETE TOPIC TOPICS SHOW LIST STREAMS TABLES QUERIES
FUNCTIONS PROPERTIES VARIABLES ALL EXTENDED DESCRIBE FUNCTION EXPLAIN PRINT BEGINNING INTERVAL TERMINATE PAUSE RESUME SET UNSET DEFINE
UNDEFINE ASSERT SCHEMA SUBJECT TIMEOUT ALTER ADD COLUMN JOIN INNER LEFT RIGHT FULL OUTER ON WITHIN GRACE PERIOD WINDOW TUMBLING HOPPING
SESSION SIZE ADVANCE RETENTION PARTITION PRIMARY KEY HEADERS HEADER BETWEEN AND LIKE ESCAPE IN IS NULL DISTINCT CASE WHEN THEN ELSE END
CAST ARRAY MAP STRUCT BOOLEAN INTEGER BIGINT DOUBLE DECIMAL STRING BYTES TIME DATE TIMESTAMP DAYS HOURS MINUTES SECONDS MILLISECONDS
COUNT SUM AVG MIN MAX KAFKA_TOPIC VALUE_FORMAT KEY_FORMAT PARTITIONS REPLICAS help exit history clear version output run script spool`)

// completer offers keywords and the names of streams and tables.
type completer struct {
	backend Backend
	names   []string
	asked   time.Time
}

// namesFor is how long names are kept: a second Tab should not ask the server again.
const namesFor = 3 * time.Second

// Do implements readline.AutoCompleter: what could follow the word before the cursor.
func (c *completer) Do(line []rune, pos int) (suffixes [][]rune, length int) {
	start := pos
	for start > 0 && (unicode.IsLetter(line[start-1]) || unicode.IsDigit(line[start-1]) || line[start-1] == '_') {
		start--
	}
	word := string(line[start:pos])
	if word == "" {
		return nil, 0
	}
	if time.Since(c.asked) > namesFor {
		c.names, c.asked = c.backend.Names(context.Background()), time.Now()
	}
	for _, w := range candidates(word, keywords, c.names) {
		suffixes = append(suffixes, []rune(w))
	}
	return suffixes, pos - start
}

// candidates are the ends of the words that begin with word, in the case in which word was begun.
func candidates(word string, lists ...[]string) []string {
	lower := word == strings.ToLower(word)
	var out []string
	for _, w := range slices.Concat(lists...) {
		if len(w) < len(word) || !strings.EqualFold(w[:len(word)], word) {
			continue
		}
		rest := w[len(word):]
		if lower {
			rest = strings.ToLower(rest)
		}
		out = append(out, rest+" ")
	}
	slices.Sort(out)
	return slices.Compact(out)
}
