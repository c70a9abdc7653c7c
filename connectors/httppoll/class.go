// Package httppoll is the source that asks an HTTP server again and again, and loads what it answers.
package httppoll

import (
	"errors"
	"fmt"
	"strings"

	"weir/connectors/connector"
	"weir/connectors/web"
)

// The formats of answers.
const (
	formatLines = "lines"
	formatJSON  = "json"
	formatBody  = "body"
)

// placeCursor stands in url and body for the cursor.
const placeCursor = "{cursor}"

// Class is the entry of source class 'http'.
func Class() connector.Class {
	return connector.Class{
		Name: "http",
		Kind: connector.Source,
		Doc: "Asks an HTTP server every 'interval', and loads what it answers: for records that others send by themselves there is POST /topics/TOPIC. An answer that is the one before is not loaded again, over a restart too: the server is asked whether it has changed " +
			"(If-None-Match, If-Modified-Since), and where it cannot say, its content is compared. With 'cursor' the server is asked for what follows the element that was loaded last, and so each is loaded once; without one, an answer that has changed is loaded whole. " +
			"After a stop in the middle of an answer it goes on in there if the server answers the same, and else begins with the new one. After 408, 425, 429 and 5xx, where no answer comes, or where it is not what is expected, the server is asked again, when Retry-After says; " +
			"any other answer fails the connector. Redirects are not followed.",
		Properties: []connector.Property{
			{Name: "url", Type: connector.String, Required: true, Doc: "what to ask: http:// or https://. " + placeCursor + " stands for the cursor"},
			{Name: "topic", Type: connector.String, Required: true, Doc: "the topic to load into; it is created if it doesn't exist"},
			{Name: "partitions", Type: connector.Integer, Min: 1, Doc: "partitions of the topic, if it is created"},
			{Name: "replicas", Type: connector.Integer, Min: 1, Doc: "replicas of the topic, if it is created"},
			{Name: "method", Type: connector.String, Default: "get", Values: []string{"get", "post"}, Doc: "the method of requests"},
			{Name: "headers.*", Type: connector.String, Doc: "a header of each request, such as 'headers.Authorization'='Bearer ${env:WEIR_SECRET_TOKEN}'"},
			{Name: "body", Type: connector.String, Doc: "what is sent with method post; " + placeCursor + " stands for the cursor, as it stands inside of JSON's quotes"},
			{Name: "interval", Type: connector.Duration, Default: "1m", Doc: "how long after an answer the server is asked again, such as 500ms, 5s or 10m"},
			{Name: "max.polls", Type: connector.Integer, Min: 1, Doc: "ends after so many answers. Default: it goes on"},
			{Name: "format", Type: connector.String, Default: formatJSON, Values: []string{formatJSON, formatLines, formatBody}, Doc: "json: each element of an array is a record, or the only value; lines: each line is one, but for empty ones; body: the whole answer is one"},
			{Name: "json.path", Type: connector.String, Doc: "where the array is in the answer: names of fields with dots between them, such as data.items. Default: the answer is the array"},
			{Name: "key", Type: connector.String, Doc: "the field of an element, or of a line that is a JSON object, whose text becomes the record's key. Records without a key go to the partitions in turn"},
			{Name: "cursor", Type: connector.String, Doc: "the field of an element, or of a line that is a JSON object, whose value in the last one that was loaded is put in for " + placeCursor},
			{Name: "cursor.start", Type: connector.String, Doc: "what is put in for " + placeCursor + " before anything was loaded"},
			{Name: "timeout", Type: connector.Duration, Default: "30s", Doc: "how long an answer may take"},
			{Name: "max.bytes", Type: connector.Integer, Default: "16777216", Min: 1, Doc: "how large an answer may be, unpacked; a larger one is not loaded, and the error says so"},
		},
		Example: "CREATE SOURCE CONNECTOR quakes WITH ('connector.class'='http', 'url'='https://quakes.example/events?after={cursor}', 'json.path'='events', 'key'='id', 'cursor'='id', 'cursor.start'='0', " +
			"'interval'='10s', 'topic'='quakes');",
		Open: open,
	}
}

func open(env connector.Env, v connector.Values) (connector.Reader, error) {
	s := &source{
		env: env, url: v.Text("url"), method: strings.ToUpper(v.Text("method")), body: v.Text("body"), client: web.Client(v.Duration("timeout")),
		interval: v.Duration("interval"), polls: v.Int("max.polls"), format: v.Text("format"), key: v.Text("key"), cursor: v.Text("cursor"), maxBytes: min(v.Int("max.bytes"), 1<<30),
		topic: connector.Topic{Name: v.Text("topic"), Partitions: int32(min(v.Int("partitions"), 1<<30)), Replicas: int16(min(v.Int("replicas"), 1<<14))},
		at:    position{Cursor: v.Text("cursor.start")},
	}
	if s.topic.Name == "" {
		return nil, errors.New("property 'topic' is empty")
	}
	if err := web.CheckURL(s.url); err != nil {
		return nil, err
	}
	var err error
	if s.headers, err = web.Headers(v.Starred()); err != nil {
		return nil, err
	}
	if path := v.Text("json.path"); path != "" {
		s.path = strings.Split(path, ".")
	}
	placed := strings.Contains(s.url, placeCursor) || strings.Contains(s.body, placeCursor)
	switch {
	case s.interval <= 0:
		return nil, errors.New("property 'interval': expected a time above 0")
	case s.body != "" && s.method != "POST":
		return nil, errors.New("property 'body' goes with 'method'='post'")
	case s.path != nil && s.format != formatJSON:
		return nil, fmt.Errorf("property 'json.path' goes with 'format'='%s'", formatJSON)
	case (s.key != "" || s.cursor != "") && s.format == formatBody:
		return nil, fmt.Errorf("properties 'key' and 'cursor' are of JSON: they don't go with 'format'='%s'", formatBody)
	case s.cursor != "" && !placed:
		return nil, fmt.Errorf("property 'cursor' needs a place: put %s into 'url' or 'body'", placeCursor)
	case s.cursor == "" && placed:
		return nil, fmt.Errorf("%s stands for the value of a field: name that by the property 'cursor'", placeCursor)
	}
	return s, nil
}
