package connectors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"

	"weir/connectors/connector"
	"weir/kafka"
)

// Config is what a Runtime needs.
type Config struct {
	Cluster *kafka.Cluster
	// DataDir holds one small file of progress per connector. It is created if needed.
	DataDir string
	// BaseDir is what relative paths in properties are relative to, unless a Spec says otherwise. Default: the working directory.
	BaseDir string
	// FileRoot is the folder below which connectors that are confined read files; empty for none.
	FileRoot string
	Catalog  Catalog // what SQL knows of topics; nil for nothing
	// Durable has what topics hold up to these offsets on disk; nil where the brokers see to that.
	Durable func(context.Context, map[string]map[int32]int64) error
	Logger  *slog.Logger // nil discards
}

// Spec is a connector as the user declared it.
type Spec struct {
	Name       string
	Kind       connector.Kind
	Properties []connector.Setting
	BaseDir    string // over Config.BaseDir, such as the folder of the .sql file
	Confined   bool   // it reads and writes files below Config.FileRoot only
	Paused     bool   // it waits for Resume
}

// Runtime runs connectors. All methods may be called from several goroutines.
type Runtime struct {
	cfg    Config
	mu     sync.Mutex
	tasks  map[string]*task // by upper-case name
	closed bool
}

// NewRuntime returns a runtime without connectors.
func NewRuntime(cfg Config) (*Runtime, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot create the directory for connectors: %w", err)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Runtime{cfg: cfg, tasks: make(map[string]*task)}, nil
}

// Validate tells what is wrong with a declaration, without touching anything.
func (r *Runtime) Validate(spec Spec) error {
	_, err := r.open(spec)
	return err
}

// opener makes a fresh connector for each attempt to run it.
type opener struct {
	class  connector.Class
	values connector.Values
	env    connector.Env
}

func (o opener) open() (connector.Reader, error) {
	reader, err := o.class.Open(o.env, o.values)
	if err != nil {
		return nil, fmt.Errorf("connector %s: %w", o.env.Name, err)
	}
	return reader, nil
}

// openSink makes a fresh sink.
func (o opener) openSink() (connector.Opened, error) {
	sink, err := o.class.OpenSink(o.env, o.values)
	if err != nil {
		return sink, fmt.Errorf("connector %s: %w", o.env.Name, err)
	}
	return sink, nil
}

func (r *Runtime) open(spec Spec) (opener, error) {
	if spec.Name == "" {
		return opener{}, errors.New("a connector needs a name")
	}
	var className string
	for _, s := range spec.Properties {
		if strings.EqualFold(strings.TrimSpace(s.Name), connector.ClassProperty) {
			className = s.Value
		}
	}
	if className == "" {
		return opener{}, fmt.Errorf("connector %s needs the property '%s'", spec.Name, connector.ClassProperty)
	}
	class, err := Class(spec.Kind, className)
	if err != nil {
		return opener{}, err
	}
	env := connector.Env{Name: spec.Name, BaseDir: cmp.Or(spec.BaseDir, r.cfg.BaseDir), Confined: spec.Confined, Root: r.cfg.FileRoot, Logger: r.cfg.Logger.With("connector", spec.Name)}
	given, err := reveal(spec.Properties, env)
	if err != nil {
		return opener{}, fmt.Errorf("connector %s: %w", spec.Name, err)
	}
	values, err := connector.Check(class, given)
	if err != nil {
		return opener{}, err
	}
	o := opener{class, values, env}
	return o, o.check(r.cfg.Catalog)
}

// check makes a connector and forgets it again.
func (o opener) check(catalog Catalog) error {
	if o.class.Kind == connector.Source {
		_, err := o.open()
		return err
	}
	in, err := o.input(catalog)
	if err != nil {
		return err
	}
	sink, err := o.openSink()
	if err != nil {
		return err
	}
	if sink.Columns && !sink.Bare {
		err = in.described(catalog)
	}
	if err == nil && sink.Check != nil {
		err = sink.Check(in.relations())
	}
	if err != nil {
		return fmt.Errorf("connector %s: %w", o.env.Name, err)
	}
	return nil
}

// Start runs a connector from where it stood, in the background, unless it is paused. One that had finished stays finished.
func (r *Runtime) Start(spec Spec) error {
	o, err := r.open(spec)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errors.New("connectors are shut down")
	}
	key := strings.ToUpper(spec.Name)
	if r.tasks[key] != nil {
		return fmt.Errorf("connector %s exists already", spec.Name)
	}
	t, err := newTask(r.cfg, o)
	if err != nil {
		return err
	}
	r.tasks[key] = t
	if !spec.Paused {
		t.resume()
	}
	return nil
}

func (r *Runtime) find(name string) (*task, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tasks[strings.ToUpper(name)]
	if t == nil {
		return nil, fmt.Errorf("there is no connector %s", name)
	}
	return t, nil
}

// Pause stops a connector until Resume; what it has emitted is sent first. A connector that isn't running stays as it is.
func (r *Runtime) Pause(name string) error {
	t, err := r.find(name)
	if err != nil {
		return err
	}
	t.pause()
	return nil
}

// Resume runs a paused or a failed connector on from where it stood.
func (r *Runtime) Resume(name string) error {
	t, err := r.find(name)
	if err != nil {
		return err
	}
	t.resume()
	return nil
}

// Delete stops a connector and forgets it and its progress. The topic stays.
func (r *Runtime) Delete(name string) error {
	t, err := r.find(name)
	if err != nil {
		return err
	}
	t.leave()
	r.mu.Lock()
	delete(r.tasks, strings.ToUpper(name))
	r.mu.Unlock()
	if err := os.Remove(t.file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("connector %s is stopped, and its progress cannot be deleted: %w", name, err)
	}
	return nil
}

// Status is how one connector stands.
func (r *Runtime) Status(name string) (Status, error) {
	t, err := r.find(name)
	if err != nil {
		return Status{}, err
	}
	return t.status(), nil
}

// List is how all connectors stand, by name.
func (r *Runtime) List() []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Status, 0, len(r.tasks))
	for _, t := range r.tasks {
		out = append(out, t.status())
	}
	slices.SortFunc(out, func(a, b Status) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Wait returns when every bounded connector has finished. The error names those that failed, or is the context's.
// A paused connector is waited for.
func (r *Runtime) Wait(ctx context.Context) error {
	r.mu.Lock()
	tasks := make([]*task, 0, len(r.tasks))
	for _, t := range r.tasks {
		tasks = append(tasks, t)
	}
	r.mu.Unlock()
	var failed error
	for _, t := range tasks {
		if !t.bounded {
			continue
		}
		if err := t.wait(ctx); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// Deliver waits until every sink that runs has written all that is in its topics. The error names those that failed, or is the context's.
func (r *Runtime) Deliver(ctx context.Context) error {
	r.mu.Lock()
	var sinks []*delivery
	for _, t := range r.tasks {
		if d, ok := t.work.(*delivery); ok {
			sinks = append(sinks, d)
		}
	}
	r.mu.Unlock()
	var failed error
	for _, d := range sinks {
		failed = errors.Join(failed, d.delivered(ctx))
	}
	return failed
}

// Close stops all connectors; their progress is kept.
func (r *Runtime) Close() {
	r.mu.Lock()
	r.closed = true
	tasks := r.tasks
	r.tasks = make(map[string]*task)
	r.mu.Unlock()
	var wg sync.WaitGroup
	for _, t := range tasks {
		wg.Go(t.leave)
	}
	wg.Wait()
}
