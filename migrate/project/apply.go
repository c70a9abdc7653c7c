package project

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"weir/parser"
	"weir/parser/ast"
)

// Which says what is to be carried out: one of them is set.
type Which struct {
	All, Next      bool
	Until, Version int
}

// Info are the migrations of the folder with what the server keeps of each, and the version that was begun last; nil for none.
func (p *Project) Info(ctx context.Context) (list []Version, last *Version, err error) {
	files, err := Files(p.Config.Dir)
	if err != nil {
		return nil, nil, err
	}
	if last, err = p.look(ctx, current); err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		v, err := p.look(ctx, strconv.Itoa(f.Version))
		if err != nil {
			return nil, nil, err
		}
		if v == nil {
			v = &Version{Version: f.Version, Name: f.Name, State: Pending}
		}
		list = append(list, *v)
	}
	return list, last, nil
}

// latest is the version that was carried out last; 0 for none. One that failed counts as not carried out.
func (p *Project) latest(ctx context.Context) (int, error) {
	v, err := p.look(ctx, current)
	switch {
	case err != nil || v == nil:
		return 0, err
	case v.State == Running:
		return 0, fmt.Errorf("version %d is being carried out, or was left half way. Where nobody does any more, see what it has made, and note in %s that it is in %s", v.Version, p.Config.Stream, Failed)
	case v.State == Migrated:
		return v.Version, nil
	case v.Previous == none || v.Previous == "":
		return 0, nil
	}
	return strconv.Atoi(v.Previous)
}

// Validate compares what was carried out with the files, from the last version back to the first. It returns the last.
func (p *Project) Validate(ctx context.Context, files []File) (int, error) {
	last, err := p.latest(ctx)
	for at := last; err == nil && at != 0; {
		var v *Version
		v, err = p.look(ctx, strconv.Itoa(at))
		if err != nil {
			break
		}
		f, there := find(files, at)
		switch {
		case v == nil:
			return 0, fmt.Errorf("%s knows nothing of version %d, which was carried out", p.Config.Table, at)
		case v.State != Migrated:
			return 0, fmt.Errorf("version %d is in %s, and a later one was carried out", at, v.State)
		case !there:
			return 0, fmt.Errorf("version %d was carried out, and %s has no file of it", at, p.Config.Dir)
		case f.Sum != v.Sum:
			return 0, fmt.Errorf("%s was changed since version %d was carried out: its sum is %s, and was %s. Put it back, and write the change as a new version", f.Path, at, f.Sum, v.Sum)
		case v.Previous == none || v.Previous == "":
			return last, nil
		}
		at, err = strconv.Atoi(v.Previous)
	}
	return last, err
}

// choose are the files to be carried out behind a version.
func choose(files []File, which Which, last int) ([]File, error) {
	if which.Version > 0 {
		f, there := find(files, which.Version)
		switch {
		case !there:
			return nil, fmt.Errorf("there is no file of version %d", which.Version)
		case which.Version <= last:
			return nil, fmt.Errorf("version %d is not behind the last one that was carried out, %d", which.Version, last)
		}
		return []File{f}, nil
	}
	var out []File
	for _, f := range files {
		if f.Version > last && (which.Until == 0 || f.Version <= which.Until) {
			out = append(out, f)
		}
	}
	if which.Next && len(out) == 0 {
		return nil, errors.New("there is no migration behind the last one that was carried out")
	}
	if which.Next {
		out = out[:1]
	}
	return out, nil
}

// Apply carries migrations out. Each is told of before it begins; with dry nothing more is done. The first statement that fails ends it.
func (p *Project) Apply(ctx context.Context, which Which, variables map[string]string, dry bool, tell func(File)) error {
	files, err := Files(p.Config.Dir)
	if err != nil {
		return err
	}
	last, err := p.Validate(ctx, files)
	if err != nil {
		return err
	}
	list, err := choose(files, which, last)
	if err != nil {
		return err
	}
	for _, f := range list {
		tell(f)
		if dry {
			continue
		}
		if err := p.migrate(ctx, f, last, variables); err != nil {
			return err
		}
		last = f.Version
	}
	return nil
}

// migrate carries one out.
func (p *Project) migrate(ctx context.Context, f File, last int, variables map[string]string) error {
	v := Version{Version: f.Version, Name: f.Name, State: Running, Sum: f.Sum, Started: now(), Previous: none, Reason: noReason}
	if last > 0 {
		v.Previous = strconv.Itoa(last)
	}
	if err := p.write(ctx, v); err != nil {
		return err
	}
	err := run(f, variables, func(step) error { return nil })
	if err == nil {
		err = run(f, variables, func(s step) error { return p.execute(ctx, s.text, s.properties, s.variables, nil) })
	}
	v.State, v.Completed = Migrated, now()
	if err == nil {
		return p.write(ctx, v)
	}
	err = fmt.Errorf("%s: %w", f.Path, err)
	v.State, v.Reason = Failed, err.Error()
	note, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.patience())
	defer cancel()
	if failed := p.write(note, v); failed != nil {
		err = errors.Join(err, failed)
	}
	return err
}

func now() string { return strconv.FormatInt(time.Now().UnixMilli(), 10) }

// step is a statement that is sent, with what was set before it in its file.
type step struct {
	text                  string
	properties, variables map[string]string
}

// run goes through the statements of a file.
func run(f File, variables map[string]string, each func(step) error) error {
	s := step{properties: map[string]string{}, variables: map[string]string{}}
	maps.Copy(s.variables, variables)
	pieces := parser.Split(f.Text)
	if pieces.Open != parser.Complete {
		if _, err := parser.Parse(f.Text, parser.Options{}); err != nil {
			return err
		}
		return errors.New("it ends inside a statement: end it with ;")
	}
	for _, piece := range pieces.Statements {
		full, err := parser.Substitute(piece.Text, s.variables)
		if err == nil {
			s.text = piece.Text
			err = s.take(full, each)
		}
		if err != nil {
			return fmt.Errorf("line %d, %s: %w", piece.Pos.Line, strings.Join(strings.Fields(parser.Masked(piece.Text)), " "), err)
		}
	}
	return nil
}

// take sets what a statement sets, or hands it on.
func (s *step) take(full string, each func(step) error) error {
	list, err := parser.Parse(full, parser.Options{})
	if err != nil {
		return err
	}
	for _, one := range list {
		switch n := one.Node.(type) {
		case *ast.Set:
			s.properties[n.Name] = n.Value
		case *ast.Unset:
			delete(s.properties, n.Name)
		case *ast.Define:
			s.variables[n.Name] = n.Value
		case *ast.Undefine:
			delete(s.variables, n.Name)
		case ast.Definition, *ast.InsertValues, *ast.Terminate, *ast.Pause, *ast.Resume, *ast.CreateConnector, *ast.DropConnector, *ast.PauseConnector, *ast.AssertTopic, *ast.AssertSchema:
			if err := each(*s); err != nil {
				return err
			}
		default:
			return errors.New("it changes nothing, and has no place in a migration")
		}
	}
	return nil
}
