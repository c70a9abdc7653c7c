package security

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Refusal is why a connection is not secured as one side wants it, and what to do.
type Refusal struct {
	Text string
	Err  error
	// Again says that the reason may lie with a server that is away, so that trying again may help. All else is for a human being to change.
	Again bool
}

func (r *Refusal) Error() string { return r.Text }
func (r *Refusal) Unwrap() error { return r.Err }

// Explain says why brokers and this client don't come together, as a *Refusal; nil where the reason is none of security's.
func (k *Kafka) Explain(err error) *Refusal {
	var known *Refusal
	if err == nil || errors.As(err, &known) {
		return known
	}
	if k != nil && k.tls != nil {
		if r := k.tls.Explain(err); r != nil {
			return r
		}
	}
	protocol := k.Protocol()
	say := func(format string, args ...any) *Refusal {
		return &Refusal{Text: fmt.Sprintf(format, args...), Err: err}
	}
	var eof *kgo.ErrFirstReadEOF
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed) || strings.Contains(err.Error(), "server sent authentication error"):
		return say("Kafka does not let %s in: %v. %s", k.who(), err, k.wrongLogin())
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return say("Kafka's listener does not take sasl.mechanism=%s: set it to one that the broker has in sasl.enabled.mechanisms, or name another listener in bootstrap.servers (%v)", k.mechanismName(), err)
	case errors.Is(err, kerr.IllegalSaslState):
		return say("Kafka's listener does not expect a login: set security.protocol=%s, or name another listener in bootstrap.servers (%v)", map[bool]string{true: "SSL", false: "PLAINTEXT"}[protocol == "SASL_SSL"], err)
	case strings.Contains(err.Error(), "is this a plaintext connection speaking to a tls endpoint"):
		return say("what answers speaks TLS, and security.protocol=%s does not: set security.protocol=%s (%v)", protocol, withTLS(protocol), err)
	case errors.Is(err, io.EOF) && !errors.As(err, &eof) && k.mechanismName() == oauthBearer:
		r := say("the connection was closed at the login or behind it, as brokers do that don't accept a token, or that end. %s (%v)", k.wrongLogin(), err)
		r.Again = true
		return r
	case errors.As(err, &eof):
		r := say("the connection was closed before anything was said: with security.protocol=%s this is so where the broker's listener has another security.protocol, such as %s (%v)", protocol, others(protocol), err)
		r.Again = true // it is also so behind a proxy whose broker is away
		return r
	}
	return nil
}

func (k *Kafka) who() string {
	if who := k.Principal(); who != "" {
		return who
	}
	return "this client"
}

func (k *Kafka) mechanismName() string {
	if k == nil || k.login == nil {
		return ""
	}
	return k.login.mechanism
}

// wrongLogin says what to look at.
func (k *Kafka) wrongLogin() string {
	switch k.mechanismName() {
	case oauthBearer:
		return "See that the broker accepts tokens of " + k.login.tokens.grant.Endpoint + ": their issuer, their audience, their scope, and the keys with which they are signed"
	case scram256, scram512:
		return "See that the user name and the password in sasl.jaas.config are right, and that the user was made for " + k.login.mechanism + ": kafka-configs --bootstrap-server HOST:PORT --describe --entity-type users --entity-name " + k.login.user
	}
	return "See that the user name and the password in sasl.jaas.config are right"
}

func withTLS(protocol string) string {
	if strings.HasPrefix(protocol, "SASL") {
		return "SASL_SSL"
	}
	return "SSL"
}

// others are the protocols that a listener may have that closes connections of one.
func others(protocol string) string {
	return map[string]string{"PLAINTEXT": "SSL, SASL_SSL or SASL_PLAINTEXT", "SSL": "SASL_SSL or PLAINTEXT", "SASL_PLAINTEXT": "SASL_SSL", "SASL_SSL": "SASL_PLAINTEXT or SSL"}[protocol]
}

// Explain says why TLS was not agreed on; nil where the reason is another one.
func (t *TLS) Explain(err error) *Refusal {
	say := func(format string, args ...any) *Refusal {
		return &Refusal{Text: fmt.Sprintf(format, args...) + fmt.Sprintf(" (%v)", err), Err: err}
	}
	var bad *tls.CertificateVerificationError
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var remote *net.OpError
	switch {
	case errors.As(err, &name):
		return say("the certificate of %s is for %s: use a name of those, or have a certificate made for this one. %sssl.endpoint.identification.algorithm= (empty) does not compare names, so that whoever has any certificate of these authorities can listen in",
			name.Host, names(name.Certificate), t.prefix)
	case errors.As(err, &authority):
		return say("the certificate was signed by an authority that is not trusted%s: put that authority's certificate into %sssl.truststore.location", issuer(err), t.prefix)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil && time.Now().Before(invalid.Cert.NotBefore):
		return say("the certificate of %s is valid from %s on: see that the clocks are right", invalid.Cert.Subject, instant(invalid.Cert.NotBefore))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		return say("the certificate of %s has expired, at %s: have it renewed there", invalid.Cert.Subject, instant(invalid.Cert.NotAfter))
	case errors.As(err, &bad):
		return say("the certificate of the other side is not good")
	case errors.As(err, &record):
		return say("what answers does not speak TLS: set security.protocol to PLAINTEXT or SASL_PLAINTEXT (a URL to http), or name a listener with TLS")
	case errors.As(err, &remote) && remote.Op == "remote error":
		return say("the other side has refused TLS: %s", t.alert(remote.Err.Error()))
	}
	return nil
}

// alert says what the other side wants, by the words that it ends with.
func (t *TLS) alert(text string) string {
	own := t.prefix + "ssl.keystore.location"
	c, _ := t.own.get()
	has := "the certificate in " + own + " (none is set)"
	if c != nil {
		has = fmt.Sprintf("the certificate in %s (of %s, signed by %s, valid until %s)", own, c.Leaf.Subject, c.Leaf.Issuer, instant(c.Leaf.NotAfter))
	}
	switch {
	case strings.Contains(text, "certificate required"), c == nil && (strings.Contains(text, "bad certificate") || strings.Contains(text, "handshake failure")):
		return "it demands a certificate of this client: set " + own + " to a store with one and its key"
	case strings.Contains(text, "expired"):
		return has + " has expired: have it renewed"
	case strings.Contains(text, "unknown certificate authority"), strings.Contains(text, "unknown certificate"), strings.Contains(text, "bad certificate"):
		return "it does not accept " + has + ": it has to be one of an authority that the other side trusts, and in force"
	case strings.Contains(text, "protocol version"):
		return "it has none of the versions in " + t.prefix + "ssl.enabled.protocols: TLSv1.2 and TLSv1.3 are there"
	case strings.Contains(text, "handshake failure"):
		return "no cipher suite or version is common to both: look at " + t.prefix + "ssl.cipher.suites and " + t.prefix + "ssl.enabled.protocols"
	}
	return "it says no more"
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// names are those that a certificate is for.
func names(c *x509.Certificate) string {
	if c == nil {
		return "other names"
	}
	all := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		return "no name: it needs a subject alternative name"
	}
	return strings.Join(all[:min(len(all), 5)], ", ")
}

// issuer names the authority behind what was not verified.
func issuer(err error) string {
	var bad *tls.CertificateVerificationError
	if !errors.As(err, &bad) || len(bad.UnverifiedCertificates) == 0 {
		return ""
	}
	return ", " + bad.UnverifiedCertificates[len(bad.UnverifiedCertificates)-1].Issuer.String()
}
