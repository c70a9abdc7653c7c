package registry

import (
	"fmt"
	"strings"

	"github.com/hamba/avro/v2"

	"weir/registry/protoschema"
)

// check tells why next doesn't fit the older schemas (oldest first) at a level; nothing if it fits. lenient is of the policy for JSON schemas.
func check(level Level, next *parsed, older []*parsed, lenient bool) []string {
	if level == None || len(older) == 0 {
		return nil
	}
	name := string(level)
	if !strings.HasSuffix(name, "_TRANSITIVE") {
		older = older[len(older)-1:]
	}
	backward := strings.HasPrefix(name, string(Backward)) || strings.HasPrefix(name, string(Full))
	forward := strings.HasPrefix(name, string(Forward)) || strings.HasPrefix(name, string(Full))
	var reasons []string
	for i := len(older) - 1; i >= 0; i-- {
		old := older[i]
		if old.Type != next.Type {
			reasons = append(reasons, fmt.Sprintf("version %d is of type %s, not %s", old.Version, old.Type, next.Type))
			continue
		}
		if backward {
			for _, r := range unreadable(next, old, lenient) {
				reasons = append(reasons, fmt.Sprintf("the new schema cannot read data of version %d: %s", old.Version, r))
			}
		}
		if forward {
			for _, r := range unreadable(old, next, lenient) {
				reasons = append(reasons, fmt.Sprintf("version %d cannot read data of the new schema: %s", old.Version, r))
			}
		}
	}
	return reasons
}

// unreadable tells why data of the writer can't be read with the reader, which is of the same type.
func unreadable(reader, writer *parsed, lenient bool) []string {
	switch reader.Type {
	case Protobuf:
		return protoschema.Incompatible(reader.proto, writer.proto)
	case JSON:
		return incompatibleJSON(reader.json, writer.json, lenient)
	case Avro:
		// A fresh checker each time: it remembers answers by a fingerprint that leaves out defaults and aliases.
		if err := avro.NewSchemaCompatibility().Compatible(reader.avro, writer.avro); err != nil {
			return []string{err.Error()}
		}
	}
	return nil
}
