package wire

// Code is an error code: the HTTP status times 100, and a number.
type Code int

// The codes.
const (
	BadRequest       Code = 40000
	BadStatement     Code = 40001
	WrongEndpoint    Code = 40002
	TooManyQueries   Code = 40003
	Unauthorized     Code = 40100
	Forbidden        Code = 40300
	NotFound         Code = 40400
	MethodNotAllowed Code = 40500
	NotAcceptable    Code = 40600
	TooLarge         Code = 41300
	UnsupportedMedia Code = 41500
	AssertFailed     Code = 41700
	Unprocessable    Code = 42200
	TooManyRequests  Code = 42900
	ServerError      Code = 50000
	Unavailable      Code = 50300
	NotCaughtUp      Code = 50301 // with the command that a request is to come after
	NotReady         Code = 50302
)

// Status is the HTTP status of a code.
func (c Code) Status() int { return int(c) / 100 }

// The types of errors.
const (
	GenericError   = "generic_error"
	StatementError = "statement_error"
)

// Error is what goes wrong, as clients read it. StatementText and Entities belong to statement errors.
type Error struct {
	Type          string    `json:"@type"`
	Code          Code      `json:"error_code"`
	Message       string    `json:"message"`
	StackTrace    []string  `json:"stackTrace,omitempty"`
	StatementText *string   `json:"statementText,omitempty"`
	Entities      *Entities `json:"entities,omitempty"`
	Undone        []Deed    `json:"undone,omitempty"` // of a file that failed midway
	Stands        []Deed    `json:"stands,omitempty"`
}

// Deed is a statement of a file that had been carried out before another one failed.
type Deed struct {
	Line          int    `json:"line"`
	Column        int    `json:"column"`
	StatementText string `json:"statementText"`
	Reason        string `json:"reason,omitempty"` // why it was not undone, where that is not plain
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// Generic is an error that no statement is to blame for.
func Generic(code Code, message string) *Error {
	return &Error{Type: GenericError, Code: code, Message: message}
}

// Statement is an error in a statement. done is what the statements before it answered.
func Statement(code Code, message, text string, done Entities) *Error {
	if done == nil {
		done = Entities{}
	}
	return &Error{Type: StatementError, Code: code, Message: message, StatementText: &text, Entities: &done}
}
