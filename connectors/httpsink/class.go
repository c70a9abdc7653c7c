// Package httpsink is the sink that sends rows to an HTTP server: to the webhook of whoever is to be alerted, or to an API that takes rows.
package httpsink

import (
	"fmt"
	"strings"

	"weir/connectors/connector"
	"weir/connectors/encode"
	"weir/connectors/web"
)

// Class is the entry of sink class 'http'.
func Class() connector.Class {
	return connector.Class{
		Name: "http",
		Kind: connector.Sink,
		Doc: "Sends rows as HTTP requests: several rows as an array of JSON objects, or one row a request with 'flush.size'='1', which is the default. 2xx takes the rows; after 408, 425, 429 and 5xx, " +
			"and where no answer comes, the same is sent again, when Retry-After says; any other answer refuses them: each is tried alone, and what is refused then cannot be delivered. " +
			"A row may be sent twice after a crash: the header Idempotency-Key is the same then, as long as batches are of one row. Redirects are not followed. Rows that a table deletes are left out unless 'deletes' asks for them.",
		Properties: append([]connector.Property{
			{Name: "url", Type: connector.String, Required: true, Doc: "where to send: http:// or https://. {NAME} stands for the column NAME of a request's only row"},
			{Name: "method", Type: connector.String, Default: "post", Values: []string{"post", "put", "patch"}, Doc: "the method of requests"},
			{Name: "headers.*", Type: connector.String, Doc: "a header of each request, such as 'headers.Authorization'='Bearer ${env:WEIR_SECRET_TOKEN}'"},
			{Name: "body", Type: connector.String, Doc: "what is sent for a row in place of the row: {NAME} stands for the column NAME, as it stands inside of JSON's quotes. Goes with one row a request"},
			{Name: "format", Type: connector.String, Default: "array", Values: []string{"array", encode.JSON, encode.CSV, encode.Lines}, Doc: "array: an array of JSON objects, or the object alone where a request has one row at most; json: an object per line; csv; lines: the records' values as they are"},
			{Name: "deletes", Type: connector.Boolean, Default: "false", Doc: "sends rows that a table deletes too: a column " + encode.DeletedColumn + " tells them"},
			{Name: "timeout", Type: connector.Duration, Default: "30s", Doc: "how long an answer may take"},
		}, connector.Flush{Rows: "1", Bytes: "1048576", Interval: "100ms"}.SinkProperties()...),
		Example: "CREATE SINK CONNECTOR alerts WITH ('connector.class'='http', 'from'='too_many_errors', 'url'='https://chat.example/hooks/1', " +
			`'body'='{"text": "{PATH}: {ERRORS} errors"}');`,
		OpenSink: open,
	}
}

func open(env connector.Env, v connector.Values) (connector.Opened, error) {
	s := &sink{
		env: env, method: strings.ToUpper(v.Text("method")), url: v.Text("url"), body: v.Text("body"), alone: v.Int(connector.PropRows) == 1,
		format: v.Text("format"), deletes: v.Bool("deletes"), client: web.Client(v.Duration("timeout")),
	}
	if err := web.CheckURL(s.url); err != nil {
		return connector.Opened{}, err
	}
	var err error
	if s.headers, err = web.Headers(v.Starred()); err != nil {
		return connector.Opened{}, err
	}
	for name, text := range map[string]string{"body": s.body, "url": s.url} {
		if !s.alone && (name == "body" && text != "" || len(columnsIn(text)) > 0) {
			return connector.Opened{}, fmt.Errorf("property '%s' is made from one row: it goes with '%s'='1'", name, connector.PropRows)
		}
	}
	if s.body != "" && (v.Given("format") || s.deletes) {
		return connector.Opened{}, fmt.Errorf("property 'body' says what is sent: it does not go with 'format' and 'deletes'")
	}
	if s.deletes && s.format == encode.Lines {
		return connector.Opened{}, fmt.Errorf("property 'deletes': a line that is the record's value has no place for %s: choose another format", encode.DeletedColumn)
	}
	return connector.Opened{Writer: s, Columns: s.format != encode.Lines || s.body != "" || len(columnsIn(s.url)) > 0, Check: s.prepare}, nil
}
