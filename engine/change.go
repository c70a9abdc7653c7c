package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"weir/parser"
)

// finishTimeout bounds what follows from a command that stands in the log. What takes longer goes on in the background.
const finishTimeout = 60 * time.Second

// change waits for its turn: statements that change catalog, queries or command log go one after the other. Whoever waits gives up
// when its client leaves. The others, which only read, never wait.
func (e *Engine) change(ctx context.Context) (done func(), err error) {
	select {
	case e.turns <- struct{}{}:
	case <-e.life.Done():
		return nil, errClosing
	case <-ctx.Done():
		return nil, fmt.Errorf("the statement was given up while it waited for another one: %w", ctx.Err())
	}
	done = func() { <-e.turns }
	if err = ctx.Err(); e.life.Err() != nil {
		err = errClosing
	}
	if err == nil {
		err = e.log.refused()
	}
	if err == nil {
		err = e.answerDoubt(ctx)
	}
	if err != nil {
		done()
		return nil, err
	}
	return done, nil
}

var errClosing = errors.New("the server is closing")

// doubt is a command of which it is not known whether it stands in the log.
type doubt struct {
	command   []byte
	why       error
	then      func(ctx context.Context, seq int64)
	otherwise func(ctx context.Context)
}

// enter puts a command into the log, and does what follows from it, whether the client still waits or not. otherwise, which may be nil, is
// done where it turns out that the command does not stand there.
func (e *Engine) enter(ctx context.Context, c command, then func(ctx context.Context, seq int64), otherwise func(ctx context.Context)) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if otherwise == nil {
		otherwise = func(context.Context) {}
	}
	seq, blob, err := e.log.append(ctx, c)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	var unknown *doubtError
	switch {
	case err == nil:
		e.standing(ctx, seq, then)
	case errors.As(err, &unknown):
		e.opt.Log.Error("it is not known whether a statement stands in the command log", "statement", parser.Masked(c.Statement), "error", err)
		e.doubt = &doubt{blob, unknown.why, then, otherwise}
		e.jobs.Go(e.endDoubt)
	default:
		otherwise(ctx)
	}
	return seq, err
}

// standing does what follows from a command in the log. Its number is kept beside the state, so that it is not given again
// should the log lose its end.
func (e *Engine) standing(ctx context.Context, seq int64, then func(ctx context.Context, seq int64)) {
	e.failPoint("command logged")
	if err := e.keepLast(); err != nil {
		e.opt.Log.Error("the number of the last command could not be kept", "error", err)
	}
	then(ctx, seq)
	e.applied.Store(seq + 1)
}

// answerDoubt finds out about a command in doubt, and finishes or forgets it. The caller has its turn.
func (e *Engine) answerDoubt(ctx context.Context) error {
	d := e.doubt
	if d == nil {
		return nil
	}
	seq, err := e.log.settle(ctx, d.command, d.why)
	var unknown *doubtError
	if errors.As(err, &unknown) {
		return &Error{Kind: System, Msg: "an earlier statement is in doubt: " + err.Error(), Err: err}
	}
	e.doubt = nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	e.opt.Log.Info("a statement that was in doubt is found out about", "stands", err == nil)
	if err == nil {
		e.standing(ctx, seq, d.then)
	} else if e.log.refused() == nil {
		d.otherwise(ctx)
	}
	return e.log.refused()
}

// endDoubt answers a doubt as soon as that can be done.
func (e *Engine) endDoubt() {
	for {
		select {
		case <-e.life.Done():
			return
		case <-e.log.gone:
			return
		case <-time.After(time.Second):
		}
		if done, err := e.change(e.life); err == nil {
			done()
			return
		}
	}
}

// closing lets the statement end that is going on, and what goes on in the background; no other one begins.
func (e *Engine) closing(ctx context.Context) {
	select {
	case e.turns <- struct{}{}:
		defer func() { <-e.turns }()
	case <-ctx.Done():
	}
	e.end()
	ended := make(chan struct{})
	go func() {
		e.jobs.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
}
