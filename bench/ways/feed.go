//go:build linux

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// produce writes records with the keys k0, k1 ... to a topic.
func (n *node) produce(ctx context.Context, topic string, count int) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(n.kafka), kgo.DefaultProduceTopic(topic))
	if err != nil {
		return err
	}
	defer client.Close()
	for i := range count {
		client.Produce(ctx, &kgo.Record{Key: fmt.Appendf(nil, "k%d", i), Value: fmt.Appendf(nil, `{"V":%d,"NAME":"the name of %d"}`, i, i)}, nil)
	}
	return client.Flush(ctx)
}

// until asks until an answer holds a text.
func (n *node) until(ctx context.Context, c *http1, r []byte, want string) error {
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		body, err := c.do(r)
		if err == nil && strings.Contains(string(body), want) {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("the answer is %s, expected %s", body, want)
		}
		if ctx.Err() != nil || time.Now().After(end) {
			return err
		}
	}
}
