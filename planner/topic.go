package planner

import (
	"slices"
	"strings"

	"weir/parser/ast"
)

// topicProps are the properties that CREATE TOPIC takes.
var topicProps = []string{"PARTITIONS", "REPLICAS", "RETENTION_MS", "CLEANUP_POLICY", "MAX_MESSAGE_BYTES"}

// TopicOf reads CREATE TOPIC.
func TopicOf(s *ast.CreateTopic, env *Env) (*Topic, error) {
	for _, p := range s.With {
		if name := strings.ToUpper(p.Name); !slices.Contains(topicProps, name) {
			return nil, at(p.Pos(), "CREATE TOPIC takes %s, but not %s%s", joinAnd(topicProps), name, didYouMean(name, topicProps))
		}
	}
	b := &builder{env: env}
	w, err := b.with(s.With, s.Topic.Pos())
	if err != nil {
		return nil, err
	}
	return b.topic(w, s.Topic.Name), nil
}
