package commit

import (
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/exec/task"
)

// RefusedError says that a broker refused a batch for what is in it. The limits of the topic may have changed since the
// session began, so the next one reads them anew and leaves out what does not fit; if that does not help, nothing will.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }
func (e *RefusedError) Unwrap() error { return e.Err }

// ofRecord are the answers that a batch itself is at fault for.
var ofRecord = []error{kerr.MessageTooLarge, kerr.RecordListTooLarge, kerr.InvalidRecord, kerr.InvalidTimestamp, kerr.CorruptMessage}

// forGood are answers that neither waiting nor another record mends.
var forGood = []error{kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed, kerr.GroupAuthorizationFailed,
	kerr.InvalidTopicException, kerr.UnsupportedForMessageFormat, kerr.UnsupportedCompressionType, kerr.InvalidRequiredAcks, kerr.PolicyViolation}

// writeError tells the errors of producing apart: what a record is at fault for, what neither the record nor time mends, and
// the rest, which is tried again.
func writeError(r *kgo.Record, err error) error {
	told := fmt.Errorf("writing to %s, partition %d: %w", r.Topic, r.Partition, err)
	for _, e := range ofRecord {
		if errors.Is(err, e) {
			return &RefusedError{told}
		}
	}
	return judge(told)
}

// judge makes an error fatal that trying again would only meet again.
func judge(err error) error {
	for _, e := range forGood {
		if errors.Is(err, e) {
			return &task.FatalError{Err: err}
		}
	}
	return err
}
