package secure

import (
	"os"
	"strings"
	"testing"
)

const (
	plainLogin = `sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="alice-secret";`
	scramLogin = `sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
  username="alice" \
  password="alice-secret";`
)

// Each way in carries a pipeline, in transactions: topics made, rows inserted, read, counted and selected.
func TestWays(t *testing.T) {
	b := broker(t)
	b.allow(t, everything("User:alice", "User:CN=alice", "User:ANONYMOUS"))
	tokens := b.issuer(t)
	trust := "ssl.truststore.location=" + b.file("ca.pem")
	pemText, err := os.ReadFile(b.file("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	stores := func(kind string) []string {
		return []string{"security.protocol=SSL", "ssl.truststore.location=" + b.file("trust."+kind), "ssl.truststore.password=store-secret",
			"ssl.keystore.location=" + b.file("alice."+kind), "ssl.keystore.password=store-secret"}
	}
	for _, c := range []struct {
		name, listener string
		lines          []string
	}{
		{"TLS", "ssl", []string{"security.protocol=SSL", trust}},
		{"TLS 1.2 with the authority in the file", "ssl", []string{"security.protocol=SSL", "ssl.enabled.protocols=TLSv1.2", "ssl.truststore.type=PEM",
			"ssl.truststore.certificates=" + strings.ReplaceAll(strings.TrimSpace(string(pemText)), "\n", " \\\n")}},
		{"a certificate in PEM", "mtls", []string{"security.protocol=SSL", trust, "ssl.keystore.location=" + b.file("alice.pem"), "ssl.keystore.type=PEM"}},
		{"an encrypted key in PEM", "mtls", []string{"security.protocol=SSL", trust, "ssl.keystore.location=" + b.file("alice-encrypted.pem"), "ssl.key.password=store-secret"}},
		{"JKS", "mtls", stores("jks")},
		{"PKCS12", "mtls", stores("pkcs12")},
		{"PLAIN over TLS", "sasl_ssl", []string{"security.protocol=SASL_SSL", "sasl.mechanism=PLAIN", plainLogin, trust}},
		{"PLAIN", "sasl_plaintext", []string{"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=PLAIN", plainLogin}},
		{"SCRAM-SHA-256", "sasl_plaintext", []string{"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=SCRAM-SHA-256", scramLogin}},
		{"SCRAM-SHA-512 over TLS", "sasl_ssl", []string{"security.protocol=SASL_SSL", "sasl.mechanism=SCRAM-SHA-512", scramLogin, trust}},
		{"OAUTHBEARER over TLS", "sasl_ssl", []string{"security.protocol=SASL_SSL", "sasl.mechanism=OAUTHBEARER", trust,
			"sasl.login.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler", "sasl.oauthbearer.token.endpoint.url=" + tokens.URL,
			`sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required clientId="weir" clientSecret="token-secret" scope="kafka";`}},
		{"OAUTHBEARER", "sasl_plaintext", []string{"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=OAUTHBEARER", "sasl.oauthbearer.token.endpoint.url=" + tokens.URL,
			"sasl.oauthbearer.client.credentials.client.id=weir", "sasl.oauthbearer.client.credentials.client.secret=token-secret"}},
		{"no name compared", "wronghost", []string{"security.protocol=SSL", trust, "ssl.endpoint.identification.algorithm="}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := word()
			stdout, stderr, code := weir(t, append(c.lines, "bootstrap.servers="+b.at[c.listener]), "run", script(t, w), "--service-id", w, "--log-level", "info", "--output", "CSV")
			if code != 0 || !strings.Contains(stdout, "42,2") {
				t.Fatalf("ended with %d\n%s\n%s", code, stdout, stderr)
			}
			if !strings.Contains(stderr, "connected to Kafka") || strings.Contains(stderr, "no effect") {
				t.Errorf("the log says\n%s", stderr)
			}
			for _, s := range []string{"alice-secret", "token-secret", "store-secret"} {
				if strings.Contains(stdout+stderr, s) {
					t.Errorf("%s is shown:\n%s\n%s", s, stdout, stderr)
				}
			}
		})
	}
}

// What does not fit says what to do, at once, and never the secret.
func TestRefusals(t *testing.T) {
	b := broker(t)
	tokens := b.issuer(t)
	trust := "ssl.truststore.location=" + b.file("ca.pem")
	wrong := func(line string) string { return strings.Replace(line, "alice-secret", "MARKER", 1) }
	bearer := func(id, secret string) []string {
		return []string{"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=OAUTHBEARER", "sasl.oauthbearer.token.endpoint.url=" + tokens.URL,
			"sasl.oauthbearer.client.credentials.client.id=" + id, "sasl.oauthbearer.client.credentials.client.secret=" + secret}
	}
	for _, c := range []struct {
		name, listener string
		lines          []string
		want           string
	}{
		{"a wrong password with PLAIN", "sasl_plaintext", []string{"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=PLAIN", wrong(plainLogin)},
			"Kafka does not let User:alice in: SASL_AUTHENTICATION_FAILED: SASL Authentication failed.: Authentication failed: Invalid username or password. See that the user name and the password in sasl.jaas.config are right"},
		{"a wrong password with SCRAM", "sasl_ssl", []string{"security.protocol=SASL_SSL", trust, "sasl.mechanism=SCRAM-SHA-512", wrong(scramLogin)},
			"and that the user was made for SCRAM-SHA-512: kafka-configs --bootstrap-server HOST:PORT --describe --entity-type users --entity-name alice"},
		{"a wrong secret for tokens", "sasl_plaintext", bearer("weir", "MARKER"),
			"no token for Kafka: " + tokens.URL + " does not give one: it answers 401 Unauthorized invalid_client the secret [hidden] is wrong. See that the client's id and secret are right"},
		{"a token that is over", "sasl_plaintext", bearer("expired", "token-secret"), "See that the broker accepts tokens of " + tokens.URL},
		{"an expired certificate", "expired", []string{"security.protocol=SSL", trust}, "the certificate of CN=expired has expired, at "},
		{"an unknown authority", "unknown", []string{"security.protocol=SSL", trust}, "the certificate was signed by an authority that is not trusted, CN=Weir test stranger: put that authority's certificate into ssl.truststore.location"},
		{"another host's certificate", "wronghost", []string{"security.protocol=SSL", trust}, "the certificate of 127.0.0.1 is for elsewhere.example: use a name of those, or have a certificate made for this one"},
		{"the authorities of the machine", "ssl", []string{"security.protocol=SSL"}, "put that authority's certificate into ssl.truststore.location"},
		{"no certificate of its own", "mtls", []string{"security.protocol=SSL", trust}, "it demands a certificate of this client: set ssl.keystore.location to a store with one and its key"},
		{"an expired one of its own", "mtls", []string{"security.protocol=SSL", trust, "ssl.keystore.location=" + b.file("alice-expired.pem")}, "ssl.keystore.location (of CN=alice, signed by CN=Weir test ca, valid until "},
		{"an unknown one of its own", "mtls", []string{"security.protocol=SSL", trust, "ssl.keystore.location=" + b.file("alice-unknown.pem")}, "it does not accept the certificate in ssl.keystore.location (of CN=alice, signed by CN=Weir test stranger"},
		{"plain where TLS is spoken", "ssl", nil, "set security.protocol"},
		{"plain where a login is expected", "sasl_plaintext", nil, "security.protocol"},
		{"TLS where none is spoken", "sasl_plaintext", []string{"security.protocol=SSL", trust}, "security.protocol"},
		{"a login where none is expected", "ssl", []string{"security.protocol=SASL_SSL", trust, "sasl.mechanism=PLAIN", plainLogin}, "security.protocol=SSL"},
		{"a wrong password of a store", "ssl", []string{"security.protocol=SSL", "ssl.truststore.location=" + b.file("trust.jks"), "ssl.truststore.password=MARKER"}, "trust.jks cannot be used: its password is another one"},
		{"no password of a store", "ssl", []string{"security.protocol=SSL", "ssl.truststore.location=" + b.file("trust.pkcs12")}, "trust.pkcs12 cannot be used: it has a password, and none is given"},
	} {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, code := weir(t, append(c.lines, "bootstrap.servers="+b.at[c.listener]), "run", script(t, "none"), "--kafka-wait-ms", "0")
			if code != 1 || !strings.Contains(stderr, c.want) {
				t.Errorf("ended with %d, want %q:\n%s\n%s", code, c.want, stdout, stderr)
			}
			if strings.Contains(stdout+stderr, "MARKER") {
				t.Errorf("the secret is shown: %s", stderr)
			}
		})
	}
}
