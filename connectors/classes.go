// Package connectors brings data into Kafka without another program: the classes of connectors that are built in, and the runtime that
// starts, pauses and watches connectors.
package connectors

import (
	"fmt"
	"strings"

	"weir/connectors/connector"
	"weir/connectors/datagen"
	"weir/connectors/file"
	"weir/parser/suggest"
)

// Classes are all built-in connector classes.
func Classes() []connector.Class {
	return []connector.Class{
		datagen.Class(),
		file.Class(),
	}
}

// Class finds a built-in class by the value of connector.class. The error lists what there is.
func Class(name string) (connector.Class, error) {
	var names []string
	for _, c := range Classes() {
		if strings.EqualFold(c.Name, name) {
			return c, nil
		}
		names = append(names, c.Name)
	}
	hint := ""
	if s, ok := suggest.Suggest(name, names); ok {
		hint = fmt.Sprintf(" Did you mean '%s'?", s)
	}
	return connector.Class{}, fmt.Errorf("there is no built-in connector class '%s'.%s Built in are: %s", name, hint, strings.Join(names, ", "))
}
