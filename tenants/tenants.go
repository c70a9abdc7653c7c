// Package tenants knows who may use a server, by a file of principals, and how much each of them takes of it.
package tenants

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Options say how principals are kept.
type Options struct {
	Log  *slog.Logger     // nil discards
	Now  func() time.Time // the clock of rates; nil for time.Now
	Look time.Duration    // how often the file is looked at; 0 for a second
}

// Tenants are the principals of a file, as it stands. All methods may be called from several goroutines; nil has no principals.
type Tenants struct {
	path string
	opt  Options
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	byName  map[string]*Principal // also those that are not in the file and own something
	byToken map[[sha256.Size]byte]*Principal
	stamp   fs.FileInfo // of what was read last
	text    []byte
}

// Open reads the file, and reads it again whenever it changes, until Close.
func Open(path string, o Options) (*Tenants, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Look == 0 {
		o.Look = time.Second
	}
	t := &Tenants{path: path, opt: o, done: make(chan struct{}), byName: map[string]*Principal{}}
	if _, err := t.read(); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	t.stop = stop
	go t.watch(ctx)
	return t, nil
}

// Close ends the looking at the file.
func (t *Tenants) Close() {
	if t == nil {
		return
	}
	t.stop()
	<-t.done
}

// watch reads the file again when it changes. One that is wrong changes nothing.
func (t *Tenants) watch(ctx context.Context) {
	defer close(t.done)
	tick := time.NewTicker(t.opt.Look)
	defer tick.Stop()
	failed := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := t.read()
		switch {
		case err != nil && err.Error() != failed:
			failed = err.Error()
			t.opt.Log.Error("the file of principals has changed and can't be used: what it said before stays in force", "error", err)
		case err == nil && changed:
			failed = ""
			t.opt.Log.Info("the file of principals was read again", "file", t.path)
		}
	}
}

// read takes the file in, if it is another one than before.
func (t *Tenants) read() (changed bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	stamp, err := os.Stat(t.path)
	if err != nil {
		return false, fmt.Errorf("the file of principals can't be read: %w", err)
	}
	// A file that was written twice within a tick of the file system's clock looks the same, so what is fresh is read again.
	if t.stamp != nil && os.SameFile(t.stamp, stamp) && stamp.ModTime().Equal(t.stamp.ModTime()) && stamp.Size() == t.stamp.Size() && time.Since(stamp.ModTime()) > time.Minute {
		return false, nil
	}
	text, err := os.ReadFile(t.path)
	if err != nil {
		return false, fmt.Errorf("the file of principals can't be read: %w", err)
	}
	if t.stamp != nil && bytes.Equal(text, t.text) {
		t.stamp = stamp
		return false, nil
	}
	entries, err := parse(text)
	if err != nil {
		return false, fmt.Errorf("the file of principals %s: %w", t.path, err)
	}
	t.stamp, t.text = stamp, text
	t.put(entries)
	return true, nil
}

// put has the principals be those of the file: who is in it no more, or has another token, is shown out.
func (t *Tenants) put(entries []entry) {
	t.byToken = make(map[[sha256.Size]byte]*Principal, len(entries))
	in := map[string]bool{}
	for _, e := range entries {
		p := t.named(e.Name)
		p.set(e)
		t.byToken[e.hash] = p
		in[e.Name] = true
	}
	for name, p := range t.byName {
		if !in[name] {
			p.revoke()
		}
	}
}

func (t *Tenants) named(name string) *Principal {
	p := t.byName[name]
	if p == nil {
		p = &Principal{name: name, now: t.opt.Now, queries: map[string]bool{}, state: map[string]int64{}}
		t.byName[name] = p
	}
	return p
}

// Find is the principal with a token; nil for none.
func (t *Tenants) Find(token string) *Principal {
	if t == nil {
		return nil
	}
	hash := sha256.Sum256([]byte(token)) // looked up by it, a token can't be guessed letter by letter
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byToken[hash]
}

// Named is the principal of a name that was in the file once: what it owns is counted although it may be there no more. An empty name is nobody.
func (t *Tenants) Named(name string) *Principal {
	if t == nil || name == "" {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.named(name)
}

// All are the principals, in no order.
func (t *Tenants) All() (out []*Principal) {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.byName {
		out = append(out, p)
	}
	return out
}
