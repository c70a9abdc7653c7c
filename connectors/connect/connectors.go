package connect

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Connector is one that a worker runs, as its REST API tells of it.
type Connector struct {
	Name   string
	Class  string
	Kind   string // source, sink or unknown
	State  string
	Worker string // on which it runs
	Trace  string // why it has failed
	Tasks  []Task
	Topics []string // that it has used
	Config map[string]string
}

// Task is a part of a connector's work.
type Task struct {
	ID     int    `json:"id"`
	State  string `json:"state"`
	Worker string `json:"worker_id"`
	Trace  string `json:"trace"`
}

// Plugin is a class that a worker has.
type Plugin struct {
	Class   string `json:"class"`
	Kind    string `json:"type"` // source or sink
	Version string `json:"version"`
}

// Is says whether a value of connector.class stands for the class: by its name, by the part without the package, or by that without Connector.
func (p Plugin) Is(class string) bool {
	simple := p.Class[strings.LastIndexByte(p.Class, '.')+1:]
	return class == p.Class || class == simple || class == strings.TrimSuffix(simple, "Connector")
}

// info and status are how the REST API tells of a connector.
type info struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
	Kind   string            `json:"type"`
}

type status struct {
	Connector struct {
		State  string `json:"state"`
		Worker string `json:"worker_id"`
		Trace  string `json:"trace"`
	} `json:"connector"`
	Tasks []Task `json:"tasks"`
}

func connectorOf(i info, s status) Connector {
	return Connector{Name: i.Name, Class: i.Config["connector.class"], Kind: i.Kind, Config: i.Config,
		State: s.Connector.State, Worker: s.Connector.Worker, Trace: s.Connector.Trace, Tasks: s.Tasks}
}

func at(name string, rest ...string) string {
	return "/connectors/" + url.PathEscape(name) + strings.Join(rest, "")
}

// Create makes a connector.
func (w *Worker) Create(ctx context.Context, name string, config map[string]string) error {
	return w.ask(ctx, http.MethodPost, "/connectors", map[string]any{"name": name, "config": config}, nil)
}

// Delete ends a connector.
func (w *Worker) Delete(ctx context.Context, name string) error {
	return w.ask(ctx, http.MethodDelete, at(name), nil, nil)
}

// Pause stops a connector, or lets it go on: one whose tasks have failed, too.
func (w *Worker) Pause(ctx context.Context, name string, pause bool) error {
	if pause {
		return w.ask(ctx, http.MethodPut, at(name, "/pause"), nil, nil)
	}
	if err := w.ask(ctx, http.MethodPut, at(name, "/resume"), nil, nil); err != nil {
		return err
	}
	if err := w.ask(ctx, http.MethodPost, at(name, "/restart?includeTasks=true&onlyFailed=true"), nil, nil); !IsRefusal(err) { // old workers restart none
		return err
	}
	return nil
}

// Config is what a connector was made with.
func (w *Worker) Config(ctx context.Context, name string) (config map[string]string, err error) {
	err = w.ask(ctx, http.MethodGet, at(name, "/config"), nil, &config)
	return config, err
}

// Connector is how a connector stands.
func (w *Worker) Connector(ctx context.Context, name string) (Connector, error) {
	var i info
	var s status
	if err := w.ask(ctx, http.MethodGet, at(name), nil, &i); err != nil {
		return Connector{}, err
	}
	if err := w.ask(ctx, http.MethodGet, at(name, "/status"), nil, &s); err != nil && !IsMissing(err) { // right after it was made there is none
		return Connector{}, err
	}
	out := connectorOf(i, s)
	var used map[string]struct {
		Topics []string `json:"topics"`
	}
	if err := w.ask(ctx, http.MethodGet, at(name, "/topics"), nil, &used); err != nil && !IsRefusal(err) { // a worker may keep no account of them
		return Connector{}, err
	}
	out.Topics = slices.Sorted(slices.Values(used[name].Topics))
	return out, nil
}

// Connectors are all of a worker's, by name.
func (w *Worker) Connectors(ctx context.Context) ([]Connector, error) {
	var all map[string]struct {
		Info   info   `json:"info"`
		Status status `json:"status"`
	}
	if err := w.ask(ctx, http.MethodGet, "/connectors?expand=info&expand=status", nil, &all); err != nil {
		return nil, err
	}
	var out []Connector
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, connectorOf(all[name].Info, all[name].Status))
	}
	return out, nil
}

// Plugins are the classes of sources and sinks that a worker has.
func (w *Worker) Plugins(ctx context.Context) ([]Plugin, error) {
	var out []Plugin
	err := w.ask(ctx, http.MethodGet, "/connector-plugins", nil, &out)
	return out, err
}

// Summary is the state of a connector with that of its tasks, in the words that ksqlDB has for it.
func (c Connector) Summary() string {
	if c.State != "RUNNING" {
		return c.State
	}
	running := 0
	for _, t := range c.Tasks {
		if t.State == "RUNNING" {
			running++
		}
	}
	state := "RUNNING"
	switch {
	case running == 0 && len(c.Tasks) > 0:
		state = "FAILED"
	case running < len(c.Tasks):
		state = "WARNING"
	}
	return fmt.Sprintf("%s (%d/%d tasks RUNNING)", state, running, len(c.Tasks))
}

// Reason is why a connector, or the first of its tasks that has failed, does not run: the first line of what it tells.
func (c Connector) Reason() string {
	trace := c.Trace
	for _, t := range c.Tasks {
		if trace == "" {
			trace = t.Trace
		}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(trace), "\n")
	return first
}
