package registry

import (
	"fmt"
	"strings"

	"github.com/hamba/avro/v2"

	"weir/registry/protoschema"
)

// check tells why next doesn't fit the older schemas (oldest first) at a level; nothing if it fits. Between JSON
// schemas everything goes.
func check(level Level, next *parsed, older []*parsed) []string {
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
		if next.Type == Protobuf {
			if backward {
				for _, r := range protoschema.Incompatible(next.proto, old.proto) {
					reasons = append(reasons, fmt.Sprintf("the new schema cannot read data of version %d: %s", old.Version, r))
				}
			}
			if forward {
				for _, r := range protoschema.Incompatible(old.proto, next.proto) {
					reasons = append(reasons, fmt.Sprintf("version %d cannot read data of the new schema: %s", old.Version, r))
				}
			}
			continue
		}
		if next.Type != Avro {
			continue
		}
		if backward {
			if err := readable(next.avro, old.avro); err != nil {
				reasons = append(reasons, fmt.Sprintf("the new schema cannot read data of version %d: %v", old.Version, err))
			}
		}
		if forward {
			if err := readable(old.avro, next.avro); err != nil {
				reasons = append(reasons, fmt.Sprintf("version %d cannot read data of the new schema: %v", old.Version, err))
			}
		}
	}
	return reasons
}

// readable uses a fresh checker each time: it remembers answers by a fingerprint that leaves out defaults and aliases.
func readable(reader, writer avro.Schema) error {
	return avro.NewSchemaCompatibility().Compatible(reader, writer)
}
