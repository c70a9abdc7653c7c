package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"

	"weir/answer"
	"weir/engine"
)

// Of fills in the type and the statement of an entity, and returns it.
func Of[E answer.Entity](e E, statement string) E {
	h := e.Head()
	h.StatementText = statement
	if h.Warnings == nil {
		h.Warnings = []answer.Warning{}
	}
	if h.Type == "" {
		h.Type = typeOf(e)
	}
	return e
}

// entityTypes are the entities by the value of @type. Each file has those of its messages, and the engine has its own.
var entityTypes = join(doneTypes, sourceTypes, descriptionTypes, queryTypes, listingTypes, functionTypes, connectorTypes)

func join(lists ...map[string]answer.Entity) map[string]answer.Entity {
	out := map[string]answer.Entity{}
	for name, m := range engine.Messages {
		out[name] = m
	}
	for _, l := range lists {
		maps.Copy(out, l)
	}
	return out
}

func typeOf(e answer.Entity) string {
	for name, sample := range entityTypes {
		if reflect.TypeOf(sample) == reflect.TypeOf(e) {
			return name
		}
	}
	return ""
}

// Entities is an answer of /ksql.
type Entities []answer.Entity

// UnmarshalJSON reads entities by their types. Those of an unknown type become an *Unknown.
func (list *Entities) UnmarshalJSON(data []byte) error {
	var raws []json.RawMessage
	if err := json.Unmarshal(data, &raws); err != nil {
		return err
	}
	*list = make(Entities, 0, len(raws))
	for _, raw := range raws {
		var head answer.Common
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
		*list = append(*list, e.(answer.Entity))
	}
	return nil
}

// Unknown is an entity that this version knows nothing of.
type Unknown struct {
	answer.Common
	Raw json.RawMessage
}

// MarshalJSON gives back what was read.
func (u *Unknown) MarshalJSON() ([]byte, error) { return u.Raw, nil }

// Layout is all of it.
func (u *Unknown) Layout() answer.Layout {
	data, err := json.MarshalIndent(u, "", "  ")
	if err != nil {
		return answer.Layout{answer.Lines(err.Error())}
	}
	return answer.Layout{answer.Lines(data)}
}
