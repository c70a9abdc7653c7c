package ksqldb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"weir/parser"
	"weir/parser/ast"
)

// IsDump says whether a file is a dump of a command topic, and no script: its first line holds a command.
func IsDump(data []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimSpace(data), []byte("\n"))
	return bytes.Contains(line, []byte(`"statement"`)) && bytes.HasSuffix(bytes.TrimSpace(line), []byte("}"))
}

// ReadDump reads a dump with a command on each line: as ksqlDB's own backup has it, key, a colon, value; as the tools of Kafka print
// it with a tab between; or the value alone.
func ReadDump(name string, data []byte) ([]Command, error) {
	var out []Command
	for i, line := range bytes.Split(data, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		key, value := cutKey(line)
		c, err := Parse(fmt.Sprintf("line %d", i+1), key, value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, c)
	}
	return out, nil
}

// cutKey parts a line where the value begins, which is an object with a statement.
func cutKey(line []byte) (key, value []byte) {
	for _, between := range []string{"\t", ":", " "} {
		if at := bytes.Index(line, []byte(between+"{")); at > 0 {
			if before := bytes.TrimSpace(line[:at]); json.Valid(before) {
				return before, line[at+1:]
			}
		}
	}
	return nil, line
}

// ReadScript reads a script. A *parser.Error has its place in it. SET and DEFINE count for the statements behind them, as they do there.
func ReadScript(name, src string, variables map[string]string) ([]Command, error) {
	pieces := parser.Split(src)
	if pieces.Open != parser.Complete {
		if _, err := parser.Parse(src, parser.Options{}); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%s ends inside a statement: end it with ;", name)
	}
	vars, properties := map[string]string{}, map[string]string{}
	for k, v := range variables {
		vars[k] = v
	}
	var out []Command
	for _, p := range pieces.Statements {
		at := fmt.Sprintf("line %d", p.Pos.Line)
		full, err := parser.Substitute(p.InPlace(), vars)
		if err != nil {
			return nil, err
		}
		c := Command{At: at, SQL: strings.TrimSuffix(strings.TrimSpace(full), ";"), Properties: map[string]string{}}
		for k, v := range properties {
			c.Properties[k] = v
		}
		if list, err := parser.Parse(full, parser.Options{}); err == nil && len(list) == 1 {
			switch n := list[0].Node.(type) {
			case *ast.Set:
				properties[n.Name] = n.Value
				continue
			case *ast.Unset:
				delete(properties, n.Name)
				continue
			case *ast.Define:
				vars[n.Name] = n.Value
				continue
			case *ast.Undefine:
				delete(vars, n.Name)
				continue
			default: // about these alone
			}
		}
		out = append(out, c)
	}
	return out, nil
}
