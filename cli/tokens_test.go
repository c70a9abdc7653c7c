package cli

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestTokens: a server with a file of principals lets clients in that have a token, given in each of the ways there are.
func TestTokens(t *testing.T) {
	const token = "not-to-be-seen-012345"
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "principals.json"), `{"principals": [{"name": "shop", "token": "`+token+`"}]}`)
	if status, _, errs := call(t.Context(), "", "server", "--tokens", writeFile(t, filepath.Join(dir, "wrong.json"), `{"principals": [{"name": "shop"}]}`), "--data-dir", filepath.Join(dir, "none")); status != 1 ||
		!strings.Contains(errs, "wrong.json: principal 1 (\"shop\"): expected either token or token_sha256") {
		t.Errorf("%d %s", status, errs)
	}
	p := startProcess(t, "server", "--data-dir", filepath.Join(dir, "data"), "--tokens", file)
	p.await(t, "Ready.")
	url := p.await(t, "HTTP API         ")
	const sql = "SHOW STREAMS;"
	refused := func(want string, code int, args ...string) {
		t.Helper()
		status, out, errs := call(t.Context(), "", append([]string{"cli", url, "-e", sql}, args...)...)
		if status != code || !strings.Contains(errs, want) || strings.Contains(out+errs, token) {
			t.Errorf("%v: %d\n%s\n%s", args, status, out, errs)
		}
	}
	works := func(args ...string) {
		t.Helper()
		if len(args) == 0 || !strings.HasPrefix(args[0], "http://") {
			args = append(args, url)
		}
		status, out, errs := call(t.Context(), sql+"\nSELECT * FROM KSQL_PROCESSING_LOG LIMIT 0;\n", append([]string{"cli"}, args...)...)
		if status != 0 || !strings.Contains(out, "KSQL_PROCESSING_LOG") || strings.Contains(out+errs, token) {
			t.Errorf("%v: %d\n%s\n%s", args, status, out, errs)
		}
	}
	refused("Unauthorized: a token", 1)
	refused("Unauthorized", 1, "--token", token+"x")
	refused("--user goes with --token", 2, "--user", "shop")
	works("--token", token)
	works("-u", "shop", "-t", token)
	works(strings.Replace(url, "http://", "http://shop:"+token+"@", 1))
	t.Setenv("WEIR_TOKEN", token)
	works()
	works("--user", "shop")
	refused("Unauthorized", 1, "--user", "desk")
	p.stop(t, syscall.SIGTERM)
}
