// Command broker writes what scripts/kafka-secure starts a broker with: certificates, stores as keytool makes them, the keys of tokens, and the configuration.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"log"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/youmark/pkcs8"
)

// storePassword is that of all stores; keys in PEM have it, too.
const storePassword = "store-secret"

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", "", "folder to write to")
	port := flag.Int("port", 19292, "first of the ports")
	flag.Parse()
	w := &writer{dir: *dir}
	authority := w.authority("ca")
	w.trustStores("ca")
	stranger := w.authority("stranger")
	day := 24 * time.Hour
	w.leaf("broker", authority, "localhost", day)
	w.leaf("expired", authority, "localhost", -time.Minute)
	w.leaf("wronghost", authority, "elsewhere.example", day)
	w.leaf("unknown", stranger, "localhost", day)
	for _, name := range []string{"alice", "admin"} {
		w.leaf(name, authority, "", day)
	}
	w.leaf("alice-expired", authority, "", -time.Minute)
	w.leaf("alice-unknown", stranger, "", day)
	w.keyStores("alice")
	w.tokenKey()
	w.configuration(*port)
	if w.err != nil {
		log.Fatal(w.err)
	}
}

// writer writes files, and keeps the first error.
type writer struct {
	dir string
	err error
}

func (w *writer) path(name string) string { return filepath.Join(w.dir, name) }

func (w *writer) write(name string, data []byte) {
	w.keep(os.WriteFile(w.path(name), data, 0o600))
}

func (w *writer) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

// issuer is an authority.
type issuer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func (w *writer) authority(name string) issuer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.keep(err)
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Weir test " + name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	w.keep(err)
	cert, err := x509.ParseCertificate(der)
	w.keep(err)
	w.write(name+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return issuer{cert, key}
}

// leaf writes NAME.pem with a certificate and its key, and NAME-encrypted.pem with an encrypted one. It is for a host, or for a client of the name.
func (w *writer) leaf(name string, from issuer, host string, lasts time.Duration) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.keep(err)
	t := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: strings.Split(name, "-")[0]}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(lasts),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if host != "" {
		t.DNSNames, t.ExtKeyUsage = []string{host}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		if host == "localhost" {
			t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, from.cert, key.Public(), from.key)
	w.keep(err)
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	w.keep(err)
	locked, err := pkcs8.MarshalPrivateKey(key, []byte(storePassword), nil)
	w.keep(err)
	chain := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: from.cert.Raw}))
	w.write(name+".pem", []byte(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: plain}))+chain))
	w.write(name+"-encrypted.pem", []byte(string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: locked}))+chain))
}

// run runs a tool of Java's or OpenSSL's.
func (w *writer) run(name string, args ...string) {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		w.keep(fmt.Errorf("%s: %w: %s", name, err, out))
	}
}

func (w *writer) trustStores(name string) {
	for _, kind := range []string{"JKS", "PKCS12"} {
		w.run("keytool", "-importcert", "-noprompt", "-alias", name, "-file", w.path(name+".pem"), "-keystore", w.path("trust."+strings.ToLower(kind)), "-storetype", kind, "-storepass", storePassword)
	}
}

// keyStores are those of a client. PKCS12 is OpenSSL's; keytool makes JKS of it.
func (w *writer) keyStores(name string) {
	p12 := w.path(name + ".pkcs12")
	w.run("openssl", "pkcs12", "-export", "-in", w.path(name+".pem"), "-name", name, "-out", p12, "-passout", "pass:"+storePassword)
	w.run("keytool", "-importkeystore", "-noprompt", "-srckeystore", p12, "-srcstoretype", "PKCS12", "-srcstorepass", storePassword,
		"-destkeystore", w.path(name+".jks"), "-deststoretype", "JKS", "-deststorepass", storePassword)
}

// tokenKey is what tokens are signed with.
func (w *writer) tokenKey() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	w.keep(err)
	w.write("token.key", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	set, err := json.Marshal(map[string]any{"keys": []map[string]string{{"kty": "RSA", "kid": "weir", "alg": "RS256", "use": "sig",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())}}})
	w.keep(err)
	w.write("jwks.json", set)
}

// listeners are the ways in, in the order of their ports, with their protocols.
var listeners = []struct{ name, protocol, cert string }{
	{"SSL", "SSL", "broker"}, {"MTLS", "SSL", "broker"}, {"SASL_SSL", "SASL_SSL", "broker"}, {"SASL_PLAINTEXT", "SASL_PLAINTEXT", ""},
	{"EXPIRED", "SSL", "expired"}, {"WRONGHOST", "SSL", "wronghost"}, {"UNKNOWN", "SSL", "unknown"},
}

func (w *writer) configuration(port int) {
	var b, addresses strings.Builder
	set := func(name, format string, args ...any) { fmt.Fprintf(&b, "%s=%s\n", name, fmt.Sprintf(format, args...)) }
	var listen, protocols []string
	controller := port + len(listeners)
	for i, l := range listeners {
		at := fmt.Sprintf("127.0.0.1:%d", port+i)
		listen, protocols = append(listen, l.name+"://"+at), append(protocols, l.name+":"+l.protocol)
		fmt.Fprintf(&addresses, "%s=%s\n", strings.ToLower(l.name), at)
		prefix := "listener.name." + strings.ToLower(l.name) + "."
		if l.cert != "" {
			set(prefix+"ssl.keystore.type", "PEM")
			set(prefix+"ssl.keystore.location", "%s", w.path(l.cert+".pem"))
			set(prefix+"ssl.truststore.type", "PEM")
			set(prefix+"ssl.truststore.location", "%s", w.path("ca.pem"))
		}
		if strings.HasPrefix(l.protocol, "SASL") {
			w.logins(set, prefix)
		}
	}
	set("listener.name.mtls.ssl.client.auth", "required")
	set("listeners", "%s,CONTROLLER://127.0.0.1:%d", strings.Join(listen, ","), controller)
	set("advertised.listeners", "%s", strings.Join(listen, ","))
	set("listener.security.protocol.map", "%s,CONTROLLER:SASL_PLAINTEXT", strings.Join(protocols, ","))
	set("listener.name.controller.sasl.enabled.mechanisms", "PLAIN")
	set("listener.name.controller.plain.sasl.jaas.config", `org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="admin-secret" user_admin="admin-secret";`)
	set("controller.quorum.bootstrap.servers", "127.0.0.1:%d", controller)
	b.WriteString(`process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=SASL_PLAINTEXT
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:CN=admin
num.partitions=1
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
log.cleaner.enable=false
`)
	set("log.dirs", "%s", w.path("data"))
	w.write("server.properties", []byte(b.String()))
	w.write("listeners.properties", []byte(addresses.String()))
	w.write("admin.properties", []byte("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n"+
		`sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="admin-secret";`+"\n"))
	w.write("log4j2.properties", []byte(`rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss.SSS} %p %m (%c{1})%n
`))
}

// logins are the mechanisms of a listener.
func (w *writer) logins(set func(name, format string, args ...any), prefix string) {
	set(prefix+"sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER")
	set(prefix+"plain.sasl.jaas.config", `org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="admin-secret" user_admin="admin-secret" user_alice="alice-secret" user_least="least-secret";`)
	for _, m := range []string{"scram-sha-256", "scram-sha-512"} {
		set(prefix+m+".sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required;")
	}
	o := prefix + "oauthbearer."
	set(o+"sasl.jaas.config", "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;")
	set(o+"sasl.server.callback.handler.class", "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler")
	set(o+"sasl.oauthbearer.jwks.endpoint.url", "file://%s", w.path("jwks.json"))
	set(o+"sasl.oauthbearer.expected.audience", "kafka")
	set(o+"sasl.oauthbearer.expected.issuer", "https://weir.test")
}
