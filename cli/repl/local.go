package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"weir/engine"
	"weir/parser"
	"weir/server/entity"
)

// Local is an engine in this process.
type Local struct {
	engine  *engine.Engine
	session *engine.Session
	about   string
}

// NewLocal makes a backend of an engine; about is what About answers.
func NewLocal(e *engine.Engine, s *engine.Session, about string) *Local { return &Local{e, s, about} }

// Execute implements Backend.
func (l *Local) Execute(ctx context.Context, s Script, d Display) error {
	base := l.session.BaseDir
	if s.BaseDir != "" {
		l.session.BaseDir = s.BaseDir
	}
	defer func() { l.session.BaseDir = base }()
	err := l.engine.Execute(ctx, l.session, s.Text, func(stmt parser.Stmt, r engine.Result) error {
		if c, ok := r.(*engine.Copy); ok {
			run, err := CopyBegun(stmt, c, l.session.BaseDir, d)
			if err != nil {
				return err
			}
			return run(ctx)
		}
		return Show(ctx, stmt, r, d)
	})
	if err != nil && ctx.Err() != nil {
		return ErrInterrupted
	}
	return Told(err, s.File)
}

// Show displays one result. Rows and records are shown as they come, until they or the context end.
func Show(ctx context.Context, stmt parser.Stmt, r engine.Result, d Display) error {
	switch r := r.(type) {
	case *engine.Rows:
		return showRows(ctx, r, d)
	case *engine.Printed:
		return showPrinted(ctx, r, d)
	default: // about these alone
	}
	if e := entity.Of(stmt, r); e != nil {
		return d.Entity(e)
	}
	if done, ok := r.(*engine.Done); ok {
		return d.Message(done.Message)
	}
	return fmt.Errorf("the answer %T can't be shown", r)
}

func showRows(ctx context.Context, r *engine.Rows, d Display) error {
	defer r.Close()
	if err := d.Header(entity.Meta(r)); err != nil {
		return err
	}
	var buf []byte
	for {
		row, err := r.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return d.End()
		case err != nil && ctx.Err() != nil:
			return errors.Join(ErrInterrupted, d.End(), d.Message(queryEnded))
		case err != nil:
			return errors.Join(err, d.End())
		}
		buf = entity.AppendRow(buf[:0], row.Values, r.Columns)
		if err := d.Row(buf, row.Tombstone); err != nil {
			return err
		}
	}
}

func showPrinted(ctx context.Context, p *engine.Printed, d Display) error {
	defer p.Close()
	formats := ""
	for {
		rec, err := p.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return d.End()
		case err != nil && ctx.Err() != nil:
			return errors.Join(ErrInterrupted, d.End(), d.Message(printEnded))
		case err != nil:
			return errors.Join(err, d.End())
		}
		if now := p.KeyFormat() + "\n" + p.ValueFormat(); now != formats {
			formats = now
			if err := errors.Join(d.Line("Key format: "+p.KeyFormat()), d.Line("Value format: "+p.ValueFormat())); err != nil {
				return err
			}
		}
		if err := d.Line(entity.Printed(rec)); err != nil {
			return err
		}
	}
}

// Aside implements Backend.
func (l *Local) Aside(properties map[string]string) Backend {
	s := engine.NewSession()
	s.Principal, s.BaseDir = l.session.Principal, l.session.BaseDir
	maps.Copy(s.Properties, l.session.Properties)
	maps.Copy(s.Properties, properties)
	maps.Copy(s.Variables, l.session.Variables)
	return &Local{l.engine, s, l.about}
}

// About implements Backend.
func (l *Local) About(context.Context) string { return l.about }
