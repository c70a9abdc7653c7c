package formats

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"weir/types"
)

// ErrNullRecord says that the whole key or value is null: Append found nothing to write but a null record, or Decode
// met a document that is a bare null, and has set every wanted column to NULL.
var ErrNullRecord = errors.New("the record's key or value is null")

// Error says why bytes could not be read, or a row could not be written.
type Error struct {
	Format string
	Column string // as a path for nested columns, such as ADDRESS->CITY; empty where the fault is in no column
	Offset int    // byte in the record where the fault lies, or -1
	Want   string // what was expected there
	Got    string // what was found
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Format)
	if e.Column != "" {
		b.WriteString(", column " + types.QuoteName(e.Column))
	}
	if e.Offset >= 0 {
		b.WriteString(", byte " + strconv.Itoa(e.Offset))
	}
	b.WriteString(": want " + e.Want)
	if e.Got != "" {
		b.WriteString(", got " + e.Got)
	}
	return b.String()
}

const shown = 40 // bytes of a faulty record that an error shows

// excerpt is the beginning of the bytes, fit for an error text.
func excerpt(data []byte) string {
	if len(data) == 0 {
		return "the end of the record"
	}
	more := ""
	if len(data) > shown {
		end := shown
		for end > shown-utf8.UTFMax && !utf8.RuneStart(data[end]) {
			end--
		}
		data = data[:end]
		more = "..."
	}
	return fmt.Sprintf("%q", data) + more
}
