package security

import (
	"context"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/sasl"
)

// telling is a mechanism of which the broker's last refusal is remembered: a broker may close the connection before its client has read the answer that says so.
type telling struct {
	sasl.Mechanism
	refused *atomic.Pointer[string]
}

func (m telling) Authenticate(ctx context.Context, host string) (sasl.Session, []byte, error) {
	s, first, err := m.Mechanism.Authenticate(ctx, host)
	return tellingSession{s, m.refused}, first, err
}

type tellingSession struct {
	sasl.Session
	refused *atomic.Pointer[string]
}

// Challenge takes what the broker says. With OAUTHBEARER it says nothing but why it refuses.
func (s tellingSession) Challenge(answer []byte) (bool, []byte, error) {
	s.refused.Store(nil)
	if text := string(answer); text != "" {
		s.refused.Store(&text)
	}
	return s.Session.Challenge(answer)
}
