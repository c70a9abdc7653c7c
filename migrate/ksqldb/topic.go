package ksqldb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/kafka"
)

// DefaultService is the service id of a ksqlDB cluster that was given none.
const DefaultService = "default_"

// prefix is that of what a ksqlDB cluster keeps on Kafka.
func prefix(service string) string { return "_confluent-ksql-" + service }

// CommandTopic is where a ksqlDB cluster keeps its statements.
func CommandTopic(service string) string { return prefix(service) + "_command_topic" }

// ReadTopic reads the command topic of a service. Transactions that were given up are left out.
func ReadTopic(ctx context.Context, cluster *kafka.Cluster, service string) ([]Command, error) {
	topic := CommandTopic(service)
	end, err := cluster.SettledEnd(ctx, topic, 0)
	if errors.Is(err, kafka.ErrNoTopic) {
		return nil, fmt.Errorf("%w: is %q the ksql.service.id of the cluster? %s", err, service, services(ctx, cluster))
	}
	if err != nil {
		return nil, err
	}
	var out []Command
	err = cluster.Read(ctx, topic, 0, 0, end, func(r *kgo.Record) error {
		c, err := Parse(fmt.Sprintf("offset %d", r.Offset), r.Key, r.Value)
		if err != nil {
			return err
		}
		out = append(out, c)
		return nil
	})
	return out, err
}

// services says of which clusters there are command topics.
func services(ctx context.Context, cluster *kafka.Cluster) string {
	topics, err := cluster.Topics(ctx)
	if err != nil {
		return ""
	}
	var found []string
	for _, t := range topics {
		rest, ok := strings.CutPrefix(t.Name, prefix(""))
		if service, is := strings.CutSuffix(rest, "_command_topic"); ok && is {
			found = append(found, "--service-id "+service)
		}
	}
	if len(found) == 0 {
		return "This Kafka has no command topic of any ksqlDB"
	}
	return "This Kafka has those of " + strings.Join(found, ", ")
}

// Left are the topics that a ksqlDB cluster leaves when it is gone, those of its queries included.
func Left(ctx context.Context, cluster *kafka.Cluster, service string) ([]string, error) {
	topics, err := cluster.Topics(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, t := range topics {
		if strings.HasPrefix(t.Name, prefix(service)) {
			out = append(out, t.Name)
		}
	}
	return out, nil
}
