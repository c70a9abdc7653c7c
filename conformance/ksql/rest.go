package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"weir/functions"
	"weir/parser"
	"weir/parser/ast"
)

// restCase is a case of rest/*.json: statements are sent to a server over HTTP, and what it answers is compared.
type restCase struct {
	*testCase
	rest restParts
}

// restParts are the fields that other cases do not have.
type restParts struct {
	Responses []restResponse `json:"responses"`
	Error     *restError     `json:"expectedError"`
	Inputs    struct {
		WaitForPush bool `json:"waitForActivePushQuery"`
	} `json:"inputConditions"`
	Outputs struct {
		VerifyOrder bool `json:"verifyOrder"`
	} `json:"outputConditions"`
	Proto bool `json:"testPullWithProtoFormat"`
}

// restResponse is an answer: one of its members is set.
type restResponse struct {
	Admin json.RawMessage   `json:"admin"`
	Query []json.RawMessage `json:"query"`
	Proto []json.RawMessage `json:"queryProto"`
}

// restError is the error that the last request ends with. The type is ksqlDB's class.
type restError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Status  int    `json:"status"`
}

// loadRest reads the files of DIR/rest.
func loadRest(dir string) ([]file, error) {
	names, err := filepath.Glob(filepath.Join(dir, "rest", "*.json"))
	if err != nil {
		return nil, err
	}
	var out []file
	for _, name := range names {
		f, err := loadFile(name, restCases)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		f.name = "rest/" + f.name
		out = append(out, f)
	}
	return out, nil
}

func restCases(raw json.RawMessage) ([]runnable, error) {
	var rest restParts
	if err := json.Unmarshal(raw, &rest); err != nil {
		return nil, err
	}
	list, err := expand(raw)
	var out []runnable
	for _, c := range list {
		out = append(out, &restCase{c, rest})
	}
	return out, err
}

// run runs a case on a server of its own; nil where it passed.
func (c *restCase) run(reg *functions.Registry) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	n, err := startRestNode(reg)
	if err != nil {
		return err
	}
	defer n.close()
	return c.runOn(n)
}

func (c *restCase) runOn(n *restNode) error {
	stmts := c.parsed()
	for _, s := range stmts {
		if create, ok := s.Node.(*ast.CreateSource); ok && len(create.Columns) > 0 {
			n.createTopicOf(topicOf(create), partitionsOf(create))
		}
	}
	if err := c.prepare(n.schemas, stmts, n.createTopic); err != nil {
		return err
	}
	if n.err != nil {
		return n.err
	}
	admin, queries := c.split()
	var got []any
	if len(admin) > 0 {
		a, err := n.post("/ksql", strings.Join(admin, "\n"), c.settings, "")
		if done, err := c.failed(a, err); done {
			return err
		}
		list, ok := a.value.([]any)
		if !ok {
			return fmt.Errorf("/ksql answered %s", a.text)
		}
		for _, e := range list {
			got = append(got, adminAnswer{e})
		}
	}
	if !c.rest.Inputs.WaitForPush {
		if err := c.feed(n); err != nil {
			return err
		}
	}
	for _, accept := range c.shapes() {
		for _, sql := range queries {
			a, err := c.ask(n, sql, accept)
			if done, err := c.failed(a, err); done {
				return err
			}
			got = append(got, queryAnswer{a.value, accept})
		}
	}
	if c.rest.Error != nil {
		return fmt.Errorf("no error, but one was expected: %s", firstLine(c.rest.Error.Message))
	}
	if err := c.compare(got); err != nil {
		return err
	}
	return c.checkOutputs(n)
}

// partitionsOf is how many partitions a statement asks for; 1 where it does not.
func partitionsOf(s *ast.CreateSource) int32 {
	for _, p := range s.With {
		if v, ok := p.Value.(*ast.IntLit); ok && strings.EqualFold(p.Name, "PARTITIONS") {
			return v.Value
		}
	}
	return 1
}

// shapes are the media types in which the queries are asked, one after the other.
func (c *restCase) shapes() []string {
	if c.rest.Proto {
		return []string{"", protoMedia}
	}
	return []string{""}
}

// ask sends a query; where the case says so, the inputs come once it runs.
func (c *restCase) ask(n *restNode, sql, accept string) (restAnswer, error) {
	if !c.rest.Inputs.WaitForPush {
		return n.post("/query", sql, c.settings, accept)
	}
	return n.postAnd("/query", sql, c.settings, accept, func() error { return c.feed(n) })
}

// split parts the statements into those that go to /ksql and the queries behind them.
func (c *restCase) split() (admin, queries []string) {
	for i, s := range c.Statements {
		if strings.HasPrefix(s, "SELECT ") {
			return c.Statements[:i], c.Statements[i:]
		}
	}
	return c.Statements, nil
}

// parsed are the statements that can be parsed: what a wrong one would have made is not needed.
func (c *restCase) parsed() []parser.Stmt {
	var out []parser.Stmt
	for _, s := range c.Statements {
		if list, err := parser.Parse(s, parser.Options{}); err == nil {
			out = append(out, list...)
		}
	}
	return out
}

// feed writes the inputs, and waits until the queries have read them.
func (c *restCase) feed(n *restNode) error {
	for i, r := range c.Inputs {
		src := n.topicSource(r.Topic)
		rec, err := r.encode(n.schemas, src)
		if err == nil {
			err = n.produce(rec)
		}
		if err != nil {
			return fmt.Errorf("input %d: %w", i+1, err)
		}
	}
	return n.settle()
}

// failed compares an error with the one that is expected; done says that the case ends here.
func (c *restCase) failed(a restAnswer, err error) (done bool, _ error) {
	want := c.rest.Error
	switch {
	case err != nil:
		return true, err
	case a.status == 200:
		return false, nil
	case want == nil:
		return true, fmt.Errorf("got %d %s", a.status, a.text)
	}
	return true, want.check(a, c.Statements[len(c.Statements)-1])
}
