package embedded

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Partitions take memory: a number with too many digits is refused, and the broker goes on.
func TestTooManyPartitions(t *testing.T) {
	b := start(t, Options{})
	admin := kadm.NewClient(client(t, kgo.SeedBrokers(b.Addr())))
	if r, err := admin.CreateTopic(within(t), 99_999_999, 1, nil, "huge"); !errors.Is(err, kerr.InvalidPartitions) || r.ErrMessage == "" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := admin.CreateTopic(within(t), 3, 1, nil, "small"); err != nil {
		t.Error(err)
	}
	if r, err := admin.UpdatePartitions(within(t), 99_999_999, "small"); err != nil || !errors.Is(r.Error(), kerr.InvalidPartitions) {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := admin.UpdatePartitions(within(t), 4, "small"); err != nil || r.Error() != nil {
		t.Errorf("%+v, %v", r, err)
	}
}
