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
	urlPart("URL_EXTRACT_FRAGMENT", "The fragment of a URL, behind the #.", func(u *url.URL) string { return u.Fragment },
		Example{"URL_EXTRACT_FRAGMENT('http://test.com/?q#frag')", "'frag'"}),
	urlPart("URL_EXTRACT_HOST", "The host of a URL.", (*url.URL).Hostname, Example{"URL_EXTRACT_HOST('http://me@test.com:8080/x')", "'test.com'"}),
	{Doc: Doc{"URL_EXTRACT_PARAMETER", URLFn, "The value of a parameter of a URL, with its escapes undone; NULL where there is none.",
		[]Example{{"URL_EXTRACT_PARAMETER('http://test.com/?one=a&two=b%20c', 'two')", "'b c'"}}},
		Overloads: []Overload{{Sig: "(url STRING, name STRING) STRING", Eval: urlParameter}}},
	{Doc: Doc{"URL_EXTRACT_PATH", URLFn, "The path of a URL.", []Example{{"URL_EXTRACT_PATH('http://test.com/a/b?q')", "'/a/b'"}}},
		Overloads: []Overload{{Sig: "(url STRING) STRING", Eval: func(c *Call) (types.Value, error) {
			u, err := parseURL(c.Args[0].Str())
			if err != nil {
				return types.NullValue, err
			}
			return types.StringValue(u.Path), nil
		}}}},
	{Doc: Doc{"URL_EXTRACT_PORT", URLFn, "The port of a URL; NULL where none is written.", []Example{{"URL_EXTRACT_PORT('http://test.com:8080/x')", "8080"}, {"URL_EXTRACT_PORT('http://test.com')", "NULL"}}},
		Overloads: []Overload{{Sig: "(url STRING) INTEGER", Eval: func(c *Call) (types.Value, error) {
			u, err := parseURL(c.Args[0].Str())
			if err != nil || u.Port() == "" {
				return types.NullValue, err
			}
			n, err := strconv.ParseInt(u.Port(), 10, 32)
			return types.IntValue(int32(n)), err
		}}}},
	urlPart("URL_EXTRACT_PROTOCOL", "The protocol of a URL, such as https.", func(u *url.URL) string { return u.Scheme },
		Example{"URL_EXTRACT_PROTOCOL('https://test.com')", "'https'"}, Example{"URL_EXTRACT_PROTOCOL('www.test.com')", "NULL"}),
	urlPart("URL_EXTRACT_QUERY", "The query of a URL, behind the question mark.", func(u *url.URL) string {
		q, err := url.PathUnescape(u.RawQuery)
		if err != nil {
			return u.RawQuery
		}
		return q
	}, Example{"URL_EXTRACT_QUERY('http://test.com/?a=1&b=2#f')", "'a=1&b=2'"}),
}

func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("URL input has invalid syntax: %w", err)
	}
	return u, nil
}

func urlPart(name, description string, part func(*url.URL) string, examples ...Example) Scalar {
	return Scalar{Doc: Doc{name, URLFn, description, examples}, Overloads: []Overload{{Sig: "(url STRING) STRING", Eval: func(c *Call) (types.Value, error) {
		u, err := parseURL(c.Args[0].Str())
		if err != nil {
			return types.NullValue, err
		}
		if s := part(u); s != "" {
			return types.StringValue(s), nil
		}
		return types.NullValue, nil
	}}}}
}

func urlParameter(c *Call) (types.Value, error) {
	u, err := parseURL(c.Args[0].Str())
	if err != nil {
		return types.NullValue, err
	}
	for _, pair := range strings.Split(u.RawQuery, "&") {
		k, v, ok := strings.Cut(pair, "=")
		if !ok {
			continue
		}
		if name, err := url.QueryUnescape(k); err == nil && name == c.Args[1].Str() {
			val, err := url.QueryUnescape(v)
			return types.StringValue(val), err
		}
	}
	return types.NullValue, nil
}
