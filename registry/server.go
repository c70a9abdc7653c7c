package registry

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
)

// ContentType is the media type of the API's answers.
const ContentType = "application/vnd.schemaregistry.v1+json"

// DefaultMaxBodyBytes bounds a request.
const DefaultMaxBodyBytes = 4 << 20

// ServerOptions configures a Server.
type ServerOptions struct {
	MaxBodyBytes int64        // default DefaultMaxBodyBytes
	Logger       *slog.Logger // nil discards
}

// Server answers Confluent's Schema Registry API from a store.
type Server struct {
	store *Store
	opts  ServerOptions
	mux   *http.ServeMux
}

// NewServer returns a handler for the API's paths at the root.
func NewServer(store *Store, opts ServerOptions) *Server {
	if opts.MaxBodyBytes <= 0 {
		opts.MaxBodyBytes = DefaultMaxBodyBytes
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{store: store, opts: opts, mux: http.NewServeMux()}
	for pattern, handle := range s.routes() {
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := handle(r)
			s.reply(w, r, answer, err)
		})
	}
	return s
}

// handler computes an answer: a value to be sent as JSON, or a rawSchema.
type handler func(*http.Request) (any, error)

// rawSchema is a schema's text, sent as it is.
type rawSchema string

func (s *Server) routes() map[string]handler {
	return map[string]handler{
		"GET /{$}": func(*http.Request) (any, error) { return struct{}{}, nil },
		"/": func(r *http.Request) (any, error) {
			return nil, apiErrorf(http.StatusNotFound, "HTTP 404 Not Found: %s %s", r.Method, r.URL.Path)
		},
		"GET /subjects":                                             s.listSubjects,
		"POST /subjects/{subject}":                                  s.lookup,
		"DELETE /subjects/{subject}":                                s.deleteSubject,
		"GET /subjects/{subject}/versions":                          s.listVersions,
		"POST /subjects/{subject}/versions":                         s.register,
		"GET /subjects/{subject}/versions/{version}":                s.getVersion,
		"DELETE /subjects/{subject}/versions/{version}":             s.deleteVersion,
		"GET /subjects/{subject}/versions/{version}/schema":         s.getVersionText,
		"GET /subjects/{subject}/versions/{version}/referencedby":   s.referencedBy,
		"GET /schemas":                                              s.listSchemas,
		"GET /schemas/types":                                        func(*http.Request) (any, error) { return Types, nil },
		"GET /schemas/ids/{id}":                                     s.getSchema,
		"GET /schemas/ids/{id}/schema":                              s.getSchemaText,
		"GET /schemas/ids/{id}/subjects":                            s.getSchemaSubjects,
		"GET /schemas/ids/{id}/versions":                            s.getSchemaVersions,
		"GET /schemas/guids/{guid}":                                 s.getByGUID,
		"GET /schemas/guids/{guid}/ids":                             s.getGUIDPlaces,
		"GET /subjects/{subject}/metadata":                          s.getWithMetadata,
		"GET /contexts":                                             s.listContexts,
		"GET /config":                                               s.getConfig,
		"GET /config/{subject}":                                     s.getConfig,
		"PUT /config":                                               s.putConfig,
		"PUT /config/{subject}":                                     s.putConfig,
		"DELETE /config":                                            s.deleteConfig,
		"DELETE /config/{subject}":                                  s.deleteConfig,
		"GET /mode":                                                 s.getMode,
		"GET /mode/{subject}":                                       s.getMode,
		"PUT /mode":                                                 s.putMode,
		"PUT /mode/{subject}":                                       s.putMode,
		"DELETE /mode/{subject}":                                    s.deleteMode,
		"POST /compatibility/subjects/{subject}/versions":           s.compatible,
		"POST /compatibility/subjects/{subject}/versions/{version}": s.compatible,
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, s.opts.MaxBodyBytes)
	s.mux.ServeHTTP(w, inContext(r))
}

type errorBody struct {
	Code    int    `json:"error_code"`
	Message string `json:"message"`
}

func (s *Server) reply(w http.ResponseWriter, r *http.Request, answer any, err error) {
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			e = apiErrorf(codeStore, "%v", err)
		}
		if e.Status() >= http.StatusInternalServerError {
			s.opts.Logger.Error("the schema registry failed", "method", r.Method, "path", r.URL.Path, "err", err)
		}
		w.WriteHeader(e.Status())
		answer = errorBody{e.Code, e.Message}
	}
	if raw, ok := answer.(rawSchema); ok {
		io.WriteString(w, string(raw))
		return
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.Encode(answer) // an error here is the client's connection
}

// schemaBody is a schema in requests and answers; the type is left out for Avro.
type schemaBody struct {
	Subject    string          `json:"subject,omitempty"`
	ID         int             `json:"id,omitempty"`
	Version    int             `json:"version,omitempty"`
	GUID       string          `json:"guid,omitempty"`
	Type       Type            `json:"schemaType,omitempty"`
	References []Reference     `json:"references,omitempty"`
	Metadata   json.RawMessage `json:"metadata,omitempty"`
	RuleSet    json.RawMessage `json:"ruleSet,omitempty"`
	Text       string          `json:"schema"`
}

func toBody(s Schema) schemaBody {
	b := schemaBody{Subject: s.Subject, ID: s.ID, Version: s.Version, GUID: s.GUID, Type: s.Type, References: s.References, Text: s.Text,
		Metadata: s.Metadata, RuleSet: s.RuleSet}
	if b.Type == Avro {
		b.Type = ""
	}
	return b
}

func (b schemaBody) schema() (Schema, error) {
	t, err := ParseType(string(b.Type))
	if err != nil {
		return Schema{}, apiErrorf(codeInvalidSchema, "%v", err)
	}
	return Schema{Subject: b.Subject, ID: b.ID, Version: b.Version, GUID: strings.ToLower(b.GUID), Type: t, Text: b.Text, References: b.References,
		Metadata: b.Metadata, RuleSet: b.RuleSet}, nil
}

func readBody(r *http.Request, into any) error {
	data, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return apiErrorf(codeTooLarge, "the request is larger than %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return apiErrorf(http.StatusBadRequest, "cannot read the request: %v", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return apiErrorf(http.StatusBadRequest, "the request is not valid JSON: %v", err)
	}
	return nil
}

func readSchema(r *http.Request) (Schema, error) {
	var b schemaBody
	if err := readBody(r, &b); err != nil {
		return Schema{}, err
	}
	return b.schema()
}

// flag is a yes-or-no parameter of the query.
func flag(r *http.Request, name string) bool {
	on, err := strconv.ParseBool(r.URL.Query().Get(name))
	return err == nil && on
}

// versionOf reads the version in the path; none at all is 0.
func versionOf(r *http.Request) (int, error) {
	text := r.PathValue("version")
	switch text {
	case "":
		return 0, nil
	case "latest", "-1":
		return latestVersion, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return 0, apiErrorf(codeInvalidVersion, "%q is not a version: expected a number from 1 to 2147483647, or latest", text)
	}
	return int(n), nil
}

func idOf(r *http.Request) (int, error) {
	n, err := strconv.ParseInt(r.PathValue("id"), 10, 32)
	if err != nil {
		return 0, apiErrorf(http.StatusNotFound, "%q is not a schema id", r.PathValue("id"))
	}
	return int(n), nil
}
