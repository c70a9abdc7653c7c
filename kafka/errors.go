package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// What an error is, for errors.Is; its text says more.
var (
	// ErrUnreachable: no broker answers. Trying again later may help.
	ErrUnreachable = errors.New("cannot reach Kafka")
	// ErrRefused: brokers and this program don't agree on TLS or the login. Trying again does not help.
	ErrRefused = errors.New("Kafka refuses the connection")
	// ErrNoTopic: the topic named does not exist.
	ErrNoTopic = errors.New("no such topic")
	// ErrTopicExists: the topic to be created is there already.
	ErrTopicExists = errors.New("topic exists")
	// ErrNoGroup: the consumer group named does not exist.
	ErrNoGroup = errors.New("no such consumer group")
)

// failure is a text of our own over what happened.
type failure struct {
	kind, cause error
	text        string
}

func (f *failure) Error() string   { return f.text }
func (f *failure) Unwrap() []error { return []error{f.kind, f.cause} }

func noTopic(topic string, cause error) error {
	return &failure{ErrNoTopic, cause, fmt.Sprintf("topic %q does not exist", topic)}
}

// fail says what could not be done, and whether that is because Kafka is away, or does not let us. Needs are what its access control has to allow.
func (c *Cluster) fail(what string, err error, needs ...Need) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("cannot %s: %w", what, err)
	}
	cause := err
	if dial := c.dials.last(); dial != nil && errors.Is(err, context.DeadlineExceeded) {
		cause = dial
	}
	if r := c.security.Explain(cause); r != nil && !r.Again {
		return &failure{ErrRefused, err, fmt.Sprintf("cannot %s: Kafka at %s: %s", what, strings.Join(c.brokers, ","), r.Text)}
	} else if r != nil {
		return &failure{ErrUnreachable, err, fmt.Sprintf("cannot reach Kafka at %s: %s (while trying to %s)", strings.Join(c.brokers, ","), r.Text, what)}
	}
	if !unreachable(err) {
		return fmt.Errorf("cannot %s: %w", what, c.Denied(err, needs...))
	}
	return &failure{ErrUnreachable, err, fmt.Sprintf("cannot reach Kafka at %s: %v (while trying to %s)", strings.Join(c.brokers, ","), cause, what)}
}

// unreachable tells the errors of a network or an absent broker from the answers of a present one.
func unreachable(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		kgo.IsRetryableBrokerErr(err) || errors.Is(err, kerr.BrokerNotAvailable) || errors.Is(err, kerr.CoordinatorNotAvailable)
}

// missing tells an answer that the topic isn't there.
func missing(err error) bool {
	return errors.Is(err, kerr.UnknownTopicOrPartition) || errors.Is(err, kerr.UnknownTopicID)
}

// withMessage adds the broker's own words to an error code, where it sent any.
func withMessage(err error, message string) error {
	if err == nil || message == "" {
		return err
	}
	return fmt.Errorf("%w (%s)", err, message)
}
