package repl

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"weir/engine"
	"weir/parser"
	"weir/parser/ast"
	"weir/server/wire"
	"weir/settings"
)

// Remote is a server, Weir's or ksqlDB's, spoken to over HTTP. Properties and variables are kept here and sent with every statement.
type Remote struct {
	base       *url.URL
	client     *http.Client
	user       string // with token, which is a password then
	token      string // empty for none
	properties wire.Settings
	variables  wire.Settings
}

// NewRemote makes a backend of the server at a URL.
func NewRemote(address string) (*Remote, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not the URL of a server: expected http://host:port", address)
	}
	return &Remote{base: u, client: &http.Client{}, properties: wire.Settings{}, variables: wire.Settings{}}, nil
}

// LogIn has all requests say who asks: by a token, or by a user with the token as the password. What the URL says counts where there is none.
func (r *Remote) LogIn(user, token string) { r.user, r.token = user, token }

// authorize puts into a request who asks.
func (r *Remote) authorize(req *http.Request) {
	switch user := r.base.User; {
	case r.user != "":
		req.SetBasicAuth(r.user, r.token)
	case r.token != "":
		req.Header.Set("Authorization", "Bearer "+r.token)
	case user != nil:
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
}

// Define gives a variable its value.
func (r *Remote) Define(name, value string) { r.variables[name] = value }

// Execute implements Backend.
func (r *Remote) Execute(ctx context.Context, s Script, d Display) error {
	pieces := parser.Split(s.Text)
	if pieces.Open != parser.Complete {
		if _, err := parser.Parse(s.Text, parser.Options{}); err != nil {
			return err
		}
		return errors.New("the text ends inside a statement: end it with ;")
	}
	for _, p := range pieces.Statements {
		err := r.statement(ctx, p, s.BaseDir, d)
		if err != nil && ctx.Err() != nil {
			if isQuery(p.Text) {
				return errors.Join(ErrInterrupted, d.Message(queryEnded))
			}
			return ErrInterrupted
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Remote) statement(ctx context.Context, p parser.Piece, base string, d Display) error {
	text := p.InPlace()
	if done, err := r.setting(ctx, text, d); done || err != nil {
		return err
	}
	if done, err := r.copy(ctx, text, base, d); done {
		return err
	}
	if isQuery(p.Text) {
		return r.query(ctx, text, d)
	}
	var answer wire.Entities
	if err := r.Call(ctx, http.MethodPost, "/ksql", wire.Request{KSQL: text, Properties: r.properties, Variables: r.variables}, &answer); err != nil {
		return err
	}
	for _, e := range answer {
		if err := d.Entity(e); err != nil {
			return err
		}
	}
	return nil
}

func isQuery(text string) bool {
	word, _, _ := strings.Cut(strings.ToUpper(firstLine(text)), " ")
	return word == "SELECT" || word == "PRINT"
}

func firstLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// setting carries out what is the client's own business; false for other statements.
func (r *Remote) setting(ctx context.Context, text string, d Display) (bool, error) {
	word, _, _ := strings.Cut(strings.ToUpper(firstLine(text)), " ")
	if !slices.Contains([]string{"SET", "UNSET", "DEFINE", "UNDEFINE", "SHOW", "LIST"}, word) {
		return false, nil
	}
	full, err := parser.Substitute(text, r.variables)
	if err != nil {
		return true, err
	}
	list, err := parser.Parse(full, parser.Options{})
	if err != nil || len(list) != 1 {
		return false, nil // the server may know better
	}
	switch n := list[0].Node.(type) {
	case *ast.Set:
		if err := r.Call(ctx, http.MethodGet, "/is_valid_property/"+url.PathEscape(n.Name), nil, nil); err != nil {
			return true, err
		}
		if err := r.put(n.Name, n.Value); err != nil {
			return true, err
		}
		return true, d.Message(fmt.Sprintf("Successfully changed local property '%s' to '%s'. Use the UNSET command to revert your change.", n.Name, n.Value))
	case *ast.Unset:
		delete(r.properties, settings.Canonical(n.Name))
		return true, d.Message(fmt.Sprintf("Successfully unset local property '%s'.", n.Name))
	case *ast.Define:
		r.variables[n.Name] = n.Value
		return true, d.Message(fmt.Sprintf("Variable '%s' defined.", n.Name))
	case *ast.Undefine:
		if _, ok := r.variables[n.Name]; !ok {
			return true, fmt.Errorf("Cannot undefine variable '%s' which was never defined", n.Name)
		}
		delete(r.variables, n.Name)
		return true, d.Message(fmt.Sprintf("Variable '%s' is no longer defined.", n.Name))
	case *ast.Show:
		if n.Kind != ast.ShowVariables {
			return false, nil
		}
		return true, d.Entity(wire.Of(engine.VariablesOf(r.variables), list[0].Text))
	default: // about these alone
	}
	return false, nil
}

// put keeps a property. The server knows the name; its value is checked here, unless the server knows more names than this client.
func (r *Remote) put(name, value string) error {
	if settings.Known(name, settings.Session) != nil {
		r.properties[name] = value
		return nil
	}
	return settings.Put(r.properties, name, value, settings.Session)
}

// open sends a request of JSON. The answer's body is the caller's to close; an error that the server tells is returned as such.
func (r *Remote) open(ctx context.Context, method, path, accept string, body any) (*http.Response, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	u := *r.base
	u.Path, u.User = strings.TrimRight(u.Path, "/")+path, nil
	u.RawPath = ""
	if unescaped, err := url.PathUnescape(path); err == nil && unescaped != path {
		u.Path, u.RawPath = strings.TrimRight(r.base.Path, "/")+unescaped, strings.TrimRight(r.base.EscapedPath(), "/")+path
	}
	return r.send(ctx, method, &u, accept, wire.JSON, data)
}

func (r *Remote) send(ctx context.Context, method string, u *url.URL, accept, content string, data []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", content)
	req.Header.Set("Accept", accept)
	r.authorize(req)
	resp, err := r.client.Do(req)
	if err != nil {
		if cause, ok := errors.AsType[*url.Error](err); ok {
			err = cause.Err
		}
		return nil, fmt.Errorf("cannot reach the server at %s: %w. Is it running? Start one with: weir server", r.base.Redacted(), err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	return nil, told(text, resp.Header.Get("Content-Type"), resp.Status)
}

// maxAnswer bounds an answer that is read whole.
const maxAnswer = 64 << 20

// told is the error in an answer.
func told(text []byte, media, status string) error {
	var e wire.Error
	if json.Unmarshal(text, &e) == nil && e.Message != "" {
		return &e
	}
	if media, _, _ := mime.ParseMediaType(media); media == wire.Text && len(text) > 0 {
		return errors.New(strings.TrimSpace(string(text)))
	}
	return fmt.Errorf("the server answered %s: %s", status, strings.TrimSpace(string(text[:min(len(text), 500)])))
}

// Call sends a request and reads its answer, both of them JSON; body and into may be nil.
func (r *Remote) Call(ctx context.Context, method, path string, body, into any) error {
	resp, err := r.open(ctx, method, path, wire.JSON, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("the server's answer is not what was expected: %w", err)
	}
	return nil
}

// query runs a SELECT or PRINT and shows what comes, line by line.
func (r *Remote) query(ctx context.Context, text string, d Display) error {
	resp, err := r.open(ctx, http.MethodPost, "/query-stream", wire.Delimited, wire.QueryRequest{SQL: text, Properties: r.properties, Variables: r.variables})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return errors.Join(showStream(resp.Body, d), d.End())
}

func showStream(body io.Reader, d Display) error {
	in := bufio.NewReaderSize(body, 64<<10)
	columns := 0
	for first := true; ; first = false {
		line, err := in.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := showLine(line, first, &columns, d); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the server ended the answer: %w", err)
		}
	}
}

// showLine shows a line of a stream: columns, whose number it keeps, a row, an error, or a line of PRINT.
func showLine(line []byte, first bool, columns *int, d Display) error {
	switch line[0] {
	case '[':
		var values []json.RawMessage
		if json.Unmarshal(line, &values) != nil {
			break
		}
		if *columns == 0 || len(values) != *columns+1 {
			return d.Row(line, false)
		}
		row, err := json.Marshal(values[:*columns]) // what stands behind them says that the row's key has gone
		if err != nil {
			return err
		}
		return d.Row(row, true)
	case '{':
		var meta wire.QueryMeta
		if first && json.Unmarshal(line, &meta) == nil && meta.ColumnNames != nil {
			*columns = len(meta.ColumnNames)
			return d.Header(meta)
		}
		var e wire.Error
		if json.Unmarshal(line, &e) == nil && e.Message != "" {
			return &e
		}
	}
	return d.Line(string(line))
}

// Info asks the server who it is.
func (r *Remote) Info(ctx context.Context) (wire.ServerInfo, error) {
	var i wire.Info
	err := r.Call(ctx, http.MethodGet, "/info", nil, &i)
	return i.Server, err
}

// Aside implements Backend.
func (r *Remote) Aside(properties map[string]string) Backend {
	aside := *r
	aside.properties, aside.variables = maps.Clone(r.properties), maps.Clone(r.variables)
	maps.Copy(aside.properties, properties)
	return &aside
}

// About implements Backend.
func (r *Remote) About(ctx context.Context) string {
	i, err := r.Info(ctx)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("Server %s at %s, service %s, %s", i.Version, r.base.Redacted(), i.ServiceID, i.Status)
}
