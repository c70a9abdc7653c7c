package connectors

import (
	"regexp"
	"strings"

	"weir/connectors/connector"
)

// Masked stands in place of a value that is not to be shown.
const Masked = "[hidden]"

var (
	// secretName is how properties are named that hold secrets: those of Kafka Connect's classes, too, of which no list is known here.
	secretName = regexp.MustCompile(`(?i)password|passwd|secret|token|credential|jaas|private|authorization|api.?key|sasl`)
	// secretHeader are properties whose values are headers of requests, which log in, mostly.
	secretHeader = regexp.MustCompile(`(?i)^headers?\.`)
	inURL        = regexp.MustCompile(`(://[^:/@\s]*:)[^@\s]+(@)`)
	inParameter  = regexp.MustCompile(`(?i)([?&;\s](?:password|token|secret|sslpassword|api_?key|access_?key|signature|sig)=)[^&;\s]+`)
)

// Show is a property of a connector as it may be shown: of secrets, only what stands for them, such as ${env:NAME}.
func Show(s connector.Setting) string {
	if plain := secret.ReplaceAllString(s.Value, ""); plain != s.Value && (plain == "" || secretHeader.MatchString(s.Name)) {
		return s.Value
	}
	if secretName.MatchString(s.Name) || secretHeader.MatchString(s.Name) {
		return Masked
	}
	return inParameter.ReplaceAllString(inURL.ReplaceAllStringFunc(s.Value, func(found string) string {
		if m := inURL.FindStringSubmatch(found); !strings.HasPrefix(strings.TrimPrefix(found, m[1]), "${") {
			return m[1] + Masked + m[2]
		}
		return found
	}), "${1}"+Masked)
}
