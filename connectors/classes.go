// Package connectors brings data into Kafka and out of it without another program: the classes of connectors that are built in, and the
// runtime that starts, pauses and watches connectors.
package connectors

import (
	"fmt"
	"slices"
	"strings"

	"weir/connectors/connector"
	"weir/connectors/datagen"
	"weir/connectors/file"
	"weir/connectors/filesink"
	"weir/connectors/httppoll"
	"weir/connectors/httpsink"
	"weir/connectors/postgres"
	"weir/connectors/s3sink"
	"weir/connectors/tcp"
	"weir/parser/suggest"
	"weir/settings"
)

// Classes are all built-in connector classes.
func Classes() []connector.Class {
	return []connector.Class{
		datagen.Class(),
		file.Class(),
		tcp.Class(),
		httppoll.Class(),
		filesink.Class(),
		postgres.Class(),
		httpsink.Class(),
		s3sink.Class(),
	}
}

// BuiltIn says whether a value of connector.class is a built-in class, of a source or of a sink.
func BuiltIn(name string) bool {
	return slices.ContainsFunc(Classes(), func(c connector.Class) bool { return is(c, name) })
}

func is(c connector.Class, name string) bool {
	return strings.EqualFold(c.Name, name) || slices.Contains(c.Aliases, name)
}

// Class finds a built-in class by the value of connector.class. The error lists what there is.
func Class(kind connector.Kind, name string) (connector.Class, error) {
	var names []string
	for _, c := range Classes() {
		switch {
		case is(c, name) && c.Kind == kind:
			return c, nil
		case c.Kind == kind:
			names = append(names, c.Name)
		}
	}
	for _, c := range Classes() {
		if is(c, name) {
			return c, fmt.Errorf("connector class '%s' is a %s: write CREATE %s CONNECTOR", c.Name, strings.ToLower(string(c.Kind)), c.Kind)
		}
	}
	hint := ""
	if s, ok := suggest.Suggest(name, names); ok {
		hint = fmt.Sprintf(" Did you mean '%s'?", s)
	}
	return connector.Class{}, fmt.Errorf("there is no built-in %s connector class '%s'.%s Built in are: %s. Any other runs in a Kafka Connect worker, whose REST API the setting %s names",
		strings.ToLower(string(kind)), name, hint, strings.Join(names, ", "), settings.ConnectURL.About().Name)
}
