package wire

import "strconv"

var assertTypes = map[string]Entity{
	"assert_topic":  (*AssertTopic)(nil),
	"assert_schema": (*AssertSchema)(nil),
}

// AssertTopic answers ASSERT TOPIC.
type AssertTopic struct {
	Common
	Topic  string `json:"topicName"`
	Exists bool   `json:"exists"`
}

// Layout implements Entity.
func (e *AssertTopic) Layout() Layout {
	return Layout{Lines("Topic " + e.Topic + " " + exists(e.Exists) + ".")}
}

// AssertSchema answers ASSERT SCHEMA.
type AssertSchema struct {
	Common
	Subject *string `json:"subject"`
	ID      *int    `json:"id"`
	Exists  bool    `json:"exists"`
}

// Layout implements Entity.
func (e *AssertSchema) Layout() Layout {
	what := "Schema"
	if e.Subject != nil {
		what += " with subject " + *e.Subject
	}
	if e.ID != nil {
		what += " with id " + strconv.Itoa(*e.ID)
	}
	return Layout{Lines(what + " " + exists(e.Exists) + ".")}
}

func exists(yes bool) string {
	if yes {
		return "exists"
	}
	return "does not exist"
}
