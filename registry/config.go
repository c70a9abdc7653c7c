package registry

// Policy says how strictly JSON schemas are compared.
type Policy string

// The policies. Strict is Confluent's comparison. Lenient lets a property be added to an object that may have others besides those it names,
// as long as it isn't required or has a default.
const (
	Strict  Policy = "STRICT"
	Lenient Policy = "LENIENT"
)

// config is what can be set of a subject, of a context or of all. What is not set is empty.
type config struct {
	Level     Level  `json:"compatibilityLevel,omitempty"`
	Normalize *bool  `json:"normalize,omitempty"`
	Group     string `json:"compatibilityGroup,omitempty"` // the property of metadata of which versions have to share the value to be compared
	Policy    Policy `json:"compatibilityPolicy,omitempty"`
}

func (c config) normalizes() bool { return c.Normalize != nil && *c.Normalize }

func (c config) empty() bool { return c == config{} }

// config is what is in force for a subject.
func (s *Store) config(name string) config {
	out := config{}
	for _, at := range inherited(name) {
		c := s.configs[at]
		if out.Level == "" {
			out.Level = c.Level
		}
		if out.Normalize == nil {
			out.Normalize = c.Normalize
		}
		if out.Group == "" {
			out.Group = c.Group
		}
		if out.Policy == "" {
			out.Policy = c.Policy
		}
	}
	return out
}

// check tells why a schema does not fit a subject.
func (s *Store) check(name string, next *parsed, lenient bool) []string {
	c := s.config(name)
	older := s.live(name)
	if c.Group != "" {
		group := properties(next.Metadata)[c.Group]
		kept := older[:0]
		for _, old := range older {
			if properties(old.Metadata)[c.Group] == group {
				kept = append(kept, old)
			}
		}
		older = kept
	}
	return check(c.Level, next, older, lenient || c.Policy == Lenient)
}
