package engine

import (
	"net"
	"os/exec"
	"time"

	"weir/kafka"
	"weir/kafka/embedded"
)

// connect reaches the broker while the process is away; the embedded one runs here meanwhile.
func (c *crasher) connect() (cluster *kafka.Cluster, done func()) {
	c.t.Helper()
	cfg, end := kafka.Config{Brokers: []string{c.broker}}, func() {}
	if c.broker == "" {
		b, err := embedded.Start(embedded.Options{DataDir: c.dir + "/kafka", Addr: "127.0.0.1:0"})
		if err != nil {
			c.t.Fatal(err)
		}
		cfg = kafka.Config{Brokers: []string{b.Addr()}, Opts: b.ClientOpts()}
		end = func() {
			if err := b.Close(); err != nil {
				c.t.Error(err)
			}
		}
	}
	cluster, err := kafka.Connect(c.t.Context(), cfg)
	if err != nil {
		c.t.Fatal(err)
	}
	return cluster, func() { cluster.Close(); end() }
}

// meddle does to the topics what others may do.
func (c *crasher) meddle() {
	cluster, done := c.connect()
	defer done()
	c.topics.meddle(cluster, c.random)
}

func (c *crasher) verify() {
	cluster, done := c.connect()
	defer done()
	c.topics.verify(cluster)
}

// outage stops the broker for some seconds, or kills it and starts it again, while the process runs.
func (c *crasher) outage() {
	c.t.Helper()
	_, port, err := net.SplitHostPort(c.broker)
	if err != nil {
		c.t.Fatal(err)
	}
	away, back := "pause", "resume"
	if c.random.IntN(2) == 0 {
		away, back = "kill", "start"
	}
	for _, verb := range []string{away, back} {
		if out, err := exec.Command("../scripts/kafka", verb, port).CombinedOutput(); err != nil {
			c.t.Fatalf("scripts/kafka %s: %v: %s", verb, err, out)
		}
		if verb == away {
			time.Sleep(time.Duration(500+c.random.IntN(4500)) * time.Millisecond)
		}
	}
	c.outages++
}
