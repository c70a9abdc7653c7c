package functions

import (
	"strings"

	"weir/types"
)

var accessLogType = types.TStruct(textField("CLIENT"), textField("IDENT"), textField("USER"), types.Field{Name: "TIME", Type: types.TTimestamp},
	textField("METHOD"), textField("PATH"), textField("PROTOCOL"), types.Field{Name: "STATUS", Type: types.TInteger},
	types.Field{Name: "BYTES", Type: types.TBigint}, textField("REFERRER"), textField("AGENT"), textField("VHOST"))

func textField(name string) types.Field { return types.Field{Name: name, Type: types.TString} }

// The fields of what PARSE_ACCESS_LOG gives, in the order of their places.
const (
	logClient = iota
	logIdent
	logUser
	logTime
	logMethod
	logPath
	logProtocol
	logStatus
	logBytes
	logReferrer
	logAgent
	logVhost
	logFields
)

var accessLogFunctions = []Scalar{
	{Doc: Doc{"PARSE_ACCESS_LOG", WebFn, `The line of a web server's access log in the common or combined format, with or without a virtual host in front, as nginx and Apache write it and HAProxy can: CLIENT, IDENT, USER, TIME, METHOD, PATH, PROTOCOL, STATUS, BYTES, REFERRER, AGENT and VHOST. What stands as - is NULL. Escapes such as \x22 and \" are undone where that gives printable UTF-8, else the field stays as it was written. Of what is no request METHOD is NULL and PATH is all that was sent. What follows the agent is not read. NULL for any other line.`,
		[]Example{
			{`PARSE_ACCESS_LOG('192.0.2.7 - eve [10/Oct/2025:13:55:36 +0200] "GET /a?b=1 HTTP/1.1" 200 2326 "-" "curl/8.5"')`,
				`STRUCT(CLIENT := '192.0.2.7', IDENT := NULL, USER := 'eve', TIME := TIMESTAMP '2025-10-10T11:55:36', METHOD := 'GET', PATH := '/a?b=1', PROTOCOL := 'HTTP/1.1', STATUS := 200, BYTES := CAST('2326' AS BIGINT), REFERRER := NULL, AGENT := 'curl/8.5', VHOST := NULL)`},
			{`PARSE_ACCESS_LOG('no such line')`, "NULL"},
		}},
		Overloads: []Overload{{Sig: "(line STRING) STRUCT", Eval: accessLog, Returns: func([]*types.Type) *types.Type { return accessLogType }}}},
}

func accessLog(c *Call) (types.Value, error) {
	line := c.Args[0].Str()
	if err := c.Meter.Read(len(line)); err != nil {
		return types.NullValue, err
	}
	l := accessLine{text: line}
	if !l.read() {
		return types.NullValue, nil
	}
	// Only a line that is one takes memory.
	out := make([]types.Value, logFields)
	if err := l.values(c.Meter, out); err != nil {
		return types.NullValue, err
	}
	return types.StructValue(out), nil
}

// accessLine is a line and where its parts are.
type accessLine struct {
	text                                       string
	vhost, client, ident, user                 string
	request, referrer, agent                   string
	method, path, protocol                     string
	ms, bytes                                  int64
	status                                     int32
	isCombined, isRequest, hasStatus, hasBytes bool
}

// read takes the line apart, from left to right.
func (l *accessLine) read() bool {
	s := strings.TrimRight(l.text, "\r\n")
	at := l.time(s)
	if at < 0 || !l.names(s[:at]) {
		return false
	}
	var ok bool
	if l.request, s, ok = quoted(s[at+len(timeBefore):]); !ok {
		return false
	}
	word, s, more := strings.Cut(s, " ")
	status, has, ok := logNumber(word, 3)
	if !ok || !more {
		return false
	}
	l.status, l.hasStatus = int32(status), has
	word, s, more = strings.Cut(s, " ")
	if l.bytes, l.hasBytes, ok = logNumber(word, 18); !ok {
		return false
	}
	l.splitRequest()
	if !more || s == "" || s[0] != '"' {
		return true
	}
	if l.referrer, s, ok = quoted(s[1:]); !ok || s == "" || s[0] != '"' {
		return false
	}
	l.agent, _, ok = quoted(s[1:])
	l.isCombined = true
	return ok
}

// quoted reads what stands in quotes behind the first of them, and gives what follows them and a blank. Quotes that are not escaped are
// taken for part of the text, unless a blank or the end follows: not everyone escapes them.
func quoted(s string) (text, rest string, ok bool) {
	for at := 0; ; at++ {
		next := strings.IndexByte(s[at:], '"')
		if next < 0 {
			return "", "", false
		}
		at += next
		before := at
		for before > 0 && s[before-1] == '\\' {
			before--
		}
		switch escaped := (at-before)%2 == 1; {
		case escaped:
		case at+1 == len(s):
			return s[:at], "", true
		case s[at+1] == ' ':
			return s[:at], s[at+2:], true
		}
	}
}

// logNumber reads a number of at most so many digits. A - stands for none; HAProxy writes -1 where there was no answer.
func logNumber(s string, most int) (n int64, has, ok bool) {
	if s == "-" || s == "-1" {
		return 0, false, true
	}
	if s == "" || len(s) > most {
		return 0, false, false
	}
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return 0, false, false
		}
		n = 10*n + int64(s[i]-'0')
	}
	return n, true, true
}

// names splits what stands before the time: an optional virtual host, the client, who it says it is, and the user, in whose name there
// may be blanks.
func (l *accessLine) names(s string) bool {
	first, rest, ok := strings.Cut(s, " ")
	if !ok || first == "" {
		return false
	}
	second, behind, ok := strings.Cut(rest, " ")
	if !ok || second == "" {
		return false
	}
	if third, user, ok := strings.Cut(behind, " "); ok && second != "-" && (isAddress(second) || hasPort(first)) {
		l.vhost, l.client, l.ident, l.user = first, second, third, user
	} else {
		l.client, l.ident, l.user = first, second, behind
	}
	return true
}

// isAddress says whether a word looks as an IP address does: no host's name does.
func isAddress(s string) bool {
	dots, colons, letters := 0, 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			dots++
		case c == ':':
			colons++
		case c-'0' <= 9:
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			letters = true
		case c == '%' && colons > 1: // a zone
			return true
		default:
			return false
		}
	}
	return colons > 1 || dots == 3 && colons == 0 && !letters
}

// hasPort says whether a word ends as name:port does.
func hasPort(s string) bool {
	colon := strings.LastIndexByte(s, ':')
	if colon <= 0 || colon == len(s)-1 || strings.IndexByte(s, ':') != colon && s[colon-1] != ']' {
		return false
	}
	for _, c := range []byte(s[colon+1:]) {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// splitRequest takes a request apart: a method, a target and, but in the oldest protocol, the protocol. Blanks in the target are passed on.
func (l *accessLine) splitRequest() {
	method, rest, ok := strings.Cut(l.request, " ")
	if !ok || !isMethod(method) {
		return
	}
	if blank := strings.LastIndexByte(rest, ' '); blank >= 0 && strings.HasPrefix(rest[blank+1:], "HTTP/") {
		l.isRequest, l.method, l.path, l.protocol = true, method, rest[:blank], rest[blank+1:]
	} else if rest != "" && (rest[0] == '/' || rest[0] == '*' || strings.Contains(rest, "://")) {
		l.isRequest, l.method, l.path = true, method, rest
	}
}

func isMethod(s string) bool {
	for _, c := range []byte(s) {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			if c != '-' && c != '_' {
				return false
			}
		}
	}
	return s != ""
}
