package secure

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/cli"
	"weir/security"
	"weir/settings"
)

// secured is the broker under test.
type secured struct {
	dir   string
	at    map[string]string // addresses of the listeners
	admin *kadm.Client
}

func broker(t *testing.T) *secured {
	t.Helper()
	b := &secured{dir: os.Getenv("WEIR_TEST_KAFKA_SECURE")}
	if b.dir == "" {
		t.Skip("WEIR_TEST_KAFKA_SECURE names no folder of scripts/kafka-secure")
	}
	b.at = b.read(t, "listeners.properties")
	k, err := security.ForKafka(b.read(t, "admin.properties"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(append(k.Opts(), kgo.SeedBrokers(b.at["sasl_plaintext"]))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	b.admin = kadm.NewClient(client)
	return b
}

func (b *secured) read(t *testing.T, name string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(b.file(name))
	if err != nil {
		t.Fatal(err)
	}
	list, err := settings.ReadProperties(string(data))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, p := range list {
		out[p.Name] = p.Value
	}
	return out
}

func (b *secured) file(name string) string { return filepath.Join(b.dir, name) }

// allow makes access control lists, and takes them back at the end of the test.
func (b *secured) allow(t *testing.T, acls *kadm.ACLBuilder) {
	t.Helper()
	made, err := b.admin.CreateACLs(t.Context(), acls)
	for _, r := range made {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = b.admin.DeleteACLs(t.Context(), acls) })
}

// everything lets principals do whatever they like.
func everything(principals ...string) *kadm.ACLBuilder {
	return kadm.NewACLs().Allow(principals...).AllowHosts().Topics("*").Groups("*").TransactionalIDs("*").Operations(kadm.OpAll)
}

// weir runs the program with a file of properties; lines are its own. It gives what it prints, and what it ends with.
func weir(t *testing.T, lines []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "client.properties")
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, log bytes.Buffer
	cmd := exec.CommandContext(ctx, self, append([]string{args[0], "--config", config}, args[1:]...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), asWeir+"=1"), &out, &log
	_ = cmd.Run() // the code tells
	return out.String(), log.String(), cmd.ProcessState.ExitCode()
}

// patience is how long a run of the program may take: one that lacks an access control list may wait for it.
const patience = 20 * time.Second

// asWeir has the test's binary be the program.
const asWeir = "WEIR_TEST_SECURE_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asWeir) != "" {
		os.Exit(cli.Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// script is a pipeline whose topics begin with a word of their own.
func script(t *testing.T, word string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pipeline.sql")
	text := strings.ReplaceAll(`CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='WORD_s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM doubled WITH (KAFKA_TOPIC='WORD_doubled') AS SELECT k, a * 2 AS b FROM s EMIT CHANGES;
CREATE TABLE counts WITH (KAFKA_TOPIC='WORD_counts') AS SELECT b, COUNT(*) AS n FROM doubled GROUP BY b EMIT CHANGES;
INSERT INTO s VALUES ('x', 21);
INSERT INTO s VALUES ('y', 21);
SELECT * FROM counts EMIT CHANGES;
`, "WORD", word)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// word is one that no other run has.
func word() string { return fmt.Sprintf("secure%d", time.Now().UnixNano()) }

// issuer gives tokens that the broker accepts, to the client weir with the secret token-secret; those of expired are over.
func (b *secured) issuer(t *testing.T) *httptest.Server {
	t.Helper()
	data, err := os.ReadFile(b.file("token.key"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		w.Header().Set("Content-Type", "application/json")
		if secret != "token-secret" || r.FormValue("grant_type") != "client_credentials" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"error":"invalid_client","error_description":"the secret %s is wrong"}`, secret)
			return
		}
		life := 10 * time.Minute
		if id == "expired" {
			life = -10 * time.Minute
		}
		now := time.Now()
		json.NewEncoder(w).Encode(map[string]any{"token_type": "Bearer", "expires_in": 600,
			"access_token": sign(t, key, map[string]any{"iss": "https://weir.test", "aud": "kafka", "sub": "alice", "scope": cmp.Or(r.FormValue("scope"), "all"), "iat": now.Add(-time.Hour).Unix(), "exp": now.Add(life).Unix()})})
	}))
	t.Cleanup(s.Close)
	return s
}

// sign makes a JSON web token.
func sign(t *testing.T, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	encode := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	text := encode(map[string]string{"alg": "RS256", "kid": "weir"}) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Error(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}
