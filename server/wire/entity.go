package wire

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Entity is what a statement answers on /ksql. The set is closed.
type Entity interface {
	// Head is what all entities have.
	Head() *Common
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

// entityTypes are the entities by the value of @type.
var entityTypes = map[string]Entity{
	"currentStatus":          (*Status)(nil),
	"streams":                (*Streams)(nil),
	"tables":                 (*Tables)(nil),
	"queries":                (*Queries)(nil),
	"properties":             (*Properties)(nil),
	"sourceDescription":      (*SourceDescriptionEntity)(nil),
	"source_descriptions":    (*SourceDescriptions)(nil),
	"queryDescription":       (*QueryDescriptionEntity)(nil),
	"query_descriptions":     (*QueryDescriptions)(nil),
	"kafka_topics":           (*Topics)(nil),
	"kafka_topics_extended":  (*TopicsExtended)(nil),
	"function_names":         (*FunctionNames)(nil),
	"describe_function":      (*FunctionDescription)(nil),
	"type_list":              (*Types)(nil),
	"variables":              (*Variables)(nil),
	"connector_info":         (*ConnectorCreated)(nil),
	"drop_connector":         (*ConnectorDropped)(nil),
	"connector_list":         (*Connectors)(nil),
	"connector_plugins_list": (*ConnectorPlugins)(nil),
	"connector_description":  (*ConnectorDescription)(nil),
	"terminate_query":        (*TerminateQuery)(nil),
	"assert_topic":           (*AssertTopic)(nil),
	"assert_schema":          (*AssertSchema)(nil),
	"warning_entity":         (*WarningEntity)(nil),
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

type (
	// Status answers statements that changed something.
	Status struct {
		Common
		CommandID string        `json:"commandId"`
		Status    CommandStatus `json:"commandStatus"`
		Sequence  int64         `json:"commandSequenceNumber"`
	}
	// WarningEntity answers a statement that found nothing to do.
	WarningEntity struct {
		Common
		Message string `json:"message"`
	}
	// TerminateQuery answers TERMINATE of a push query.
	TerminateQuery struct {
		Common
		QueryID    string `json:"queryId"`
		Terminated bool   `json:"wasTerminated"`
	}
	// AssertTopic answers ASSERT TOPIC.
	AssertTopic struct {
		Common
		Topic  string `json:"topicName"`
		Exists bool   `json:"exists"`
	}
	// AssertSchema answers ASSERT SCHEMA.
	AssertSchema struct {
		Common
		Subject *string `json:"subject"`
		ID      *int    `json:"id"`
		Exists  bool    `json:"exists"`
	}
)
