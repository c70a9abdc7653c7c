package connect

import (
	"fmt"
	"net/http"
	"os"
	"strings"
)

// login gives a request the user and password of the file of credentials. It is read each time: passwords change.
func (w *Worker) login(r *http.Request) error {
	if w.opt.Credentials == "" {
		return nil
	}
	data, err := os.ReadFile(w.opt.Credentials)
	if err != nil {
		return fmt.Errorf("the credentials for Kafka Connect can't be read: %w", err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			values[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	user, password := values["username"], values["password"]
	if user == "" || password == "" {
		return fmt.Errorf("the credentials for Kafka Connect in %s: expected a line username=... and a line password=...", w.opt.Credentials)
	}
	r.SetBasicAuth(user, password)
	return nil
}
