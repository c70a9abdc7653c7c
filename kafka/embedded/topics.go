package embedded

import (
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// createTopics makes topics by Kafka's rules, which kfake doesn't know all of, and answers as fully as Kafka does.
func (b *Broker) createTopics(req *kmsg.CreateTopicsRequest) kmsg.Response {
	if refused := boundTopics(req); refused != nil {
		return refused
	}
	resp := req.ResponseKind().(*kmsg.CreateTopicsResponse)
	seen := map[string]int{}
	for _, t := range req.Topics {
		seen[t.Topic]++
	}
	for _, t := range req.Topics {
		if seen[t.Topic] == 0 {
			continue // answered
		}
		out := kmsg.NewCreateTopicsResponseTopic()
		out.Topic, out.Configs = t.Topic, []kmsg.CreateTopicsResponseTopicConfig{}
		err := refusal{kerr.InvalidRequest, "the request names the topic more than once"}.unless(seen[t.Topic] == 1)
		if seen[t.Topic] = 0; err == nil {
			err = b.createTopic(&t, &out, req.ValidateOnly)
		}
		out.ErrorCode, out.ErrorMessage = codeOf(err)
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}

// A refusal is an error of Kafka's, with its reason.
type refusal struct {
	kind *kerr.Error
	why  string
}

func (r refusal) Error() string { return r.kind.Message + ": " + r.why }

// codeOf is how a refusal is answered; 0 for none.
func codeOf(err error) (int16, *string) {
	var r refusal
	if errors.As(err, &r) {
		return r.kind.Code, &r.why
	}
	return 0, nil
}

func (r refusal) unless(ok bool) error {
	if ok {
		return nil
	}
	return r
}

func (b *Broker) createTopic(t *kmsg.CreateTopicsRequestTopic, out *kmsg.CreateTopicsResponseTopic, dry bool) error {
	if why := badTopicName(t.Topic); why != "" {
		return refusal{kerr.InvalidTopicException, why}
	}
	if b.cluster.TopicInfo(t.Topic) != nil {
		return refusal{kerr.TopicAlreadyExists, fmt.Sprintf("Topic '%s' already exists.", t.Topic)}
	}
	partitions, err := b.partitionsOf(t)
	if err != nil {
		return err
	}
	given, configs := map[string]*string{}, map[string]string{}
	for _, c := range t.Configs {
		if why := b.answers.topics.bad(c.Name, c.Value); why != "" {
			return refusal{kerr.InvalidConfig, why}
		}
		given[kept(c.Name)], configs[kept(c.Name)] = c.Value, *c.Value
	}
	if !dry {
		if err := b.cluster.CreateTopic(t.Topic, partitions, configs); err != nil {
			return kfakeRefusal(t.Topic, err)
		}
		out.TopicID = b.cluster.TopicInfo(t.Topic).TopicID
	}
	out.NumPartitions, out.ReplicationFactor = partitions, 1
	for _, c := range b.answers.topics.all(given, nil, false) {
		out.Configs = append(out.Configs, kmsg.CreateTopicsResponseTopicConfig{Name: c.Name, Value: c.Value, Source: int8(c.Source)})
	}
	return nil
}

func kfakeRefusal(topic string, err error) error {
	var kind *kerr.Error
	switch {
	case errors.Is(err, kerr.InvalidTopicException):
		return refusal{kerr.InvalidTopicException, fmt.Sprintf("Topic '%s' collides with an existing topic: names that differ in '.' and '_' alone are one", topic)}
	case errors.As(err, &kind):
		return refusal{kind, kind.Description}
	}
	return refusal{kerr.UnknownServerError, err.Error()}
}

// partitionsOf is the number of partitions that a topic is to have.
func (b *Broker) partitionsOf(t *kmsg.CreateTopicsRequestTopic) (int32, error) {
	if len(t.ReplicaAssignment) == 0 {
		switch {
		case t.NumPartitions == 0 || t.NumPartitions < -1:
			return 0, refusal{kerr.InvalidPartitions, "Number of partitions must be larger than 0, or -1 to use the default value."}
		case t.ReplicationFactor == 0 || t.ReplicationFactor < -1:
			return 0, refusal{kerr.InvalidReplicationFactor, "Replication factor must be larger than 0, or -1 to use the default value."}
		case t.ReplicationFactor > 1:
			return 0, refusal{kerr.InvalidReplicationFactor, fmt.Sprintf(
				"Unable to replicate the partition %d time(s): the embedded broker is the only one", t.ReplicationFactor)}
		case t.NumPartitions == -1:
			return int32(b.opts.Partitions), nil
		}
		return t.NumPartitions, nil
	}
	if t.NumPartitions != -1 || t.ReplicationFactor != -1 {
		return 0, refusal{kerr.InvalidRequest, "with an assignment of replicas, the numbers of partitions and of replicas must be -1"}
	}
	n := int32(len(t.ReplicaAssignment))
	there := make([]bool, n)
	for _, a := range t.ReplicaAssignment {
		if a.Partition < 0 || a.Partition >= n || there[a.Partition] || !slices.Equal(a.Replicas, []int32{0}) {
			return 0, refusal{kerr.InvalidReplicaAssignment, "expected partitions from 0 on, each with the replica 0: the embedded broker is the only one"}
		}
		there[a.Partition] = true
	}
	return n, nil
}

// createOnUse makes the topics that a client asks for and that are not there, if it wants that.
func (b *Broker) createOnUse(req *kmsg.MetadataRequest) {
	if !req.AllowAutoTopicCreation && req.Version >= 4 { // before version 4 all clients wanted it
		return
	}
	room := maxNewPartitions / b.opts.Partitions
	for _, t := range req.Topics {
		if t.Topic == nil || badTopicName(*t.Topic) != "" || internalTopic(*t.Topic) || b.cluster.TopicInfo(*t.Topic) != nil {
			continue
		}
		if room--; room < 0 {
			return
		}
		if err := b.cluster.CreateTopic(*t.Topic, int32(b.opts.Partitions), nil); err != nil {
			b.opts.Logger.Warn("a topic that a client asked for cannot be made", "topic", *t.Topic, "err", err)
			continue
		}
		topicsChanged(b.opts)
		b.opts.Logger.Info("a client asked for a topic that was not there: it is made (auto.create.topics)", "topic", *t.Topic, "partitions", b.opts.Partitions)
	}
}
