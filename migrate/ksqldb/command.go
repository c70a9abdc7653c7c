// Package ksqldb reads what a ksqlDB cluster runs: from its command topic, a dump of it, a script, or its server. What has been dropped,
// replaced and terminated since is left out, and the rest is put in an order in which each statement comes after those that it needs.
package ksqldb

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Command is an entry of a command topic, or a statement of a script.
type Command struct {
	At         string // where it stands, in words
	Kind       string // by its key: stream, table, type, terminate, pause, resume, cluster; empty where it has none
	Entity     string
	Action     string
	SQL        string
	Properties map[string]string // of the session that gave it
	Server     map[string]string // of the server at that time
	QueryID    string            // of the query that it makes; empty for none
	Group      string            // of a runtime that several queries share; empty for the query's own
	Schema     string            // columns of what it makes; empty where that is not known
}

// value is a record's value. Of plans there is more; it is theirs.
type value struct {
	Statement  *string                    `json:"statement"`
	Properties map[string]json.RawMessage `json:"streamsProperties"`
	Original   map[string]json.RawMessage `json:"originalProperties"`
	Plan       *struct {
		DDL *struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"ddlCommand"`
		Query *struct {
			ID        json.RawMessage `json:"queryId"`
			RuntimeID *string         `json:"runtimeId"`
		} `json:"queryPlan"`
	} `json:"plan"`
}

// Parse reads a record of a command topic.
func Parse(at string, key, data []byte) (Command, error) {
	c := Command{At: at}
	var v value
	if err := json.Unmarshal(data, &v); err != nil {
		return c, fmt.Errorf("%s is no command of ksqlDB: %w", at, err)
	}
	if v.Statement == nil {
		return c, fmt.Errorf("%s is no command of ksqlDB: it has no statement", at)
	}
	c.SQL, c.Properties, c.Server = *v.Statement, texts(v.Properties), texts(v.Original)
	c.Kind, c.Entity, c.Action = parseKey(key)
	if p := v.Plan; p != nil {
		if p.DDL != nil {
			c.Schema = text(p.DDL.Schema)
		}
		if p.Query != nil {
			c.QueryID = text(p.Query.ID)
			if p.Query.RuntimeID != nil {
				c.Group = *p.Query.RuntimeID
			}
		}
	}
	return c, nil
}

// parseKey reads a key: "stream/NAME/create" as a JSON text, or an object with these parts.
func parseKey(key []byte) (kind, entity, action string) {
	var whole string
	if json.Unmarshal(key, &whole) == nil {
		parts := strings.SplitN(whole, "/", 3)
		if len(parts) != 3 {
			return "", "", ""
		}
		kind, entity, action = parts[0], parts[1], parts[2]
	} else {
		var o struct{ Type, Entity, Action string }
		if json.Unmarshal(key, &o) != nil {
			return "", "", ""
		}
		kind, entity, action = o.Type, o.Entity, o.Action
	}
	return strings.ToLower(kind), strings.Trim(entity, "`"), strings.ToLower(action)
}

// texts are the values of properties as text, which in JSON may be numbers and truth values too. What is null is left out.
func texts(list map[string]json.RawMessage) map[string]string {
	out := map[string]string{}
	for name, raw := range list {
		if string(raw) != "null" {
			out[name] = text(raw)
		}
	}
	return out
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
