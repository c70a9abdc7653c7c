package server

import (
	"encoding/json"
	"errors"
	"net/http"

	"weir/engine"
	"weir/parser"
	"weir/server/wire"
	"weir/tenants"
)

// reply sends a value as JSON; an error with its own status.
func reply(w http.ResponseWriter, v any) { replyAs(w, http.StatusOK, v) }

func replyAs(w http.ResponseWriter, status int, v any) {
	if e, ok := v.(*wire.Error); ok {
		status = e.Code.Status()
	}
	w.Header().Set("Content-Type", wire.JSON)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.Encode(v) // an error here is the client's connection
}

// failure is an error as the API tells it. done is what the statements before the failing one answered.
func failure(err error, done wire.Entities) *wire.Error {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*tenants.LimitError](err); ok {
		if _, of := errors.AsType[*engine.Error](err); !of {
			return wire.Generic(wire.TooManyRequests, e.Error())
		}
	}
	if e, ok := errors.AsType[*engine.Error](err); ok {
		if e = e.Masked(); e.Kind == engine.AssertFailed {
			return wire.Generic(wire.AssertFailed, e.Error())
		}
		return wire.Statement(codeOf(e.Kind), e.Error(), e.Stmt, done)
	}
	if e, ok := errors.AsType[*parser.Error](err); ok {
		return wire.Statement(wire.BadStatement, e.Error(), e.Line, done)
	}
	return wire.Generic(wire.ServerError, err.Error())
}

func codeOf(kind engine.ErrorKind) wire.Code {
	switch kind {
	case engine.BadStatement, engine.Syntax, engine.NotFound:
		return wire.BadStatement
	case engine.WrongEndpoint:
		return wire.WrongEndpoint
	case engine.TooMany:
		return wire.TooManyQueries
	case engine.Limited:
		return wire.TooManyRequests
	case engine.AssertFailed:
		return wire.AssertFailed
	case engine.System:
		return wire.ServerError
	}
	return wire.ServerError
}
