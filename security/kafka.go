// Package security secures connections to Kafka, to a schema registry and to Kafka Connect, as properties say that are named as Kafka's clients
// name them. Files are read again for new connections when they change; no error and no log has a secret in it.
package security

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Properties are those of one connection, without the prefix that their names have in a file. Names that are not there are not set.
type Properties map[string]string

// dialTimeout bounds connecting to a broker, TLS included.
const dialTimeout = 10 * time.Second

// Kafka is how connections to brokers are secured. All methods may be called from several goroutines.
type Kafka struct {
	protocol  string
	tls       *TLS           // nil where the protocol has none
	login     *login         // nil where the protocol has none
	mechanism sasl.Mechanism // of the login
}

// login is what sasl.* say.
type login struct {
	mechanism string
	user      string // the name that brokers know; empty where they take it from a token
	password  string
	delegated bool // the two are those of a delegation token
	tokens    *Tokens
	extras    map[string]string // extensions of OAUTHBEARER
}

// ForKafka reads what a connection to brokers needs. The error says which property is wrong, and what it has to be.
func ForKafka(p Properties, log *slog.Logger) (*Kafka, error) {
	k := &Kafka{protocol: strings.ToUpper(p["security.protocol"])}
	if k.protocol == "" {
		k.protocol = "PLAINTEXT"
	}
	var err error
	switch k.protocol {
	case "PLAINTEXT", "SSL":
		if name := p.first("sasl."); name != "" {
			return nil, fmt.Errorf("%s is set, but with security.protocol=%s nobody logs in: expected security.protocol=SASL_SSL, or SASL_PLAINTEXT where the brokers don't speak TLS", name, k.protocol)
		}
	case "SASL_PLAINTEXT", "SASL_SSL":
		if k.login, err = newLogin(p, log); err != nil {
			return nil, err
		}
		k.mechanism = k.login.sasl()
	default:
		return nil, fmt.Errorf("security.protocol: expected PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, found '%s'", k.protocol)
	}
	if strings.HasSuffix(k.protocol, "SSL") {
		k.tls, err = NewTLS(p, "", log)
	}
	return k, err
}

// first is the first of the names that are set with a prefix; empty for none.
func (p Properties) first(prefix string) string {
	var names []string
	for name, value := range p {
		if strings.HasPrefix(name, prefix) && value != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return slices.Min(names)
}

// Opts are what a client of franz-go needs. None for a plain connection.
func (k *Kafka) Opts() []kgo.Opt {
	if k == nil {
		return nil
	}
	var out []kgo.Opt
	if k.tls != nil {
		out = append(out, kgo.Dialer(k.dial))
	}
	if k.mechanism != nil {
		out = append(out, kgo.SASL(k.mechanism))
	}
	return out
}

// dial connects and greets. The files are looked at each time.
func (k *Kafka) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	config, err := k.tls.Config()
	if err != nil {
		return nil, err
	}
	config.ServerName = host
	conn, err := (&tls.Dialer{NetDialer: &net.Dialer{Timeout: dialTimeout}, Config: config}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", addr, err)
	}
	return conn, nil
}

// Protocol is the value of security.protocol that is in force.
func (k *Kafka) Protocol() string {
	if k == nil {
		return "PLAINTEXT"
	}
	return k.protocol
}

// Describe says for a log how connections are secured, and as whom.
func (k *Kafka) Describe() string {
	out := k.Protocol()
	if k != nil && k.login != nil {
		out += ", " + k.login.mechanism
	}
	if who := k.Principal(); who != "" {
		out += " as " + who
	}
	return out
}

// Principal is whom brokers take this client for, as access control lists name it; empty where only they know. Brokers may map names in a way of their own.
func (k *Kafka) Principal() string {
	switch {
	case k == nil:
		return "User:ANONYMOUS"
	case k.login != nil && k.login.tokens != nil:
		return k.login.tokens.principal()
	case k.login != nil:
		return "User:" + k.login.user
	case k.tls != nil:
		return k.tls.principal()
	}
	return "User:ANONYMOUS"
}

// Names of mechanisms.
const (
	plainMechanism = "PLAIN"
	scram256       = "SCRAM-SHA-256"
	scram512       = "SCRAM-SHA-512"
	oauthBearer    = "OAUTHBEARER"
)

func newLogin(p Properties, log *slog.Logger) (*login, error) {
	l := &login{mechanism: strings.ToUpper(p["sasl.mechanism"])}
	if l.mechanism == "" {
		return nil, fmt.Errorf("security.protocol=%s needs sasl.mechanism: expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER (GSSAPI, which Kafka's clients take by default, is not there)", strings.ToUpper(p["security.protocol"]))
	}
	var entry jaas
	if text := p["sasl.jaas.config"]; text != "" {
		var err error
		if entry, err = parseJAAS(text); err != nil {
			return nil, fmt.Errorf("sasl.jaas.config: %w", err)
		}
		if want := moduleOf(l.mechanism); want != entry.module {
			return nil, fmt.Errorf("sasl.jaas.config: sasl.mechanism=%s goes with %s, found %s", l.mechanism, want, entry.module)
		}
	} else if l.mechanism != oauthBearer {
		return nil, fmt.Errorf("sasl.mechanism=%s needs sasl.jaas.config, such as: %s required username=\"NAME\" password=\"PASSWORD\";", l.mechanism, moduleOf(l.mechanism))
	}
	if l.mechanism == oauthBearer {
		return l, l.bearer(p, entry, log)
	}
	l.user, l.password, l.delegated = entry.options["username"], entry.options["password"], strings.EqualFold(entry.options["tokenauth"], "true")
	if l.user == "" || l.password == "" {
		return nil, fmt.Errorf("sasl.jaas.config: %s needs both username and password", entry.module)
	}
	return l, nil
}

// loginHandlers are the classes that do what is done here for OAUTHBEARER.
var loginHandlers = []string{"org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
	"org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler"}

// bearer reads what gets tokens.
func (l *login) bearer(p Properties, entry jaas, log *slog.Logger) error {
	if class := p["sasl.login.callback.handler.class"]; class != "" && !slices.Contains(loginHandlers, class) {
		return fmt.Errorf("sasl.login.callback.handler.class: expected %s, which gets tokens with client credentials, found '%s'", loginHandlers[0], class)
	}
	or := func(name, option string) string {
		if v := p[name]; v != "" {
			return v
		}
		return entry.options[option]
	}
	g := Grant{Endpoint: p["sasl.oauthbearer.token.endpoint.url"], ID: or("sasl.oauthbearer.client.credentials.client.id", "clientId"),
		Secret: or("sasl.oauthbearer.client.credentials.client.secret", "clientSecret"), Scope: or("sasl.oauthbearer.scope", "scope"),
		Encode: p["sasl.oauthbearer.header.urlencode"] == "true"}
	switch {
	case g.Endpoint == "":
		return fmt.Errorf("sasl.mechanism=OAUTHBEARER needs sasl.oauthbearer.token.endpoint.url, where tokens come from")
	case g.ID == "" || g.Secret == "":
		return fmt.Errorf("sasl.mechanism=OAUTHBEARER needs the client's id and secret: sasl.oauthbearer.client.credentials.client.id and .client.secret, or clientId and clientSecret in sasl.jaas.config")
	}
	trust, err := NewTLS(p, "", log)
	if err != nil {
		return err
	}
	l.extras = map[string]string{}
	for name, value := range entry.options {
		if rest, ok := strings.CutPrefix(name, extensionPrefix); ok {
			l.extras[rest] = value
		}
	}
	l.tokens, err = NewTokens(g, "sasl.oauthbearer.token.endpoint.url", trust)
	return err
}

func (l *login) sasl() sasl.Mechanism {
	auth := scram.Auth{User: l.user, Pass: l.password, IsToken: l.delegated}
	switch l.mechanism {
	case plainMechanism:
		return plain.Auth{User: l.user, Pass: l.password}.AsMechanism()
	case scram256:
		return auth.AsSha256Mechanism()
	case scram512:
		return auth.AsSha512Mechanism()
	}
	return oauth.Oauth(func(ctx context.Context) (oauth.Auth, error) {
		token, err := l.tokens.Token(ctx)
		return oauth.Auth{Token: token, Extensions: l.extras}, err
	})
}
