// Package project runs projects of ksqlDB's migrations tool: folders of files V000001__name.sql, each carried out once on a server, which keeps in
// a stream and a table what has been.
package project

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"weir/parser/suggest"
)

// ConfigFile is the name of a project's configuration, and Folder that of its migrations.
const (
	ConfigFile = "ksql-migrations.properties"
	Folder     = "migrations"
)

// Config is what a project's file of properties says.
type Config struct {
	URL, User, Password     string
	Stream, Table           string // names of what the server keeps
	StreamTopic, TableTopic string // empty for those that follow from the service id
	Replicas                int
	Dir                     string // of the migrations
	Unused                  []string
}

// Names that have no effect: certificates are those that the system trusts, and a server of Weir's takes tokens.
var unused = []string{"ssl.truststore.location", "ssl.truststore.password", "ssl.keystore.location", "ssl.keystore.password", "ssl.key.password", "ssl.key.alias",
	"ssl.alpn", "ssl.verify.host", "bearer.auth.issuer.endpoint.url", "bearer.auth.client.id", "bearer.auth.client.secret", "bearer.auth.scope",
	"bearer.auth.scope.claim.name", "bearer.auth.sub.claim.name", "bearer.auth.cache.expiry.buffer.seconds"}

// Load reads a project's configuration.
func Load(name string) (*Config, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration of the project: %w. Name it with --config-file, or make a project: weir migrate new PATH URL", err)
	}
	c := &Config{Replicas: 1}
	replicas := ""
	to := map[string]*string{"ksql.server.url": &c.URL, "ksql.auth.basic.username": &c.User, "ksql.auth.basic.password": &c.Password,
		"ksql.migrations.stream.name": &c.Stream, "ksql.migrations.table.name": &c.Table, "ksql.migrations.stream.topic.name": &c.StreamTopic,
		"ksql.migrations.table.topic.name": &c.TableTopic, "ksql.migrations.topic.replicas": &replicas, "ksql.migrations.dir.override": &c.Dir}
	known := append([]string(nil), unused...)
	for k := range to {
		known = append(known, k)
	}
	for i, line := range strings.Split(string(data), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		into := to[key]
		switch {
		case !ok:
			return nil, fmt.Errorf("%s, line %d: expected name=value", name, i+1) // the line is not shown: it may have the password
		case into != nil:
			*into = value
		case slices.Contains(unused, key):
			if value != "" {
				c.Unused = append(c.Unused, key)
			}
		default:
			hint := ""
			if near, ok := suggest.Suggest(key, known); ok {
				hint = " Did you mean " + near + "?"
			}
			return nil, fmt.Errorf("%s, line %d: %s means nothing here.%s", name, i+1, key, hint)
		}
	}
	if c.URL == "" {
		return nil, fmt.Errorf("%s: ksql.server.url is missing", name)
	}
	if replicas != "" {
		if c.Replicas, err = strconv.Atoi(replicas); err != nil || c.Replicas < 1 {
			return nil, fmt.Errorf("%s: ksql.migrations.topic.replicas: expected a number from 1 on, got %q", name, replicas)
		}
	}
	c.Stream, c.Table = cmp.Or(c.Stream, "MIGRATION_EVENTS"), cmp.Or(c.Table, "MIGRATION_SCHEMA_VERSIONS")
	c.Dir = cmp.Or(c.Dir, filepath.Join(filepath.Dir(name), Folder))
	return c, nil
}

// New makes the folder of a project, with its configuration. A configuration that is there is left alone.
func New(path, url string) error {
	if err := os.MkdirAll(filepath.Join(path, Folder), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(path, ConfigFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("cannot make a project: %w", err)
	}
	_, err = fmt.Fprintf(f, "ksql.server.url=%s\n\n# What the server keeps of the project, with the defaults:\n# ksql.migrations.stream.name=MIGRATION_EVENTS\n"+
		"# ksql.migrations.table.name=MIGRATION_SCHEMA_VERSIONS\n# ksql.migrations.topic.replicas=1\n", url)
	if failed := f.Close(); err == nil {
		err = failed
	}
	return err
}
