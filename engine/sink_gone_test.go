package engine

import (
	"strings"
	"testing"

	"weir/kafka"
)

// The topic that a query writes is deleted, while the node is down or while it runs: the query says so and what to do, loses no row that it
// has not written, and goes on once the topic is there again.
func TestSinkTopicGone(t *testing.T) {
	for _, when := range []string{"down", "running"} {
		t.Run(when, func(t *testing.T) {
			bothWays(t, nil, func(t *testing.T, p *place) {
				n := p.start(t)
				n.run(t, NewSession(), plainSQL)
				n.write(t, "src", "a=1", "b=2")
				n.settle(t)
				if when == "down" {
					n.leave(t)
				}
				outside := p.outside(t)
				if err := outside.cluster.DeleteTopic(t.Context(), "o"); err != nil {
					t.Fatal(err)
				}
				if when == "down" {
					outside.write(t, "src", "c=3")
					n = p.start(t)
				}
				until(t, "the query says that its topic is gone", func() bool {
					q := n.Queries()[0]
					return q.State == Unresponsive && strings.Contains(q.Error, `"o" does not exist, to which the query writes: make the topic again`)
				})
				if _, err := outside.cluster.CreateTopic(t.Context(), kafka.TopicSpec{Name: "o", Partitions: 1, Replicas: 1}); err != nil {
					t.Fatal(err)
				}
				if when == "running" {
					outside.write(t, "src", "c=3")
				}
				n.settle(t)
				n.write(t, "src", "d=4")
				n.settle(t)
				n.wantTexts(t, "o", "c=3", "d=4")
			})
		})
	}
}
