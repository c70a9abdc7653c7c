// Package settings is the table of all settings: of the node and of queries. Each is a typed value that is read by its own
// method, so that none can be listed that nothing reads; a test looks for the place. Names that ksqlDB and Kafka have and
// Weir does nothing with stand in a list of their own.
package settings

import "fmt"

// Scope says where a setting may be set.
type Scope uint8

// Where settings may be set.
const (
	Session Scope = iota // for a session by SET and by a request's properties, and for all at the start
	Start                // only when the program starts: by --set, a flag, a variable or the file of --config
)

func (s Scope) String() string {
	if s == Start {
		return "at the start"
	}
	return "at the start and by SET"
}

// Info is what a setting says of itself, whatever its type.
type Info struct {
	Name  string   // also accepted with the prefix ksql.streams., unless it has one of ksqlDB's or Weir's
	Also  []string // other names
	Flag  string   // of the commands, without dashes; empty for none
	Value string   // stands for a value in the help
	Want  string   // what a value has to be
	Unset string   // what holds where it is not set, if no single default does
	Doc   string   // one sentence
	Scope Scope
	// Secret says that the value is shown nowhere, kept in no topic, and stands in no error.
	Secret bool
}

// Setting is one of them.
type Setting interface {
	About() Info
	// Default is the default as text; empty where the setting has none.
	Default() string
	// Check says what is wrong with a value.
	Check(text string) error
	setting()
}

// Of is a setting whose values are Ts.
type Of[T any] struct {
	info      Info
	otherwise T
	kind      kind[T]
}

// kind is how values of a type are written.
type kind[T any] struct {
	value string // placeholder
	want  string
	parse func(string) (T, bool)
	show  func(T) string
}

// define makes a setting; what the kind says of its values is added.
func define[T any](info Info, k kind[T], otherwise T) *Of[T] {
	if info.Value == "" {
		info.Value = k.value
	}
	info.Want = k.want
	return &Of[T]{info: info, otherwise: otherwise, kind: k}
}

func (s *Of[T]) setting() {}

// About tells the setting's name and meaning.
func (s *Of[T]) About() Info { return s.info }

// Default is the default as text.
func (s *Of[T]) Default() string { return s.kind.show(s.otherwise) }

// Check says what is wrong with a value.
func (s *Of[T]) Check(text string) error {
	if _, ok := s.kind.parse(text); !ok && s.info.Secret {
		return fmt.Errorf("expected %s", s.kind.want)
	} else if !ok {
		return fmt.Errorf("expected %s, found '%s'", s.kind.want, text)
	}
	return nil
}

// Look reads the setting in a configuration whose names are canonical (see Put); false where it is not set.
func (s *Of[T]) Look(config map[string]string) (T, bool) {
	if text, ok := config[s.info.Name]; ok {
		if v, ok := s.kind.parse(text); ok { // checked when it was put
			return v, true
		}
	}
	return s.otherwise, false
}

// In reads the setting; its default where it is not set.
func (s *Of[T]) In(config map[string]string) T {
	v, _ := s.Look(config)
	return v
}

// Or reads the setting where the default depends on who asks.
func (s *Of[T]) Or(config map[string]string, otherwise T) T {
	if v, ok := s.Look(config); ok {
		return v
	}
	return otherwise
}
