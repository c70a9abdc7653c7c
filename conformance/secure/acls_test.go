package secure

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// list is an access control list as docs/security.md has it, for one operation.
type list struct {
	operation, kind, name string
	prefixed              bool
}

func (l list) String() string { return l.operation + " on " + l.kind + " " + l.name }

// documented are the lists of docs/security.md.
func documented(t *testing.T) (out []list) {
	t.Helper()
	text, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	resource := regexp.MustCompile(`--(topic|group|transactional-id) (\S+)`)
	operation := regexp.MustCompile(`--operation (\S+)`)
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "    kafka-acls ") {
			continue
		}
		on := resource.FindStringSubmatch(line)
		for _, m := range operation.FindAllStringSubmatch(line, -1) {
			out = append(out, list{m[1], on[1], on[2], strings.Contains(line, "--resource-pattern-type prefixed")})
		}
	}
	if len(out) < 10 {
		t.Fatalf("only %v", out)
	}
	return out
}

// builder makes the lists for a principal, with names in place of those of the page.
func builder(t *testing.T, l list, service string) *kadm.ACLBuilder {
	t.Helper()
	name := strings.NewReplacer("default_", service, "orders", service+"_s", "results-", service+"_").Replace(l.name)
	op, err := kmsg.ParseACLOperation(l.operation)
	if err != nil {
		t.Fatal(err)
	}
	b := kadm.NewACLs().Allow("User:least").AllowHosts().Operations(op)
	switch l.kind {
	case "topic":
		b.Topics(name)
	case "group":
		b.Groups(name)
	default:
		b.TransactionalIDs(name)
	}
	if l.prefixed {
		b.ResourcePatternType(kadm.ACLPatternPrefixed)
	}
	return b
}

const leastLogin = `sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="least" password="least-secret";`

// The lists of the documentation are enough for a pipeline that makes, reads, writes and deletes its topics.
func TestDocumentedLists(t *testing.T) {
	b := broker(t)
	service := word()
	for _, l := range documented(t) {
		b.allow(t, builder(t, l, service))
	}
	lines := []string{"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=SCRAM-SHA-512", leastLogin, "bootstrap.servers=" + b.at["sasl_plaintext"]}
	stdout, stderr, code := weir(t, lines, "run", script(t, service), "--service-id", service, "--log-level", "info", "--output", "CSV")
	if code != 0 || !strings.Contains(stdout, "42,2") || strings.Contains(stderr, "AUTHORIZATION") {
		t.Fatalf("ended with %d\n%s\n%s", code, stdout, stderr)
	}
	topics, err := b.admin.ListTopics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name := range topics {
		if strings.Contains(name, "_weir-"+service) {
			t.Errorf("%s is left", name)
		}
	}
}

// Without one of them the pipeline does not run as it should, and what is missing is told with the command that makes it.
func TestEachListIsNeeded(t *testing.T) {
	b := broker(t)
	lists := documented(t)
	for i, without := range lists {
		switch {
		case without.name == "orders":
			continue // what Weir writes in this pipeline stands in for what it reads
		case strings.HasSuffix(without.name, "processing_log") && (without.operation == "Read" || without.operation == "Write"):
			continue // nothing goes wrong with a row, and nobody looks
		case without.name == "results-" && without.operation == "Delete":
			continue // the pipeline's topics stay
		}
		t.Run(without.String(), func(t *testing.T) {
			t.Parallel()
			service := word()
			for j, l := range lists {
				if j != i && l.name != "orders" {
					b.allow(t, builder(t, l, service))
				}
			}
			lines := []string{"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=SCRAM-SHA-512", leastLogin, "bootstrap.servers=" + b.at["sasl_plaintext"]}
			stdout, stderr, _ := weir(t, lines, "run", script(t, service), "--service-id", service, "--log-level", "warn")
			told := regexp.MustCompile(`User:least lacks an ACL\. An administrator makes it with: (kafka-acls .*)`).FindAllString(stdout+stderr, -1)
			flag := "--" + without.kind + " "
			if !slices.ContainsFunc(told, func(s string) bool {
				return strings.Contains(s, "--operation "+without.operation+" ") && strings.Contains(s, flag)
			}) {
				t.Errorf("without it:\n%s\n%s", stdout, stderr)
			}
		})
	}
}

// PRINT and the writer of the processing log tell of the list that they lack, too.
func TestPrintAndProcessingLogTellOfLists(t *testing.T) {
	b := broker(t)
	lists := documented(t)
	for _, c := range []struct{ name, sql, operation, topic string }{
		{"PRINT", "PRINT 'TOPIC' FROM BEGINNING LIMIT 1;", "Read", "plainWORD"},
		{"processing log", "CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='WORD_s', VALUE_FORMAT='JSON', PARTITIONS=1); " +
			"CREATE STREAM d WITH (KAFKA_TOPIC='WORD_d') AS SELECT k, CAST(k AS INT) AS b FROM s; INSERT INTO s VALUES ('x', 21);", "Write", "WORDksql_processing_log"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			service := word()
			for _, l := range lists {
				if l.name != "orders" && (l.operation != c.operation || !strings.HasSuffix(l.name, "processing_log")) {
					b.allow(t, builder(t, l, service))
				}
			}
			topic := strings.Replace(c.topic, "WORD", service, 1)
			if strings.HasPrefix(topic, "plain") {
				if _, err := b.admin.CreateTopic(t.Context(), 2, 1, nil, topic); err != nil {
					t.Fatal(err)
				}
				b.allow(t, builder(t, list{"Describe", "topic", topic, false}, service))
			}
			file := filepath.Join(t.TempDir(), "s.sql")
			if err := os.WriteFile(file, []byte(strings.NewReplacer("WORD", service, "TOPIC", topic, "KAFKA_TOPIC", "KAFKA_TOPIC").Replace(c.sql)), 0o600); err != nil {
				t.Fatal(err)
			}
			lines := []string{"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=SCRAM-SHA-512", leastLogin, "bootstrap.servers=" + b.at["sasl_plaintext"]}
			stdout, stderr, _ := weir(t, lines, "run", file, "--service-id", service, "--log-level", "warn")
			want := regexp.MustCompile(`User:least lacks an ACL\. An administrator makes it with: kafka-acls .* --operation ` + c.operation + ` --topic ` + topic)
			if !want.MatchString(stdout + stderr) {
				t.Errorf("want %s in\n%s\n%s", want, stdout, stderr)
			}
		})
	}
}
