package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
)

// Entity is what a statement answers on /ksql. The set is closed.
type Entity interface {
	// Head is what all entities have.
	Head() *Common
	// Layout is how the entity reads, its warnings aside.
	Layout() Layout
}

// Common begins every entity.
type Common struct {
	Type          string    `json:"@type"`
	StatementText string    `json:"statementText"`
	Warnings      []Warning `json:"warnings"`
}

// Head returns the entity's own Common.
func (c *Common) Head() *Common { return c }

// Warning is something a user should know of an answer.
type Warning struct {
	Message string `json:"message"`
}

// Of fills in the type and the statement of an entity, and returns it.
func Of[E Entity](e E, statement string) E {
	h := e.Head()
	h.StatementText = statement
	if h.Warnings == nil {
		h.Warnings = []Warning{}
	}
	if h.Type == "" {
		h.Type = typeOf(e)
	}
	return e
}

// entityTypes are the entities by the value of @type. Each file has those of its messages.
var entityTypes = join(doneTypes, assertTypes, sourceTypes, descriptionTypes, queryTypes, listingTypes, functionTypes, connectorTypes)

func join(lists ...map[string]Entity) map[string]Entity {
	out := map[string]Entity{}
	for _, l := range lists {
		maps.Copy(out, l)
	}
	return out
}

func typeOf(e Entity) string {
	for name, sample := range entityTypes {
		if reflect.TypeOf(sample) == reflect.TypeOf(e) {
			return name
		}
	}
	return ""
}

// Entities is an answer of /ksql.
type Entities []Entity

// UnmarshalJSON reads entities by their types. Those of an unknown type become an *Unknown.
func (list *Entities) UnmarshalJSON(data []byte) error {
	var raws []json.RawMessage
	if err := json.Unmarshal(data, &raws); err != nil {
		return err
	}
	*list = make(Entities, 0, len(raws))
	for _, raw := range raws {
		var head Common
		if err := json.Unmarshal(raw, &head); err != nil {
			return err
		}
		sample, ok := entityTypes[head.Type]
		if !ok {
			*list = append(*list, &Unknown{Common: head, Raw: raw})
			continue
		}
		e := reflect.New(reflect.TypeOf(sample).Elem()).Interface()
		if err := json.Unmarshal(raw, e); err != nil {
			return fmt.Errorf("an entity of type %s: %w", head.Type, err)
		}
		*list = append(*list, e.(Entity))
	}
	return nil
}

// Unknown is an entity that this version knows nothing of.
type Unknown struct {
	Common
	Raw json.RawMessage
}

// MarshalJSON gives back what was read.
func (u *Unknown) MarshalJSON() ([]byte, error) { return u.Raw, nil }

// Layout is all of it.
func (u *Unknown) Layout() Layout {
	data, err := json.MarshalIndent(u, "", "  ")
	if err != nil {
		return Layout{Lines(err.Error())}
	}
	return Layout{Lines(data)}
}
