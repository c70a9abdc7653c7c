package functions

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// uri is what java.net.URI reads of a text: RFC 2396 with letters of all languages. The parts have their escapes undone.
type uri struct {
	scheme, host, port, path string
	query, fragment          string
	hasQuery, hasFragment    bool
	opaque                   bool // a scheme without a slash behind it, as in mailto:
}

func parseURI(s string) (u uri, err error) {
	rest := s
	if rest, u.fragment, u.hasFragment = strings.Cut(rest, "#"); u.hasFragment {
		u.fragment, err = unescapeURI(u.fragment, brackets, err)
	}
	if scheme, after, ok := strings.Cut(rest, ":"); ok && !strings.ContainsAny(scheme, "/?") {
		if !isScheme(scheme) || after == "" {
			return u, errURI(s)
		}
		u.scheme, rest = scheme, after
		if u.opaque = rest[0] != '/'; u.opaque {
			_, err = unescapeURI(rest, brackets, err)
			return u, badURI(s, err)
		}
	}
	if rest, u.query, u.hasQuery = strings.Cut(rest, "?"); u.hasQuery {
		u.query, err = unescapeURI(u.query, brackets, err)
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		end := strings.IndexByte(after, '/')
		if end < 0 {
			end = len(after)
		}
		if after == "" && !u.hasQuery && !u.hasFragment {
			return u, errURI(s)
		}
		_, err = unescapeURI(after[:end], brackets, err)
		u.server(after[:end])
		rest = after[end:]
	}
	u.path, err = unescapeURI(rest, "", err)
	return u, badURI(s, err)
}

func errURI(s string) error { return fmt.Errorf("URL input has invalid syntax: %s", s) }

func badURI(s string, err error) error {
	if err == nil {
		return nil
	}
	return errURI(s)
}

// server reads host and port; an authority that is none of a server has neither.
func (u *uri) server(authority string) {
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	port := ""
	if at := strings.LastIndexByte(host, ':'); at > strings.LastIndexByte(host, ']') {
		host, port = host[:at], host[at+1:]
	}
	if strings.Trim(port, "0123456789") != "" || !isHost(host) {
		return
	}
	u.host, u.port = host, port
}

func isScheme(s string) bool {
	for i, r := range s {
		letter := r|0x20 >= 'a' && r|0x20 <= 'z'
		if !letter && (i == 0 || (r < '0' || r > '9') && r != '+' && r != '-' && r != '.') {
			return false
		}
	}
	return s != ""
}

// isHost knows names of letters, digits and hyphens, the last of which begins with a letter, and numbers for addresses.
func isHost(s string) bool {
	if strings.HasPrefix(s, "[") {
		return strings.HasSuffix(s, "]") && strings.Trim(s[1:len(s)-1], "0123456789abcdefABCDEF:.%") == ""
	}
	labels := strings.Split(strings.TrimSuffix(s, "."), ".")
	for _, label := range labels {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
				return false
			}
		}
	}
	last := labels[len(labels)-1]
	return last[0] > '9' || len(labels) == 4 && strings.Trim(s, "0123456789.") == ""
}

// brackets need no escape but in a path.
const brackets = "[]"

// unescapeURI undoes escapes, and refuses characters that have to be escaped. An error from before stays.
func unescapeURI(s, plain string, before error) (string, error) {
	for _, r := range s {
		if strings.ContainsRune(plain, r) {
			continue
		}
		if r <= ' ' || r == 0x7f || strings.ContainsRune("\"<>\\^`{|}#[]", r) || r > 0x7f && (unicode.IsControl(r) || unicode.IsSpace(r)) {
			return s, errURI(s)
		}
	}
	out, err := url.PathUnescape(s)
	if before != nil {
		err = before
	}
	return out, err
}
