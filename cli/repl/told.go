package repl

import "errors"

// toldError is an error as people are told it.
type toldError struct {
	error
	text string
}

func (t *toldError) Error() string { return t.text }

func (t *toldError) Unwrap() error { return t.error }

// Told is an error of a statement with its place in words, and the line with a mark below it. file is where the statement stands, empty for what was
// typed. Other errors stay as they are.
func Told(err error, file string) error {
	var of interface {
		error
		Told(file string) string
	}
	if !errors.As(err, &of) {
		return err
	}
	return &toldError{err, of.Told(file)}
}
