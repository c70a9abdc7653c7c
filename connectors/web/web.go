// Package web is what the source and the sink that speak HTTP have in common.
package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"weir/connectors/connector"
)

// Client sends requests for one connector. It follows no redirects: headers with secrets would go with them.
func Client(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       max(timeout, time.Millisecond),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true},
	}
}

// CheckURL says what is wrong with the address of a property. Braces stand for what is put in later.
func CheckURL(text string) error {
	u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("property 'url': expected an address that begins with http:// or https://")
	}
	return nil
}

// Headers are those of the property headers.*.
func Headers(settings []connector.Setting) (http.Header, error) {
	out := http.Header{}
	for _, h := range settings {
		if strings.ContainsAny(h.Name+h.Value, "\r\n") || strings.TrimSpace(h.Name) != h.Name || strings.ContainsAny(h.Name, " :") {
			return nil, fmt.Errorf("property 'headers.%s' is no header", h.Name)
		}
		out.Set(h.Name, h.Value)
	}
	return out, nil
}

// ComesAgain says whether a request that was answered so is to be sent again.
func ComesAgain(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooEarly || status == http.StatusTooManyRequests || status >= 500
}

// maxRetryAfter bounds how long a server may have a connector wait at once.
const maxRetryAfter = 5 * time.Minute

// RetryAfter is how long an answer asks to wait: seconds, or until a date.
func RetryAfter(header string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(header)); err == nil {
		return min(time.Duration(min(max(n, 0), int(maxRetryAfter/time.Second)))*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(at.Sub(now), maxRetryAfter)
	}
	return 0
}

// WithoutURL leaves out the address, which may hold a secret.
func WithoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// OneLine is what a server says, as a part of an error.
func OneLine(text []byte) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(text), "?")), " ")
}
