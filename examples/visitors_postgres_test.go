package examples

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"weir/cli"
	"weir/kafka/embedded"
)

// asProgram makes the tests' binary the program, so that it can be killed.
const asProgram = "TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(cli.Main(append([]string{"weir"}, os.Args[1:]...), os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// visitsTable is what the database has: none before the table is there.
func visitsTable(t *testing.T, conn *pgx.Conn) (counts map[string]int, sum int) {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT country, visits FROM visits_per_country")
	if err != nil {
		return nil, 0
	}
	defer rows.Close()
	counts = map[string]int{}
	for rows.Next() {
		var country string
		var n int
		if err := rows.Scan(&country, &n); err != nil {
			t.Fatal(err)
		}
		counts[country] = n
		sum += n
	}
	return counts, sum
}

// TestVisitorsInPostgres kills the node while it counts, lets it go on, and expects the database to have counted every line of the topic once.
func TestVisitorsInPostgres(t *testing.T) {
	url := os.Getenv("WEIR_TEST_POSTGRES")
	if url == "" {
		t.Skip("WEIR_TEST_POSTGRES is not set: scripts/postgres up")
	}
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	schema := fmt.Sprintf("visitors_%d", rand.Uint64())
	t.Cleanup(func() {
		_, _ = conn.Exec(context.Background(), "DROP SCHEMA "+schema+" CASCADE")
		_ = conn.Close(context.Background())
	})
	for _, sql := range []string{"CREATE SCHEMA " + schema, "SET search_path TO " + schema} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}

	// The lines come at a rate, and counts more often, so that there is something to interrupt.
	dir := t.TempDir()
	folder, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	sql := strings.NewReplacer("'logs/*'", "'"+folder+"/visitors/logs/*'", "'../", "'"+folder+"/", "'topic' = 'raw_page_views'", "'topic' = 'raw_page_views', 'speed' = '2000'",
		"'5000'", "'300'", "'5s'", "'100ms'").Replace(readFile(t, "visitors/visitors-postgres.sql"))
	script := filepath.Join(dir, "visitors.sql")
	if err := os.WriteFile(script, []byte(sql), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	run := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0], "run", script, "--data-dir", filepath.Join(dir, "data"))
		cmd.Env = append(os.Environ(), asProgram+"=1", "VISITORS_DB="+url+"&search_path="+schema)
		out.Reset()
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		return cmd
	}
	lines := visitorsLines(t)
	total := 0
	for _, n := range visitsPerCountry(lines) {
		total += n
	}
	first := run()
	sum := 0
	for end := time.Now().Add(time.Minute); sum < total/10; time.Sleep(10 * time.Millisecond) {
		if _, sum = visitsTable(t, conn); time.Now().After(end) {
			_ = first.Process.Kill()
			_ = first.Wait()
			t.Fatalf("no counts came:\n%s", out.String())
		}
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err == nil || first.ProcessState.Exited() {
		t.Fatalf("it was not killed: %v\n%s", err, out.String())
	}
	if _, sum = visitsTable(t, conn); sum >= total {
		t.Fatalf("%d of %d had been counted before the kill", sum, total)
	}
	if err := run().Wait(); err != nil {
		t.Fatalf("%v:\n%s", err, out.String())
	}

	// The file source may have loaded some lines twice: what counts is what is in the topic.
	broker, err := embedded.Start(embedded.Options{DataDir: filepath.Join(dir, "data", "broker"), Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	var loaded []string
	different := map[string]bool{}
	for _, r := range (&node{broker: broker.Addr()}).records(t, "raw_page_views") {
		loaded = append(loaded, string(r.Value))
		for _, h := range r.Headers {
			if h.Key == "weir.file" || h.Key == "weir.line" {
				r.Key = append(r.Key, string(h.Value)+" "...)
			}
		}
		different[string(r.Key)] = true
	}
	if len(different) != len(lines) {
		t.Errorf("%d of %d lines are in the topic", len(different), len(lines))
	}
	if got, _ := visitsTable(t, conn); !maps.Equal(got, visitsPerCountry(loaded)) {
		t.Errorf("the database has %v\nwant %v", got, visitsPerCountry(loaded))
	}
	t.Logf("killed at %d of %d visits; %d lines loaded twice", sum, total, len(loaded)-len(lines))
}
