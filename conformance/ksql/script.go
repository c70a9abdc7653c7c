package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"weir/conformance/memory"
	"weir/functions"
	"weir/parser"
	"weir/parser/ast"
)

// script is a case of sql/*.sql: statements, with ASSERTs among them.
type script struct {
	name string
	text string
	want *exception // nil where no error is expected
}

func (s *script) title() string  { return s.name }
func (s *script) disabled() bool { return false }

// loadScripts reads the cases of a file: each begins with --@test: and its name.
func loadScripts(name string) (file, error) {
	f := file{name: filepath.Base(name)}
	content, err := os.ReadFile(name)
	if err != nil {
		return f, err
	}
	var s *script
	for _, line := range strings.Split(string(content), "\n") {
		directive, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		switch {
		case directive == "--@test":
			s = &script{name: value}
			f.cases = append(f.cases, s)
		case s == nil:
		case directive == "--@expected.error":
			s.expects()
		case directive == "--@expected.message":
			s.expects().Message = value
		default:
			s.text += line + "\n"
		}
	}
	return f, nil
}

func (s *script) expects() *exception {
	if s.want == nil {
		s.want = &exception{}
	}
	return s.want
}

// run carries the statements out one after another; nil where the case passed.
func (s *script) run(reg *functions.Registry) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	// ksqlDB's runner gives a query only what comes after it was made.
	e, err := newEngine(reg, map[string]string{"auto.offset.reset": "latest"})
	if err != nil {
		return err
	}
	defer e.Close()
	err = s.execute(e)
	if s.want != nil {
		return s.want.check(err)
	}
	return err
}

func (s *script) execute(e *memory.Engine) error {
	stmts, err := parser.Parse(s.text, parser.Options{TestStatements: true})
	if err != nil {
		return err
	}
	asserts := asserter{engine: e, read: map[string]int{}}
	for _, stmt := range stmts {
		switch n := stmt.Node.(type) {
		case *ast.CreateSource:
			e.CreateTopic(topicOf(n), defaultPartitions)
			_, err = e.Execute(stmt)
		case *ast.AssertValues:
			err = asserts.values(n)
		case *ast.AssertSource:
			err = asserts.source(n)
		case *ast.RunScript:
			err = errors.New("RUN SCRIPT is not carried out by this runner")
		default:
			_, err = e.Execute(stmt)
		}
		if err == nil {
			err = e.Driver.Run()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", firstLine(stmt.Text), err)
		}
	}
	return nil
}
