package registry

import "strings"

// Subjects lie in contexts, each with ids of its own: ":.name:subject" is a subject in the context ".name", a name without that one in the
// default context.
const (
	defaultContext = "."
	anyContext     = ":*:"
)

// splitSubject gives the context of a subject and its name there. Contexts begin with a dot.
func splitSubject(name string) (context, subject string) {
	if rest, ok := strings.CutPrefix(name, ":."); ok {
		if context, subject, ok := strings.Cut(rest, ":"); ok {
			return "." + context, subject
		}
	}
	return defaultContext, name
}

// subjectIn names a subject that is asked for in a context; one that names its own context stays there.
func subjectIn(context, name string) string {
	own, subject := splitSubject(name)
	if own != defaultContext || strings.HasPrefix(name, ":.:") {
		context = own
	}
	if context == defaultContext || context == "" {
		return subject
	}
	return ":" + context + ":" + subject
}

func contextOf(name string) string {
	context, _ := splitSubject(name)
	return context
}

// place is where a schema's id counts.
type place struct {
	context string
	id      int
}
