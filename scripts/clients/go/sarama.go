package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

func useSarama(ctx context.Context, broker string) error {
	config := sarama.NewConfig()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.IsolationLevel = sarama.ReadCommitted
	config.Producer.Return.Successes = true
	admin, err := sarama.NewClusterAdmin([]string{broker}, config)
	if err != nil {
		return err
	}
	defer admin.Close()
	hour := "3600000"
	if err := admin.CreateTopic("sarama", &sarama.TopicDetail{NumPartitions: 3, ReplicationFactor: 1, ConfigEntries: map[string]*string{"retention.ms": &hour}}, false); err != nil {
		return err
	}
	if err := admin.CreateTopic("sarama-tx", &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1}, false); err != nil {
		return err
	}
	if err := admin.CreateTopic("a b/c", &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false); err == nil {
		return errors.New("a topic with blanks in its name was made")
	}
	for _, codec := range []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4, sarama.CompressionZSTD} {
		c := *config
		c.Producer.Compression = codec
		if err := saramaSend(broker, &c, "sarama", codec.String(), 1000); err != nil {
			return err
		}
	}
	if err := saramaTransactions(broker, *config); err != nil {
		return err
	}
	if err := saramaSend(broker, config, "sarama-made-on-use", "k", 1); err != nil {
		return err
	}
	if err := admin.DeleteRecords("sarama", map[int32]int64{0: 5}); err != nil {
		return err
	}
	for topic, want := range map[string]int{"sarama": 4995, "sarama-tx": 400, "sarama-made-on-use": 1} {
		if err := saramaRead(ctx, broker, config, topic, want); err != nil {
			return err
		}
	}
	return admin.DeleteConsumerGroup("sarama-read")
}

func saramaSend(broker string, config *sarama.Config, topic, key string, n int) error {
	p, err := sarama.NewSyncProducer([]string{broker}, config)
	if err != nil {
		return err
	}
	var all []*sarama.ProducerMessage
	for i := range n {
		all = append(all, &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder(fmt.Sprint(key, i)), Value: sarama.StringEncoder("v")})
	}
	return errors.Join(p.SendMessages(all), p.Close())
}

func saramaTransactions(broker string, config sarama.Config) error {
	config.Producer.Idempotent, config.Producer.RequiredAcks, config.Net.MaxOpenRequests = true, sarama.WaitForAll, 1
	config.Producer.Transaction.ID = "sarama"
	p, err := sarama.NewSyncProducer([]string{broker}, &config)
	if err != nil {
		return err
	}
	for n := range 10 {
		if err := p.BeginTxn(); err != nil {
			return err
		}
		for i := range 50 {
			if _, _, err := p.SendMessage(&sarama.ProducerMessage{Topic: "sarama-tx", Value: sarama.StringEncoder(fmt.Sprint(n, i))}); err != nil {
				return err
			}
		}
		end := p.CommitTxn
		if n%5 == 4 {
			end = p.AbortTxn
		}
		if err := end(); err != nil {
			return err
		}
	}
	return p.Close()
}

// counter reads until it has what it wants, and a little longer.
type counter struct {
	want int
	got  chan string
}

func (counter) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (counter) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (c counter) ConsumeClaim(s sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case m, ok := <-claim.Messages():
			if !ok {
				return nil
			}
			c.got <- fmt.Sprint(m.Partition, "/", m.Offset)
			s.MarkMessage(m, "")
		case <-s.Context().Done():
			return nil
		}
	}
}

func saramaRead(ctx context.Context, broker string, config *sarama.Config, topic string, want int) error {
	group, err := sarama.NewConsumerGroup([]string{broker}, "sarama-read", config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := counter{want, make(chan string, 2*want+1000)}
	done := make(chan error, 1)
	go func() { done <- group.Consume(ctx, []string{topic}, c) }()
	seen := map[string]bool{}
	quiet := time.NewTimer(time.Minute)
	for more := true; more; {
		select {
		case at := <-c.got:
			seen[at] = true
			if len(seen) >= want {
				quiet.Reset(500 * time.Millisecond)
			}
		case err := <-done:
			return errors.Join(errors.New("the consumer ended"), err)
		case <-quiet.C:
			more = false
		}
	}
	cancel()
	return errors.Join(same("records of "+topic, want, len(seen)), <-done, group.Close())
}
