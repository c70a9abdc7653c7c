package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/conformance/serdes"
	"weir/engine"
	"weir/functions"
	"weir/kafka"
	"weir/kafka/embedded"
	"weir/registry"
	"weir/server"
	"weir/server/wire"
)

// restTimeout bounds each step of a case.
const restTimeout = 30 * time.Second

const protoMedia = wire.Protobuf

// restConfig is what ksqlDB's own runner sets for its server: each change of a table is told.
func restConfig() map[string]string {
	return map[string]string{"auto.offset.reset": "earliest", "cache.max.bytes.buffering": "0", "commit.interval.ms": "10", "weir.idle.upstream": "0",
		"ksql.query.push.v2.enabled": "true", "weir.topics.create": "false"}
}

// restNode is a server with all that it needs, on an address of its own.
type restNode struct {
	dir     string
	broker  *embedded.Broker
	cluster *kafka.Cluster
	schemas *registry.Local
	engine  *engine.Engine
	server  *server.Server
	served  chan error
	url     string
	client  *kgo.Client
	http    *http.Client
	err     error // of making topics
}

func startRestNode(reg *functions.Registry) (*restNode, error) {
	n := &restNode{schemas: registry.NewLocal(registry.NewStore()), http: &http.Client{Transport: &http.Transport{}}}
	if err := n.start(reg); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

func (n *restNode) start(reg *functions.Registry) error {
	ctx, cancel := context.WithTimeout(context.Background(), restTimeout)
	defer cancel()
	var err error
	if n.dir, err = os.MkdirTemp("", "weir-rest"); err != nil {
		return err
	}
	if n.broker, err = embedded.Start(embedded.Options{DataDir: n.dir + "/broker", Addr: "127.0.0.1:0"}); err != nil {
		return err
	}
	dial := []kgo.Opt{kgo.Dialer(n.broker.Dialer())}
	if n.cluster, err = kafka.Connect(ctx, kafka.Config{Brokers: []string{n.broker.Addr()}, Opts: dial}); err != nil {
		return err
	}
	if n.client, err = n.cluster.NewClient(kgo.RecordPartitioner(kgo.ManualPartitioner())); err != nil {
		return err
	}
	n.engine, err = engine.Open(ctx, engine.Options{Cluster: n.cluster, Embedded: true, Registry: n.schemas, Functions: reg, DataDir: n.dir, Config: restConfig()})
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	n.url = "http://" + ln.Addr().String()
	n.server, n.served = server.New(n.engine, server.Options{}), make(chan error, 1)
	go func() { n.served <- n.server.Serve(ln) }()
	return nil
}

func (n *restNode) close() {
	ctx, cancel := context.WithTimeout(context.Background(), restTimeout)
	defer cancel()
	n.http.CloseIdleConnections()
	if n.server != nil {
		_ = n.server.Shutdown(ctx)
		<-n.served
	}
	if n.engine != nil {
		_ = n.engine.Close(ctx)
	}
	if n.client != nil {
		n.client.Close()
	}
	if n.cluster != nil {
		n.cluster.Close()
	}
	if n.broker != nil {
		_ = n.broker.Close()
	}
	_ = os.RemoveAll(n.dir)
}

// createTopic makes a topic, unless it is there. It has one partition, so that rows come in one order, whatever ksqlDB's own runner has.
func (n *restNode) createTopic(name string, _ int32) { n.createTopicOf(name, 1) }

func (n *restNode) createTopicOf(name string, partitions int32) {
	ctx, cancel := context.WithTimeout(context.Background(), restTimeout)
	defer cancel()
	_, err := n.cluster.CreateTopic(ctx, kafka.TopicSpec{Name: name, Partitions: partitions, Replicas: 1, IfNotExists: true})
	n.err = errors.Join(n.err, err)
}

// topicSource is what is known of a topic's formats, as for cases that run in memory.
func (n *restNode) topicSource(topic string) *catalog.Source {
	var found *catalog.Source
	for _, s := range n.engine.Snapshot().Sources() {
		if s.Topic == topic && (found == nil || s.Query != "") {
			found = s
		}
	}
	if found == nil {
		found = &catalog.Source{Topic: topic, Key: catalog.Serde{Format: "KAFKA"}, Value: catalog.Serde{Format: "JSON"}}
	}
	return found
}

func (n *restNode) produce(rec *kgo.Record) error {
	ctx, cancel := context.WithTimeout(context.Background(), restTimeout)
	defer cancel()
	return n.client.ProduceSync(ctx, rec).FirstErr()
}

// settle waits until the persistent queries have read all that there is.
func (n *restNode) settle() error {
	ctx, cancel := context.WithTimeout(context.Background(), restTimeout)
	defer cancel()
	return n.engine.Settle(ctx)
}

// records reads a topic, until it has so many records or the time is over.
func (n *restNode) records(topic string, want int) ([]*kgo.Record, error) {
	ctx, cancel := context.WithTimeout(context.Background(), restTimeout)
	defer cancel()
	var out []*kgo.Record
	for {
		out = out[:0]
		ends, err := n.cluster.StableOffsets(ctx, topic)
		if err != nil {
			return nil, err
		}
		for p, end := range ends[topic] {
			err := n.cluster.Read(ctx, topic, p, 0, end, func(r *kgo.Record) error { out = append(out, r); return nil })
			if err != nil {
				return nil, err
			}
		}
		if len(out) >= want {
			return out, nil
		}
		select {
		case <-ctx.Done():
			return out, nil
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// restAnswer is the answer to a request.
type restAnswer struct {
	status int
	text   string
	value  any // of the JSON; numbers are as they were written
}

func (n *restNode) post(path, sql string, settings map[string]string, accept string) (restAnswer, error) {
	return n.postAnd(path, sql, settings, accept, nil)
}

// postAnd does something between the first bytes of the answer and the others.
func (n *restNode) postAnd(path, sql string, settings map[string]string, accept string, then func() error) (restAnswer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), restTimeout)
	defer cancel()
	body, err := json.Marshal(wire.Request{KSQL: sql, Properties: settings})
	if err != nil {
		return restAnswer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url+path, bytes.NewReader(body))
	if err != nil {
		return restAnswer{}, err
	}
	req.Header.Set("Content-Type", wire.JSON)
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	resp, err := n.http.Do(req)
	if err != nil {
		return restAnswer{}, err
	}
	defer resp.Body.Close()
	if then != nil && resp.StatusCode == http.StatusOK {
		if err := then(); err != nil {
			return restAnswer{}, err
		}
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return restAnswer{}, fmt.Errorf("%s: the answer did not end; so far %s: %w", path, text, err)
	}
	a := restAnswer{status: resp.StatusCode, text: string(text)}
	a.value, err = serdes.ParseJSON(text)
	return a, err
}
