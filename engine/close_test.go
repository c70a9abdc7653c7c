package engine

import (
	"testing"
	"time"
)

// Close ends in the time it is given, though no broker answers.
func TestCloseWithoutBroker(t *testing.T) {
	bothWays(t, map[string]string{"commit.interval.ms": "600000"}, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), plainSQL)
		n.write(t, "src", "a=1")
		n.settle(t)
		n.write(t, "src", "b=2")
		p.broker.Close()
		n.abandon(t, time.Second)
	})
}
