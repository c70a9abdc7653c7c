package kafka

import (
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
)

// Need is what Kafka's access control lists have to allow for a request.
type Need struct {
	operation string
	resource  string // a flag of kafka-acls
	name      string
}

// OnTopic is a need of an operation, such as Read, on a topic.
func OnTopic(operation, topic string) Need { return Need{operation, "topic", topic} }

// OnGroup is a need of an operation on a consumer group.
func OnGroup(operation, group string) Need { return Need{operation, "group", group} }

// OnTransactions is a need of an operation on a transactional id.
func OnTransactions(operation, id string) Need { return Need{operation, "transactional-id", id} }

// ErrDenied: an access control list is missing.
var ErrDenied = errors.New("denied by Kafka's access control")

// denials are the answers of a broker to whom it does not let, with the kind of resource that is meant.
var denials = map[*kerr.Error]string{
	kerr.TopicAuthorizationFailed: "topic", kerr.GroupAuthorizationFailed: "group", kerr.TransactionalIDAuthorizationFailed: "transactional-id",
	kerr.ClusterAuthorizationFailed: "cluster",
}

// Denied adds to an error that is a missing access control list which one that is, and how it is made; any other error stays as it is. Needs are those of
// the request; where none fits the answer, the error names the kind of resource alone.
func (c *Cluster) Denied(err error, needs ...Need) error {
	if errors.Is(err, ErrDenied) {
		return err
	}
	for code, resource := range denials {
		if !errors.Is(err, code) {
			continue
		}
		who := c.security.Principal()
		if who == "" {
			who = "User:NAME"
		}
		var commands []string
		for _, n := range needs {
			if n.resource == resource {
				commands = append(commands, c.allow(who, n))
			}
		}
		text := fmt.Sprintf("%v: %s lacks an ACL", err, who)
		if len(commands) == 0 {
			return &failure{ErrDenied, err, text + " for this " + strings.ReplaceAll(resource, "-", " ") + ": docs/security.md lists those that are needed"}
		}
		return &failure{ErrDenied, err, text + ". An administrator makes it with: " + strings.Join(commands, " or: ")}
	}
	return err
}

// allow is the command that makes a list.
func (c *Cluster) allow(who string, n Need) string {
	return fmt.Sprintf("kafka-acls --bootstrap-server %s --add --allow-principal %s --operation %s --%s %s", c.brokers[0], quoted(who), n.operation, n.resource, n.name)
}

// quoted is an argument as shells take it.
func quoted(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-=,@/") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
