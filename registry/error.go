package registry

import (
	"errors"
	"fmt"
	"net/http"
)

// Error codes of the API; the first three digits are the HTTP status.
const (
	codeSubjectNotFound       = 40401
	codeVersionNotFound       = 40402
	codeSchemaNotFound        = 40403
	codeSubjectSoftDeleted    = 40404
	codeSubjectNotSoftDeleted = 40405
	codeVersionSoftDeleted    = 40406
	codeVersionNotSoftDeleted = 40407
	codeNoSubjectLevel        = 40408
	codeNoSubjectMode         = 40409
	codeIncompatible          = 409
	codeTooLarge              = 413
	codeInvalidSchema         = 42201
	codeInvalidVersion        = 42202
	codeInvalidLevel          = 42203
	codeInvalidMode           = 42204
	codeNotPermitted          = 42205
	codeReferenced            = 42206
	codeInvalidRequest        = 422
	codeStore                 = 50001
)

// Error is a registry's answer that something can't be done.
type Error struct {
	Code    int // as in Confluent's API, such as 40401 for a subject that doesn't exist
	Message string
}

func (e *Error) Error() string { return e.Message }

// Status is the HTTP status that belongs to the error.
func (e *Error) Status() int {
	status := e.Code
	for status > 999 {
		status /= 10
	}
	if http.StatusText(status) == "" {
		return http.StatusInternalServerError
	}
	return status
}

func apiErrorf(code int, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// IsNotFound tells that a subject, a version or a schema doesn't exist.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status() == http.StatusNotFound
}

// IsIncompatible tells that a schema doesn't fit the older ones of its subject.
func IsIncompatible(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status() == http.StatusConflict
}

func errNoSubject(subject string) *Error {
	return apiErrorf(codeSubjectNotFound, "Subject '%s' not found.", subject)
}

func errNoVersion(subject string, version int) *Error {
	return apiErrorf(codeVersionNotFound, "Version %d of subject '%s' not found.", version, subject)
}
