package kafka

import "github.com/twmb/franz-go/pkg/kgo"

// Close closes a client. What it reads is paused first: a consumer that learns its partitions while it is closed (it was opened a moment ago) begins to
// fetch once more, nothing takes what comes, and a goroutine with a whole fetch stays for good (franz-go 1.22.3;
// findings/franz-go-closed-consumer-keeps-a-fetch.sh).
func Close(client *kgo.Client) {
	client.PauseFetchTopics(client.GetConsumeTopics()...)
	client.Close()
}
