package functions

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"weir/types"
)

var urlFunctions = []Scalar{
	{Doc: Doc{"URL_DECODE_PARAM", URLFn, "A URL parameter with its escapes undone.", []Example{{"URL_DECODE_PARAM('%3Ffoo+%24bar')", "'?foo $bar'"}}},
		Overloads: []Overload{{Sig: "(s STRING) STRING", Eval: func(c *Call) (types.Value, error) {
			s, err := url.QueryUnescape(c.Args[0].Str())
			if err != nil {
				return types.NullValue, fmt.Errorf("not a URL parameter: %w", err)
			}
			return types.StringValue(s), nil
		}}}},
	{Doc: Doc{"URL_ENCODE_PARAM", URLFn, "The string in the form of a URL parameter.", []Example{{"URL_ENCODE_PARAM('?foo $bar')", "'%3Ffoo+%24bar'"}}},
		Overloads: []Overload{{Sig: "(s STRING) STRING", Eval: text(func(s string) string {
			// Java's encoder leaves an asterisk and escapes a tilde.
			return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s))
		})}}},
	urlPart("URL_EXTRACT_FRAGMENT", "The fragment of a URL, behind the #.", func(u *uri) (string, bool) { return u.fragment, u.hasFragment },
		Example{"URL_EXTRACT_FRAGMENT('http://test.com/?q#frag')", "'frag'"}),
	urlPart("URL_EXTRACT_HOST", "The host of a URL.", func(u *uri) (string, bool) { return u.host, u.host != "" },
		Example{"URL_EXTRACT_HOST('http://me@test.com:8080/x')", "'test.com'"}),
	{Doc: Doc{"URL_EXTRACT_PARAMETER", URLFn, "The value of a parameter of a URL, with its %-escapes undone; empty where the parameter has none, NULL where there is no such parameter.",
		[]Example{{"URL_EXTRACT_PARAMETER('http://test.com/?one=a&two=b%20c', 'two')", "'b c'"}}},
		Overloads: []Overload{{Sig: "(url STRING, name STRING) STRING", Eval: urlParameter}}},
	urlPart("URL_EXTRACT_PATH", "The path of a URL.", func(u *uri) (string, bool) { return u.path, !u.opaque },
		Example{"URL_EXTRACT_PATH('http://test.com/a/b?q')", "'/a/b'"}),
	{Doc: Doc{"URL_EXTRACT_PORT", URLFn, "The port of a URL; NULL where none is written.", []Example{{"URL_EXTRACT_PORT('http://test.com:8080/x')", "8080"}, {"URL_EXTRACT_PORT('http://test.com')", "NULL"}}},
		Overloads: []Overload{{Sig: "(url STRING) INTEGER", Eval: func(c *Call) (types.Value, error) {
			u, err := parseURI(c.Args[0].Str())
			if err != nil || u.port == "" {
				return types.NullValue, err
			}
			n, err := strconv.ParseInt(u.port, 10, 32)
			return types.IntValue(int32(n)), err
		}}}},
	urlPart("URL_EXTRACT_PROTOCOL", "The protocol of a URL, such as https.", func(u *uri) (string, bool) { return u.scheme, u.scheme != "" },
		Example{"URL_EXTRACT_PROTOCOL('https://test.com')", "'https'"}, Example{"URL_EXTRACT_PROTOCOL('www.test.com')", "NULL"}),
	urlPart("URL_EXTRACT_QUERY", "The query of a URL, behind the question mark.", func(u *uri) (string, bool) { return u.query, u.hasQuery },
		Example{"URL_EXTRACT_QUERY('http://test.com/?a=1&b=2#f')", "'a=1&b=2'"}),
}

// urlPart makes a function of one part, which a URL may be without.
func urlPart(name, description string, part func(*uri) (string, bool), examples ...Example) Scalar {
	return Scalar{Doc: Doc{name, URLFn, description, examples}, Overloads: []Overload{{Sig: "(url STRING) STRING", Eval: func(c *Call) (types.Value, error) {
		u, err := parseURI(c.Args[0].Str())
		if err != nil {
			return types.NullValue, err
		}
		if s, ok := part(&u); ok {
			return types.StringValue(s), nil
		}
		return types.NullValue, nil
	}}}}
}

// urlParameter undoes escapes before it looks for parameters, so that an escaped & is one.
func urlParameter(c *Call) (types.Value, error) {
	u, err := parseURI(c.Args[0].Str())
	if err != nil || !u.hasQuery {
		return types.NullValue, err
	}
	for pair := range strings.SplitSeq(u.query, "&") {
		if k, v, _ := strings.Cut(pair, "="); k == c.Args[1].Str() {
			return types.StringValue(v), nil
		}
	}
	return types.NullValue, nil
}
