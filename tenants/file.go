package tenants

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits are what a principal may take at the same time; nil for no limit.
type Limits struct {
	Queries     *int64 `json:"queries"`         // that go on: those that statements have made, and those of clients
	Rows        *int64 `json:"rows_per_second"` // in and out
	State       *int64 `json:"state_bytes"`     // of the queries that its statements have made
	Connections *int64 `json:"connections"`
}

// entry is a principal as the file has it.
type entry struct {
	Name   string `json:"name"`
	Token  string `json:"token"`
	SHA256 string `json:"token_sha256"`
	Limits Limits `json:"limits"`

	hash [sha256.Size]byte // of the token
}

// parse reads a file of principals. No error shows a token.
func parse(data []byte) ([]entry, error) {
	var file struct {
		Principals []entry `json:"principals"`
	}
	in := json.NewDecoder(bytes.NewReader(data))
	in.DisallowUnknownFields()
	if err := in.Decode(&file); err != nil {
		return nil, fmt.Errorf(`expected {"principals": [{"name": "...", "token": "...", "limits": {...}}, ...]}: %w`, err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows what is to be the only object")
	}
	if len(file.Principals) == 0 {
		return nil, errors.New("there are no principals: nobody could use the server")
	}
	names, tokens := map[string]bool{}, map[[sha256.Size]byte]string{}
	for i := range file.Principals {
		e := &file.Principals[i]
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("principal %d (%q): %w", i+1, e.Name, err)
		}
		if names[e.Name] {
			return nil, fmt.Errorf("the name %q is there twice", e.Name)
		}
		if other, twice := tokens[e.hash]; twice {
			return nil, fmt.Errorf("%q and %q have the same token: each needs one of its own", other, e.Name)
		}
		names[e.Name], tokens[e.hash] = true, e.Name
	}
	return file.Principals, nil
}

// shortest is how long a token is at least: shorter ones can be guessed.
const shortest = 16

func (e *entry) check() error {
	switch {
	case e.Name == "" || strings.ContainsAny(e.Name, ": \t\r\n"):
		return errors.New("name: expected a text without colons and blanks")
	case (e.Token == "") == (e.SHA256 == ""):
		return errors.New("expected either token or token_sha256")
	case e.Token != "" && (len(e.Token) < shortest || strings.ContainsAny(e.Token, " \t\r\n")):
		return fmt.Errorf("token: expected %d characters or more, without blanks", shortest)
	case e.Token != "":
		e.hash = sha256.Sum256([]byte(e.Token))
	default:
		hash, err := hex.DecodeString(e.SHA256)
		if err != nil || len(hash) != sha256.Size {
			return errors.New("token_sha256: expected the 64 hexadecimal digits that sha256sum gives for the token")
		}
		e.hash = [sha256.Size]byte(hash)
	}
	for _, l := range []struct {
		name  string
		value *int64
		least int64
	}{{"queries", e.Limits.Queries, 0}, {"rows_per_second", e.Limits.Rows, 1}, {"state_bytes", e.Limits.State, 0}, {"connections", e.Limits.Connections, 1}} {
		if l.value != nil && *l.value < l.least {
			return fmt.Errorf("limits: %s: expected a number from %d, got %d", l.name, l.least, *l.value)
		}
	}
	return nil
}
