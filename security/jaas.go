package security

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// jaas is one login module with its options, as sasl.jaas.config has it:
//
//	org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="secret";
type jaas struct {
	module  string
	options map[string]string
}

// Login modules that are understood.
const (
	plainModule = "org.apache.kafka.common.security.plain.PlainLoginModule"
	scramModule = "org.apache.kafka.common.security.scram.ScramLoginModule"
	oauthModule = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
)

// extensionPrefix begins the options of OAuthBearerLoginModule that are sent along with a token.
const extensionPrefix = "extension_"

// moduleOptions are the options that each of them has.
var moduleOptions = map[string][]string{
	plainModule: {"username", "password"},
	scramModule: {"username", "password", "tokenauth"},
	oauthModule: {"clientId", "clientSecret", "scope"},
}

func moduleOf(mechanism string) string {
	switch mechanism {
	case plainMechanism:
		return plainModule
	case oauthBearer:
		return oauthModule
	}
	return scramModule
}

// controlFlags are JAAS's words for what follows of a module that fails. With a single module they mean the same.
var controlFlags = []string{"required", "requisite", "sufficient", "optional"}

// parseJAAS reads a login module as Kafka's clients do. No error has an option's value in it.
func parseJAAS(text string) (jaas, error) {
	s := &jaasScanner{rest: text}
	out := jaas{options: map[string]string{}}
	var err error
	if out.module, err = s.word(); err != nil {
		return out, err
	}
	known, ok := moduleOptions[out.module]
	if !ok {
		return out, fmt.Errorf("the login module %s is not known: expected one of %s", shown(out.module), strings.Join(slices.Sorted(maps.Keys(moduleOptions)), ", "))
	}
	flag, err := s.word()
	if err != nil || !slices.ContainsFunc(controlFlags, func(f string) bool { return strings.EqualFold(f, flag) }) {
		return out, fmt.Errorf("expected required behind %s", out.module)
	}
	for {
		if s.skip(); strings.HasPrefix(s.rest, ";") {
			s.rest = s.rest[1:]
			break
		}
		if s.rest == "" {
			return out, errors.New("expected ; behind the last option")
		}
		name, err := s.word()
		if err != nil {
			return out, err
		}
		if !slices.Contains(known, name) && (out.module != oauthModule || !strings.HasPrefix(name, extensionPrefix)) {
			return out, fmt.Errorf("%s has no option %s: expected one of %s", out.module, shown(name), strings.Join(known, ", "))
		}
		if s.skip(); !strings.HasPrefix(s.rest, "=") {
			return out, fmt.Errorf("expected = behind %s", name)
		}
		s.rest = s.rest[1:]
		if out.options[name], err = s.word(); err != nil {
			return out, fmt.Errorf("the option %s: %w", name, err)
		}
	}
	if s.skip(); s.rest != "" {
		return out, errors.New("expected one login module, and nothing behind its ;")
	}
	return out, nil
}

// shown is a word of the text as an error may have it: a name, but not what may be a secret that stands in its place.
func shown(word string) string {
	if strings.HasSuffix(word, "LoginModule") && len(word) < 150 {
		return word
	}
	if len(word) > 100 || strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._") != "" {
		return "that stands there"
	}
	return word
}

// jaasScanner cuts out words: those of letters and the like, or quoted ones with the escapes that Java has.
type jaasScanner struct{ rest string }

// skip passes over white space and comments.
func (s *jaasScanner) skip() {
	for {
		s.rest = strings.TrimLeft(s.rest, " \t\r\n\f")
		switch {
		case strings.HasPrefix(s.rest, "//"):
			_, s.rest, _ = strings.Cut(s.rest, "\n")
		case strings.HasPrefix(s.rest, "/*"):
			_, s.rest, _ = strings.Cut(s.rest[2:], "*/")
		default:
			return
		}
	}
}

func (s *jaasScanner) word() (string, error) {
	s.skip()
	if s.rest == "" {
		return "", errors.New("ends too early")
	}
	if quote := s.rest[0]; quote == '"' || quote == '\'' {
		return s.quoted(quote)
	}
	end := strings.IndexAny(s.rest, " \t\r\n\f=;\"'")
	if end < 0 {
		end = len(s.rest)
	}
	if end == 0 {
		return "", fmt.Errorf("expected a word before %q", s.rest[:1])
	}
	word := s.rest[:end]
	s.rest = s.rest[end:]
	return word, nil
}

// quoted reads to the same quote again.
func (s *jaasScanner) quoted(quote byte) (string, error) {
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == quote:
			s.rest = s.rest[i+1:]
			return b.String(), nil
		case c == '\n' || c == '\r':
			return "", errors.New("a quoted value ends on the line where it begins")
		case c == '\\' && i+1 < len(s.rest):
			i++
			width, value := escape(s.rest[i:])
			b.WriteString(value)
			i += width - 1
		default:
			b.WriteByte(c)
		}
	}
	return "", fmt.Errorf("a closing %c is missing", quote)
}

// escapes are those that stand for another character.
var escapes = map[byte]string{'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v"}

// escape reads what follows a backslash: a letter, or up to three octal digits. Any other character stands for itself.
func escape(text string) (width int, value string) {
	if v, ok := escapes[text[0]]; ok {
		return 1, v
	}
	n, digits := 0, 0
	for digits < 3 && digits < len(text) && text[digits] >= '0' && text[digits] <= '7' && n*8+int(text[digits]-'0') < 256 {
		n = n*8 + int(text[digits]-'0')
		digits++
	}
	if digits > 0 {
		return digits, string(rune(n))
	}
	return 1, text[:1]
}
