package connectors

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"weir/connectors/connector"
)

// secretPrefix begins the names of the environment's variables that connectors made over the HTTP API may read: all others are the node's
// own, and a property such as an address would carry them off.
const secretPrefix = "WEIR_SECRET_"

var secret = regexp.MustCompile(`\$\{(env|file):([^}]*)\}`)

// reveal puts in what ${env:NAME} and ${file:PATH} stand for in the values of properties. It is done when a connector is opened, so that
// only the reference stands in the command log and is shown. A file's last line feed is no part of it.
func reveal(given []connector.Setting, env connector.Env) ([]connector.Setting, error) {
	out := make([]connector.Setting, len(given))
	for i, s := range given {
		var failed error
		s.Value = secret.ReplaceAllStringFunc(s.Value, func(ref string) string {
			m := secret.FindStringSubmatch(ref)
			read := fromEnv
			if m[1] == "file" {
				read = fromFile
			}
			text, err := read(strings.TrimSpace(m[2]), env)
			if err != nil && failed == nil {
				failed = fmt.Errorf("property '%s': %s: %w", s.Name, ref, err)
			}
			return text
		})
		if failed != nil {
			return nil, failed
		}
		out[i] = s
	}
	return out, nil
}

func fromEnv(name string, env connector.Env) (string, error) {
	if env.Confined && !strings.HasPrefix(name, secretPrefix) {
		return "", fmt.Errorf("a connector that is made over the HTTP API reads variables whose names begin with %s", secretPrefix)
	}
	text, ok := os.LookupEnv(name)
	if !ok {
		return "", fmt.Errorf("the server's environment has no variable %s", name)
	}
	return text, nil
}

func fromFile(path string, env connector.Env) (string, error) {
	base := env.BaseDir
	if env.Confined {
		if base = env.Root; base == "" {
			return "", fmt.Errorf("a connector that is made over the HTTP API reads files below --file-root, which is not given")
		}
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(base, path)
	}
	read := os.ReadFile
	if env.Confined {
		root, err := os.OpenRoot(env.Root)
		if err != nil {
			return "", err
		}
		defer func() { _ = root.Close() }()
		abs, err := filepath.Abs(env.Root)
		if err != nil {
			return "", err
		}
		if path, err = filepath.Rel(abs, path); err != nil {
			return "", err
		}
		read = root.ReadFile
	}
	data, err := read(path)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r"), nil
}
