package security

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/settings"
)

var quiet = slog.New(slog.DiscardHandler)

// Each name of the settings is read here, and the other way round.
func TestNames(t *testing.T) {
	source := ""
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(f, "_test.go") {
			source += string(data)
		}
	}
	recognised := []string{"ssl.truststore.type", "ssl.keystore.type"} // by what is in the files
	for _, family := range settings.Families() {
		for _, s := range family.Members() {
			name := strings.TrimPrefix(s.About().Name, family.Prefix)
			if !strings.Contains(source, `"`+name+`"`) && name != recognised[0] && name != recognised[1] {
				t.Errorf("nothing reads %s", name)
			}
		}
	}
}

func TestForKafka(t *testing.T) {
	jaas := plainModule + ` required username="alice" password="MARKER";`
	for _, c := range []struct {
		p    Properties
		want string // of the error, or what Describe says
	}{
		{nil, "PLAINTEXT as User:ANONYMOUS"},
		{Properties{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.jaas.config": jaas}, "SASL_PLAINTEXT, PLAIN as User:alice"},
		{Properties{"security.protocol": "SSL"}, "SSL as User:ANONYMOUS"},
		{Properties{"sasl.mechanism": "PLAIN", "sasl.jaas.config": jaas}, "sasl.jaas.config is set, but with security.protocol=PLAINTEXT nobody logs in: expected security.protocol=SASL_SSL, or SASL_PLAINTEXT where the brokers don't speak TLS"},
		{Properties{"security.protocol": "SASL_SSL", "sasl.jaas.config": jaas}, "security.protocol=SASL_SSL needs sasl.mechanism: expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER (GSSAPI, which Kafka's clients take by default, is not there)"},
		{Properties{"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-256", "sasl.jaas.config": jaas}, "sasl.jaas.config: sasl.mechanism=SCRAM-SHA-256 goes with " + scramModule + ", found " + plainModule},
		{Properties{"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN"}, "sasl.mechanism=PLAIN needs sasl.jaas.config, such as: " + plainModule},
		{Properties{"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.jaas.config": plainModule + " required password=MARKER;"}, "needs both username and password"},
		{Properties{"security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER"}, "needs sasl.oauthbearer.token.endpoint.url"},
		{Properties{"security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER", "sasl.oauthbearer.token.endpoint.url": "http://x"}, "needs the client's id and secret"},
		{Properties{"security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER", "sasl.login.callback.handler.class": "x.Y"}, "sasl.login.callback.handler.class: expected org.apache"},
		{Properties{"security.protocol": "SSL", "ssl.enabled.protocols": "TLSv1,SSLv3"}, "ssl.enabled.protocols: expected TLSv1.2 or TLSv1.3 among them: older ones are not safe"},
		{Properties{"security.protocol": "SSL", "ssl.cipher.suites": "TLS_RSA_WITH_RC4_128_SHA"}, "ssl.cipher.suites: 'TLS_RSA_WITH_RC4_128_SHA' is none that is safe and known here"},
		{Properties{"security.protocol": "SSL", "ssl.truststore.location": "/none"}, "ssl.truststore.location: open /none"},
		{Properties{"security.protocol": "SSL", "ssl.truststore.certificates": "MARKER"}, "ssl.truststore.certificates: what it holds cannot be used: expected a store of certificates: PEM, PKCS12 or JKS"},
		{Properties{"security.protocol": "SSL", "ssl.keystore.key": "MARKER"}, "ssl.keystore.certificate.chain: expected it together with ssl.keystore.key"},
	} {
		k, err := ForKafka(c.p, quiet)
		got := k.Describe()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) || strings.Contains(got, "MARKER") {
			t.Errorf("%v: %s, want %s", c.p, got, c.want)
		}
	}
}

// pemOf is a certificate that has signed itself, for 127.0.0.1, with its key.
func pemOf(t *testing.T, name string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
}

// A store that changes counts for the next connection, and one that can't be read leaves the former in place.
func TestRenewed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "own.pem")
	write := func(data []byte) {
		t.Helper()
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(pemOf(t, "first"))
	var log bytes.Buffer
	c, err := NewTLS(Properties{"ssl.keystore.location": file}, "", slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	shows := func() string {
		t.Helper()
		c.own.at = time.Time{}
		config, err := c.Config()
		if err != nil {
			t.Fatal(err)
		}
		own, err := config.GetClientCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		return own.Leaf.Subject.CommonName
	}
	if got := shows(); got != "first" {
		t.Error(got)
	}
	write(append(pemOf(t, "second"), '\n'))
	if got := shows(); got != "second" {
		t.Error(got)
	}
	write([]byte("broken"))
	if got := shows(); got != "second" || !strings.Contains(log.String(), "the former ones are used on") {
		t.Error(got, log.String())
	}
}

// Logins at a broker in this process.
func TestLogin(t *testing.T) {
	for _, m := range []string{plainMechanism, scram256, scram512} {
		b, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser(m, "alice", "right"))
		if err != nil {
			t.Fatal(err)
		}
		for password, want := range map[string]bool{"right": true, "MARKER": false} {
			k, err := ForKafka(Properties{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": m,
				"sasl.jaas.config": fmt.Sprintf("%s required username=alice password=%s;", moduleOf(m), password)}, quiet)
			if err != nil {
				t.Fatal(err)
			}
			client, err := kgo.NewClient(append(k.Opts(), kgo.SeedBrokers(b.ListenAddrs()...))...)
			if err != nil {
				t.Fatal(err)
			}
			err = client.Ping(t.Context())
			if (err == nil) != want { // a real broker also says why: see conformance/secure
				t.Errorf("%s: %v", m, err)
			}
			client.Close()
		}
		b.Close()
	}
}

// Tokens are kept for most of their life, and what a server says of the secret is not shown.
func TestTokens(t *testing.T) {
	asked := 0
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if _, secret, _ := r.BasicAuth(); secret != "MARKER" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"error":"invalid_client","error_description":"not %s"}`, secret)
			return
		}
		fmt.Fprintf(w, `{"access_token":"t%d","expires_in":0.5}`, asked)
	}))
	defer s.Close()
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	trusting, err := NewTLS(Properties{"ssl.truststore.certificates": authority}, "", quiet)
	if err != nil {
		t.Fatal(err)
	}
	get := func(secret string, trust *TLS) (*Tokens, string, error) {
		tokens, err := NewTokens(Grant{Endpoint: s.URL, ID: "weir", Secret: secret}, "url", trust)
		if err != nil {
			t.Fatal(err)
		}
		token, err := tokens.Token(t.Context())
		return tokens, token, err
	}
	tokens, token, err := get("MARKER", trusting)
	if again, _ := tokens.Token(t.Context()); err != nil || token != "t1" || again != "t1" {
		t.Error(token, again, err)
	}
	time.Sleep(500 * time.Millisecond)
	if token, err := tokens.Token(t.Context()); err != nil || token == "t1" {
		t.Error(token, err)
	}
	if _, _, err := get("other MARKER", trusting); err == nil || !strings.Contains(err.Error(), "not [hidden]. See that the client's id and secret are right") || strings.Contains(err.Error(), "MARKER") {
		t.Error(err)
	}
	plain, err := NewTLS(nil, "", quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := get("MARKER", plain); err == nil || !strings.Contains(err.Error(), "signed by an authority that is not trusted") {
		t.Error(err)
	}
}

// A login goes to the server that was named, encrypted where it has TLS, and to none that it redirects to.
func TestHTTP(t *testing.T) {
	seen := ""
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen += "other:" + r.Header.Get("Authorization") }))
	defer other.Close()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Get("Authorization") + " " + r.Header.Get("target-sr-cluster") + " "
		if r.URL.Path == "/away" {
			http.Redirect(w, r, other.URL, http.StatusFound)
		}
	}))
	defer s.Close()
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	for _, c := range []struct {
		p, kafka Properties
		path     string
		want     string // seen, or the error
	}{
		{Properties{"ssl.truststore.certificates": authority, "basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "u:p:q"}, nil, "/", "Basic dTpwOnE=  "},
		{Properties{"bearer.auth.credentials.source": "STATIC_TOKEN", "bearer.auth.token": "tok", "bearer.auth.logical.cluster": "lsrc"}, Properties{"ssl.truststore.certificates": authority}, "/", "Bearer tok lsrc "},
		{Properties{"ssl.truststore.certificates": authority, "basic.auth.credentials.source": "SASL_INHERIT"}, Properties{"sasl.jaas.config": plainModule + " required username=u password=p;"}, "/away", "Basic dTpw  other:"},
		{Properties{"basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "u:MARKER"}, nil, "/", "put that authority's certificate into ksql.x.ssl.truststore.location"},
		{Properties{"basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "MARKER"}, nil, "/", "ksql.x.basic.auth.user.info: expected USER:PASSWORD"},
		{Properties{"bearer.auth.credentials.source": "STATIC_TOKEN"}, nil, "/", "ksql.x.bearer.auth.credentials.source=STATIC_TOKEN needs ksql.x.bearer.auth.token"},
		{Properties{"bearer.auth.credentials.source": "OAUTHBEARER", "bearer.auth.client.secret": "MARKER"}, nil, "/", "needs ksql.x.bearer.auth.issuer.endpoint.url, .client.id and .client.secret"},
	} {
		seen = ""
		h, err := ForHTTP(c.p, c.kafka, "ksql.x.", quiet)
		if err == nil {
			var resp *http.Response
			if resp, err = (&http.Client{Transport: h}).Get(s.URL + c.path); err == nil {
				_ = resp.Body.Close()
			}
			h.CloseIdleConnections()
		}
		if err != nil {
			seen = err.Error()
		}
		if !strings.Contains(seen, c.want) || strings.Contains(seen, "MARKER") {
			t.Errorf("%v: %s, want %s", c.p, seen, c.want)
		}
	}
}

// Errors of TLS that are none of a broker's.
func TestExplainTLS(t *testing.T) {
	plain := httptest.NewServer(nil)
	defer plain.Close()
	c, err := NewTLS(nil, "", quiet)
	if err != nil {
		t.Fatal(err)
	}
	config, err := c.Config()
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", strings.TrimPrefix(plain.URL, "http://"))
	if r := c.Explain(err); r == nil || !strings.Contains(r.Text, "what answers does not speak TLS") {
		t.Error(err, r)
	}
	for _, err := range []error{nil, context.Canceled, errors.New("other")} {
		if r := c.Explain(err); r != nil {
			t.Error(r)
		}
	}
}
