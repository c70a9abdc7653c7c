package connectors

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/connectors/connector"
)

// TestSecrets: what stands for a secret is put in, and a client of the HTTP API gets at none but those that are meant for it.
func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{"a": "one\n", "root/b": "two"} {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "a"), filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OWN", "own")
	t.Setenv("WEIR_SECRET_X", "x$1${env:OWN}")
	here := connector.Env{BaseDir: dir}
	client := connector.Env{BaseDir: dir, Confined: true, Root: root}
	for _, c := range []struct {
		env        connector.Env
		value      string
		want, fail string
	}{
		{here, "a${env:OWN}b${file:a}", "aownbone", ""},
		{here, "${file:" + dir + "/root/b}", "two", ""},
		{here, "${name} {env:OWN} $", "${name} {env:OWN} $", ""},
		{here, "${env:NOT_THERE}", "", "property 'p': ${env:NOT_THERE}: the server's environment has no variable NOT_THERE"},
		{here, "${file:nope}", "", "no such file"},
		{client, "${env:WEIR_SECRET_X}", "x$1${env:OWN}", ""},
		{client, "${env:OWN}", "", "variables whose names begin with WEIR_SECRET_"},
		{client, "${file:b}", "two", ""},
		{client, "${file:" + root + "/b}", "two", ""},
		{client, "${file:../a}", "", "escapes"},
		{client, "${file:" + dir + "/a}", "", "escapes"},
		{client, "${file:link}", "", "escapes"},
		{connector.Env{Confined: true}, "${file:b}", "", "--file-root"},
	} {
		out, err := reveal([]connector.Setting{{Name: "p", Value: c.value}}, c.env)
		if c.fail != "" {
			if err == nil || !strings.Contains(err.Error(), c.fail) {
				t.Errorf("%s: %v; want %q", c.value, err, c.fail)
			}
			continue
		}
		if err != nil || out[0].Value != c.want {
			t.Errorf("%s: %v, %v", c.value, out, err)
		}
	}
}
