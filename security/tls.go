package security

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"
)

// TLS is how connections are encrypted, and who is trusted. All methods may be called from several goroutines.
type TLS struct {
	prefix string // of the properties' names, for errors
	p      Properties
	base   tls.Config // without certificates
	noName bool       // whether the name of the host is not compared
	trust  *watched[*x509.CertPool]
	own    *watched[*tls.Certificate] // nil in it for none
}

// NewTLS reads the properties ssl.*; prefix is what stands before their names where they were set. Files are read here, to say at once what is wrong with them.
func NewTLS(p Properties, prefix string, log *slog.Logger) (*TLS, error) {
	t := &TLS{prefix: prefix, p: p}
	t.base.MinVersion = tls.VersionTLS12
	if err := t.versions(); err != nil {
		return nil, err
	}
	if err := t.suites(); err != nil {
		return nil, err
	}
	if how, set := p["ssl.endpoint.identification.algorithm"]; set {
		t.noName = strings.TrimSpace(how) == ""
	}
	t.trust = &watched[*x509.CertPool]{files: given(p, "ssl.truststore.location"), read: t.readTrust, log: log}
	t.own = &watched[*tls.Certificate]{files: given(p, "ssl.keystore.location"), read: t.readOwn, log: log}
	if _, err := t.trust.get(); err != nil {
		return nil, err
	}
	c, err := t.own.get()
	if err == nil && c != nil && time.Now().After(c.Leaf.NotAfter) {
		log.Warn("the certificate with which this program shows who it is has expired", "setting", prefix+"ssl.keystore.location", "expired", c.Leaf.NotAfter)
	}
	return t, err
}

// given are the files that a property names.
func given(p Properties, name string) []string {
	if p[name] == "" {
		return nil
	}
	return []string{p[name]}
}

// about names a property before an error.
func (t *TLS) about(name string, err error) error { return fmt.Errorf("%s%s: %w", t.prefix, name, err) }

func (t *TLS) versions() error {
	names := strings.FieldsFunc(t.p["ssl.enabled.protocols"], func(r rune) bool { return r == ',' || r == ' ' })
	name := "ssl.enabled.protocols"
	if len(names) == 0 && t.p["ssl.protocol"] == "TLSv1.2" { // the newest one of a context
		names, name = []string{"TLSv1.2"}, "ssl.protocol"
	}
	var known []uint16
	for _, n := range names {
		switch n {
		case "TLSv1.2":
			known = append(known, tls.VersionTLS12)
		case "TLSv1.3":
			known = append(known, tls.VersionTLS13)
		case "TLSv1", "TLSv1.1", "TLS", "SSLv3": // too old to be safe: it is left out
		default:
			return t.about(name, fmt.Errorf("expected TLSv1.2 and TLSv1.3, with a comma between them, found '%s'", n))
		}
	}
	if len(names) > 0 && len(known) == 0 {
		return t.about(name, errors.New("expected TLSv1.2 or TLSv1.3 among them: older ones are not safe"))
	}
	if len(known) > 0 {
		t.base.MinVersion, t.base.MaxVersion = slices.Min(known), slices.Max(known)
	}
	return nil
}

// suites reads ssl.cipher.suites, which are those of TLS 1.2: those of 1.3 are all safe, and always on.
func (t *TLS) suites() error {
	names := strings.FieldsFunc(t.p["ssl.cipher.suites"], func(r rune) bool { return r == ',' || r == ' ' })
	for _, n := range names {
		i := slices.IndexFunc(tls.CipherSuites(), func(c *tls.CipherSuite) bool { return c.Name == n })
		if i < 0 {
			return t.about("ssl.cipher.suites", fmt.Errorf("'%s' is none that is safe and known here", n))
		}
		t.base.CipherSuites = append(t.base.CipherSuites, tls.CipherSuites()[i].ID)
	}
	return nil
}

// readTrust are the authorities; nil for those of the machine.
func (t *TLS) readTrust() (*x509.CertPool, error) {
	name, data := "ssl.truststore.certificates", []byte(pemText(t.p["ssl.truststore.certificates"]))
	if file := t.p["ssl.truststore.location"]; file != "" {
		if name = "ssl.truststore.location"; len(data) > 0 {
			return nil, t.about(name, errors.New("ssl.truststore.certificates is set, too: expected one of them"))
		}
		var err error
		if data, err = os.ReadFile(file); err != nil {
			return nil, t.about(name, err)
		}
	}
	if len(data) == 0 {
		return nil, nil
	}
	certs, err := readTrust(data, t.p["ssl.truststore.password"])
	if err != nil {
		return nil, t.about(name, fmt.Errorf("%s cannot be used: %w", or(t.p["ssl.truststore.location"], "what it holds"), err))
	}
	pool := x509.NewCertPool()
	for _, c := range certs {
		pool.AddCert(c)
	}
	return pool, nil
}

// readOwn is the certificate with which this program shows who it is; nil for none.
func (t *TLS) readOwn() (*tls.Certificate, error) {
	chain, key, file := pemText(t.p["ssl.keystore.certificate.chain"]), pemText(t.p["ssl.keystore.key"]), t.p["ssl.keystore.location"]
	var c tls.Certificate
	var err error
	name := "ssl.keystore.location"
	switch {
	case file != "" && chain+key != "":
		err = errors.New("ssl.keystore.certificate.chain or ssl.keystore.key is set, too: expected one way")
	case file != "":
		var data []byte
		if data, err = os.ReadFile(file); err == nil {
			if c, err = readKey(data, t.p["ssl.keystore.password"], t.p["ssl.key.password"]); err != nil {
				err = fmt.Errorf("%s cannot be used: %w", file, err)
			}
		}
	case chain == "" && key == "":
		return nil, nil
	case chain == "" || key == "":
		name, err = "ssl.keystore.certificate.chain", errors.New("expected it together with ssl.keystore.key")
	default:
		name = "ssl.keystore.key"
		c, err = pemPair([]byte(chain), []byte(key), t.p["ssl.key.password"])
	}
	if err != nil {
		return nil, t.about(name, err)
	}
	return &c, nil
}

// pemText is PEM as a property has it: in one line, too, with blanks or \n in the place of line ends.
func pemText(s string) string {
	s = strings.ReplaceAll(s, `\n`, "\n")
	if strings.Contains(s, "\n") || s == "" {
		return s
	}
	var b strings.Builder
	for i, part := range strings.Split(s, "-----") {
		switch {
		case i%2 == 1 && strings.HasPrefix(part, "BEGIN "):
			b.WriteString("-----" + part + "-----\n")
		case i%2 == 1:
			b.WriteString("\n-----" + part + "-----\n")
		default:
			b.WriteString(strings.Join(strings.Fields(part), "\n"))
		}
	}
	return b.String()
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Config is for one connection, with what the files have now. The caller sets ServerName.
func (t *TLS) Config() (*tls.Config, error) {
	roots, err := t.trust.get()
	if err != nil {
		return nil, err
	}
	own, err := t.own.get()
	if err != nil {
		return nil, err
	}
	c := t.base.Clone()
	c.RootCAs = roots
	// All are sent that there are: who asks for one of certain authorities says so better than a client that sends none.
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if own == nil {
			return &tls.Certificate{}, nil
		}
		return own, nil
	}
	if t.noName {
		c.InsecureSkipVerify = true // the chain is looked at below, without the name
		c.VerifyConnection = func(s tls.ConnectionState) error { return verifyChain(s, roots) }
	}
	return c, nil
}

// verifyChain is what TLS does by itself, without the name of the host.
func verifyChain(s tls.ConnectionState, roots *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
	}
	return nil
}

// principal is whom brokers take the own certificate for, as they do unless told otherwise.
func (t *TLS) principal() string {
	c, err := t.own.get()
	if err != nil || c == nil {
		return "User:ANONYMOUS"
	}
	return "User:" + c.Leaf.Subject.String()
}
