// Package tcp is the source that takes lines over TCP connections, as from netcat, syslog senders and log shippers.
package tcp

import (
	"fmt"
	"net"
	"regexp"
	"strconv"

	"weir/connectors/connector"
)

// The headers of each record.
const HeaderPeer = "weir.peer" // the address that the line came from

// Class is the entry of connector class 'tcp'.
func Class() connector.Class {
	return connector.Class{
		Name: "tcp",
		Kind: connector.Source,
		Doc: "Listens, and loads each line that comes over a connection as a record, at most once: who sends lines over plain TCP is not told which of them have arrived. While Kafka is away or slow, nothing more is read, and senders wait. " +
			"A line ends with a line feed, before which a carriage return is left out; what comes without one before the end of a connection is a line, too. Each record has the header " + HeaderPeer + ".",
		Properties: []connector.Property{
			{Name: "listen", Type: connector.String, Required: true, Doc: "where to listen: HOST:PORT, such as 127.0.0.1:9999; 0.0.0.0:9999 or :9999 for all addresses of the machine"},
			{Name: "topic", Type: connector.String, Required: true, Doc: "the topic to load into; it is created if it doesn't exist"},
			{Name: "partitions", Type: connector.Integer, Min: 1, Doc: "partitions of the topic, if it is created"},
			{Name: "replicas", Type: connector.Integer, Min: 1, Doc: "replicas of the topic, if it is created"},
			{Name: "key.regex", Type: connector.String, Doc: "the key is what the first group of this regular expression matches. Lines without a key go to the partitions in turn"},
			{Name: "max.line.bytes", Type: connector.Integer, Default: "1000000", Min: 1, Doc: "a longer line is left out and counted; a broker takes 1 MB by default, headers and key included"},
			{Name: "max.connections", Type: connector.Integer, Default: "1000", Min: 1, Doc: "connections at the same time; further ones are closed at once"},
		},
		Example: "CREATE SOURCE CONNECTOR lines WITH ('connector.class'='tcp', 'listen'='127.0.0.1:9999', 'topic'='lines');",
		Open:    open,
	}
}

func open(env connector.Env, v connector.Values) (connector.Reader, error) {
	s := &source{
		env: env, listen: v.Text("listen"), maxLine: int(min(v.Int("max.line.bytes"), 1<<30)), maxConns: int(min(v.Int("max.connections"), 1<<20)),
		topic: connector.Topic{Name: v.Text("topic"), Partitions: int32(min(v.Int("partitions"), 1<<30)), Replicas: int16(min(v.Int("replicas"), 1<<14))},
	}
	if s.topic.Name == "" {
		return nil, fmt.Errorf("property 'topic' is empty")
	}
	_, port, err := net.SplitHostPort(s.listen)
	if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > 65535 {
		return nil, fmt.Errorf("property 'listen': expected HOST:PORT, such as 127.0.0.1:9999, got '%s'", s.listen)
	}
	if text := v.Text("key.regex"); text != "" {
		if s.key, err = regexp.Compile(text); err != nil {
			return nil, fmt.Errorf("property 'key.regex': %w", err)
		}
		if s.key.NumSubexp() == 0 {
			return nil, fmt.Errorf("property 'key.regex': put the part that is the key in parentheses")
		}
	}
	return s, nil
}
