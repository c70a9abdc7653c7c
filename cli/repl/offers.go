package repl

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"weir/cli/export"
	"weir/connectors"
	"weir/connectors/connector"
	"weir/formats"
	"weir/parser"
	"weir/planner"
	"weir/settings"
)

// offers are the words that may stand at a place, each with what is written behind it.
func (c *catalog) offers(p place) []offer {
	if p.quoted {
		return ends(c.texts(p), "'")
	}
	if list, ok := c.expected(p); ok {
		return ends(list, " ")
	}
	if at, ok := p.with(); ok && (p.back(1) == "(" || p.back(1) == ",") {
		if p.first(0) == "CREATE" && slices.Contains(p.before[:at], "CONNECTOR") {
			return ends(quoteAll(connectorProperties(p, at)), " = '")
		}
		if p.first(0) == "COPY" {
			return ends(export.Properties(), "=")
		}
		return ends(each(planner.WithProperties, func(w planner.WithProperty) string { return w.Name }), "=")
	}
	if p.word == "" {
		return nil // anything may come
	}
	out := ends(keywords, " ")
	if len(p.before) > 0 {
		for _, source := range p.sources() {
			out = append(out, ends(c.columns(source), " ")...)
		}
		out = append(out, ends(c.functions(), "(")...)
	}
	return append(out, ends(c.sources(), " ")...)
}

// offer is a word that may come, and what is written behind it.
type offer struct{ word, end string }

func ends(words []string, end string) []offer {
	out := make([]offer, len(words))
	for i, w := range words {
		out[i] = offer{w, end}
	}
	return out
}

// keywords are those of the language, and the prompt's own words.
var keywords = slices.Concat(parser.Keywords(), strings.Fields("WATCH help exit history clear version output run script spool"))

// expected are the words where only names of one kind can stand.
func (c *catalog) expected(p place) (words []string, ok bool) {
	last, first := p.back(1), p.first(0)
	if of := p.back(2); first == "ALTER" && (of == "STREAM" || of == "TABLE") {
		return []string{"ADD COLUMN", "RENAME TO"}, true
	}
	switch last {
	case ".":
		if source, ok := p.sources()[unquoteName(p.back(2))]; ok {
			return c.columns(source), true
		}
	case "FROM", "JOIN", "INTO":
		if last == "FROM" && first == "CREATE" && !slices.Contains(p.before, "SELECT") {
			return []string{"TOPIC", "FILE"}, true
		}
		return c.sources(), true
	case "STREAM", "TABLE":
		return c.sources(), first == "DROP" || first == "ALTER" || first == "SHOW"
	case "DESCRIBE":
		return append(c.sources(), "FUNCTION", "CONNECTOR", "STREAMS", "TABLES"), true
	case "FUNCTION":
		return c.functions(), first == "DESCRIBE" || first == "SHOW"
	case "CONNECTOR":
		return c.connectors(), first != "CREATE"
	case "PRINT":
		return c.topics(), true
	case "TOPIC":
		return c.topics(), first == "DROP" || first == "ASSERT" || p.back(2) == "FROM"
	case "QUERY":
		return c.queries(), first == "SHOW"
	case "TERMINATE", "PAUSE", "RESUME":
		return append(c.queries(), "ALL"), true
	case "EXPLAIN":
		return append(c.queries(), "SELECT", "CREATE"), true
	case "HELP":
		return append(firstWords(), c.functions()...), len(p.before) == 1
	case "OUTPUT":
		return formatNames(), len(p.before) == 1
	}
	return nil, false
}

// texts are what may stand between quotes.
func (c *catalog) texts(p place) []string {
	if w := p.back(1); w == "TO" && p.first(0) == "COPY" || w == "SCRIPT" || w == "SPOOL" || w == "FILE" || w == `\i` {
		return files(p.word)
	}
	if p.back(1) == "TOPIC" {
		return c.topics()
	}
	name := strings.Trim(p.back(2), "'")
	switch first := p.first(0); {
	case p.back(1) == "=" && (first == "SET" || first == "ALTER"):
		if s, ok := settings.Find(name); ok && strings.Contains(s.About().Value, "|") {
			return strings.Split(s.About().Value, "|")
		}
		return nil
	case first == "SET" || first == "UNSET" || first == "ALTER" && p.first(1) == "SYSTEM":
		var names []string
		for s := range settings.All() {
			names = append(names, s.About().Name)
		}
		return names
	}
	at, ok := p.with()
	switch connects := ok && slices.Contains(p.before[:at], "CONNECTOR"); {
	case connects && p.back(1) == "=" && strings.EqualFold(name, "connector.class"):
		return each(classesFor(p), func(k connector.Class) string { return k.Name })
	case connects && p.back(1) == "=":
		for _, k := range classesFor(p) {
			for _, x := range k.Properties {
				if x.Name == name && len(x.Values) > 0 {
					return x.Values
				}
			}
		}
		return files(p.word)
	case connects:
		return connectorProperties(p, at)
	case ok && p.first(0) == "COPY":
		if p.back(1) == "=" && name == "FORMAT" {
			return export.Formats()
		}
		return nil
	case ok && p.back(1) == "=" && strings.HasSuffix(name, "FORMAT") && name != "TIMESTAMP_FORMAT":
		return each(formats.All(), func(f formats.Format) string { return f.Name })
	case ok && p.back(1) == "=" && name == "KAFKA_TOPIC":
		return c.topics()
	}
	return nil
}

// classesFor are the classes of the statement's direction; one where it is named.
func classesFor(p place) []connector.Class {
	var out []connector.Class
	for _, k := range connectors.Classes() {
		if slices.Contains(p.before, "'"+k.Name+"'") || slices.Contains(p.before, "'"+strings.ToUpper(k.Name)+"'") {
			return []connector.Class{k}
		}
		if slices.Contains(p.before, string(k.Kind)) {
			out = append(out, k)
		}
	}
	return out
}

// connectorProperties are those of the class that is named, without those that are given already.
func connectorProperties(p place, at int) []string {
	out := []string{"connector.class"}
	if classes := classesFor(p); len(classes) == 1 {
		out = append(out, each(classes[0].Properties, func(x connector.Property) string { return x.Name })...)
	}
	return slices.DeleteFunc(out, func(name string) bool { return slices.Contains(p.before[at:], "'"+name+"'") })
}

func quoteAll(names []string) []string {
	return each(names, func(n string) string { return "'" + n + "'" })
}

// files are the files and folders that a path may be the beginning of.
func files(begun string) []string {
	found, err := filepath.Glob(begun + "*")
	if err != nil {
		return nil // not a path that can be looked for
	}
	for i, f := range found {
		if info, err := os.Stat(f); err == nil && info.IsDir() {
			found[i] += string(filepath.Separator)
		}
	}
	return found
}
