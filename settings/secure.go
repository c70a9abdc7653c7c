package settings

import (
	"net/url"
	"strings"
)

// Family are settings of one connection, under one prefix: how it is secured, in the words of Kafka's clients.
type Family struct {
	Prefix  string // before the names
	Title   string // of the documentation
	members []*Of[string]
}

// Members are the settings of the family.
func (f *Family) Members() []*Of[string] { return f.members }

// In are those that are set, by their names without the prefix.
func (f *Family) In(config map[string]string) map[string]string {
	out := map[string]string{}
	for _, s := range f.members {
		if text, ok := config[s.info.Name]; ok {
			out[strings.TrimPrefix(s.info.Name, f.Prefix)] = strings.TrimSpace(text)
		}
	}
	return out
}

// SecurityProtocol is how connections to brokers are secured.
func SecurityProtocol(config map[string]string) string {
	if v := KafkaSecurity.In(config)["security.protocol"]; v != "" {
		return strings.ToUpper(v)
	}
	return "PLAINTEXT"
}

// Families are all of them.
func Families() []*Family { return []*Family{KafkaSecurity, RegistrySecurity, ConnectSecurity} }

// familyOf is the family of a setting; nil for none.
func familyOf(s Setting) *Family {
	for _, f := range Families() {
		for _, m := range f.members {
			if Setting(m) == s {
				return f
			}
		}
	}
	return nil
}

// InFamily says whether a setting is one of those that secure connections.
func InFamily(s Setting) bool { return familyOf(s) != nil }

// Hidden is shown in the place of a secret.
const Hidden = "[hidden]"

// Hide is a configuration as it may be shown and kept: without secrets.
func Hide(config map[string]string) map[string]string {
	out := make(map[string]string, len(config))
	for name, value := range config {
		out[name] = HideValue(name, value)
	}
	return out
}

// HideValue is a value as it may be shown.
func HideValue(name, value string) string {
	s, ok := Find(name)
	if !ok {
		if secretWord(name) && value != "" {
			return Hidden
		}
		return value
	}
	switch i := s.About(); {
	case value == "":
	case i.Secret:
		return Hidden
	case i.Name == SchemaRegistry.info.Name:
		return hideUsers(value)
	}
	return value
}

// secretWord says whether a name without a meaning here looks like that of a secret: it may stand in a file that others use, too.
func secretWord(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"password", "secret", "jaas", "passphrase", "token", "credential", "user.info", "keystore.key", "api.key"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// hideUsers takes users and passwords out of URLs with commas between them.
func hideUsers(urls string) string {
	parts := strings.Split(urls, ",")
	for i, p := range parts {
		u, err := url.Parse(strings.TrimSpace(p))
		switch {
		case err != nil && strings.Contains(p, "@"):
			parts[i] = Hidden
		case err == nil && u.User != nil:
			u.User = url.User("hidden")
			parts[i] = u.String()
		}
	}
	return strings.Join(parts, ",")
}

// words that end the sentences about secrets and files.
const (
	pemHere  = ", in PEM, in the place of a file"
	readAnew = " It is read again when it changes."
)

// tlsOf are the settings of TLS of one connection.
func tlsOf(prefix, where string) []*Of[string] {
	return []*Of[string]{
		secure(prefix, "ssl.truststore.location", "Certificates of the authorities that "+where+" may have theirs from, as PEM, PKCS12 or JKS."+readAnew, file(), "those of the machine"),
		secret(prefix, "ssl.truststore.password", "The password of that file.", "none"),
		secure(prefix, "ssl.truststore.type", "The form of that file, which is told from what is in it.", oneOf("PEM", "PKCS12", "JKS"), "found out"),
		secure(prefix, "ssl.truststore.certificates", "The certificates of the authorities"+pemHere+".", pemKind(), "none"),
		secure(prefix, "ssl.keystore.location", "The certificate, with its chain and its key, with which this program shows to "+where+" who it is, as PEM, PKCS12 or JKS."+readAnew, file(), "none"),
		secret(prefix, "ssl.keystore.password", "The password of that file.", "none"),
		secure(prefix, "ssl.keystore.type", "The form of that file, which is told from what is in it.", oneOf("PEM", "PKCS12", "JKS"), "found out"),
		secure(prefix, "ssl.keystore.certificate.chain", "The certificate with its chain"+pemHere+".", pemKind(), "none"),
		secret(prefix, "ssl.keystore.key", "The key of that certificate, as PKCS #8"+pemHere+".", "none"),
		secret(prefix, "ssl.key.password", "The password of the key, where that has one of its own.", "that of the file"),
		secure(prefix, "ssl.endpoint.identification.algorithm", "Whether the name of the host is compared with the certificate of "+where+": https, or empty for not.", hostCheck(), "https"),
		secure(prefix, "ssl.protocol", "The newest version of TLS.", oneOf("TLS", "TLSv1.2", "TLSv1.3"), "TLSv1.3"),
		secure(prefix, "ssl.enabled.protocols", "The versions of TLS, with commas between them.", text("VERSION,...", "TLSv1.2 and TLSv1.3, with a comma between them"), "TLSv1.2,TLSv1.3"),
		secure(prefix, "ssl.cipher.suites", "The cipher suites of TLS 1.2, with commas between them.", text("SUITE,...", "names of cipher suites, with commas between them"), "the safe ones"),
	}
}

// How connections are secured.
var (
	KafkaSecurity = &Family{"", "Of the connections to Kafka", append([]*Of[string]{
		secure("", "security.protocol", "Whether connections to brokers are encrypted, and whether this program logs in.", oneOf("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"), "PLAINTEXT"),
		secure("", "sasl.mechanism", "How this program logs in.", oneOf("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"), "none"),
		secret("", "sasl.jaas.config", "Who logs in: a login module with its options, as Kafka's clients have it.", "none"),
		secure("", "sasl.oauthbearer.token.endpoint.url", "Where tokens come from, with OAUTHBEARER.", httpURL(), "none"),
		secure("", "sasl.oauthbearer.client.credentials.client.id", "The id of the client that tokens are for; clientId in sasl.jaas.config where it is not set.", secretText(), "none"),
		secret("", "sasl.oauthbearer.client.credentials.client.secret", "The secret of that client; clientSecret in sasl.jaas.config where it is not set.", "none"),
		secure("", "sasl.oauthbearer.scope", "What the tokens are to be good for; scope in sasl.jaas.config where it is not set.", secretText(), "none"),
		secure("", "sasl.oauthbearer.header.urlencode", "Whether the id and the secret are encoded as in URLs when a token is asked for.", oneOf("true", "false"), "false"),
		secure("", "sasl.login.callback.handler.class", "What gets tokens: Kafka's own class, which is understood.", text("CLASS", "the name of a class"), "that of Kafka"),
	}, tlsOf("", "brokers")...)}
	RegistrySecurity = &Family{"ksql.schema.registry.", "Of the connections to the schema registry",
		append(loginOf("ksql.schema.registry.", "the schema registry", []string{"URL", "USER_INFO", "SASL_INHERIT"}, "URL"), tlsOf("ksql.schema.registry.", "the schema registry")...)}
	ConnectSecurity = &Family{"ksql.connect.", "Of the connections to Kafka Connect",
		append(loginOf("ksql.connect.", "Kafka Connect", []string{"NONE", "FILE", "USER_INFO"}, "NONE"), append([]*Of[string]{
			secure("ksql.connect.", "basic.auth.credentials.file", "The file with the lines username=... and password=... for Kafka Connect. It is read for each request.", file(), "none"),
		}, tlsOf("ksql.connect.", "Kafka Connect")...)...)}
)

// loginOf are the settings of the login at a server that speaks HTTP.
func loginOf(prefix, where string, sources []string, otherwise string) []*Of[string] {
	return []*Of[string]{
		secure(prefix, "basic.auth.credentials.source", "Where the user and the password for "+where+" stand.", oneOf(sources...), otherwise),
		secret(prefix, "basic.auth.user.info", "USER:PASSWORD for "+where+", with USER_INFO as their source.", "none"),
		secure(prefix, "bearer.auth.credentials.source", "Where the token for "+where+" comes from: a setting, or client credentials.", oneOf("STATIC_TOKEN", "OAUTHBEARER"), "none"),
		secret(prefix, "bearer.auth.token", "The token for "+where+", with STATIC_TOKEN as its source.", "none"),
		secure(prefix, "bearer.auth.issuer.endpoint.url", "Where tokens for "+where+" come from, with OAUTHBEARER as their source.", httpURL(), "none"),
		secure(prefix, "bearer.auth.client.id", "The id of the client that these tokens are for.", secretText(), "none"),
		secret(prefix, "bearer.auth.client.secret", "The secret of that client.", "none"),
		secure(prefix, "bearer.auth.scope", "What these tokens are to be good for.", secretText(), "none"),
		secure(prefix, "bearer.auth.logical.cluster", "Sent along as target-sr-cluster.", text("ID", "an id"), "none"),
		secure(prefix, "bearer.auth.identity.pool.id", "Sent along as Confluent-Identity-Pool-Id.", text("ID", "an id"), "none"),
	}
}

func secure(prefix, name, doc string, k kind[string], unset string) *Of[string] {
	flag := strings.ReplaceAll(strings.TrimPrefix(prefix+name, "ksql."), ".", "-")
	return define(Info{Name: prefix + name, Flag: flag, Scope: Start, Unset: unset, Doc: doc}, k, "")
}

func secret(prefix, name, doc, unset string) *Of[string] {
	s := secure(prefix, name, doc, secretText(), unset)
	s.info.Secret = true
	return s
}

// secretText is any text; white space around it is none of it.
func secretText() kind[string] {
	return kind[string]{"TEXT", "a text", func(s string) (string, bool) { return strings.TrimSpace(s), true }, func(s string) string { return s }}
}

func pemKind() kind[string] {
	k := secretText()
	k.value, k.want = "PEM", "PEM"
	return k
}

// hostCheck is https, or nothing.
func hostCheck() kind[string] {
	k := oneOf("https")
	parse := k.parse
	k.want = "https, or nothing"
	k.parse = func(s string) (string, bool) {
		if strings.TrimSpace(s) == "" {
			return "", true
		}
		return parse(s)
	}
	return k
}
