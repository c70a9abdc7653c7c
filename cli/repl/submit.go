package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"weir/server/render"
	"weir/server/wire"
)

// Submission is a file that a server is to carry out whole or not at all.
type Submission struct {
	Name, Text string // the name is that of errors; empty for none
	Format     render.Format
	Width      int               // columns of the terminal that the answer is for; 0 for as many as it takes
	Properties map[string]string // of its session
}

// Submits says whether a server answers so: what it lays out is laid out there.
func Submits(f render.Format) bool { _, ok := submitted[f]; return ok }

var submitted = map[render.Format]string{render.Tabular: wire.Text, render.JSON: wire.JSON, render.JSONL: wire.Lines, render.CSV: wire.CSV}

// Submit sends a file, and copies the answer as it comes.
func (r *Remote) Submit(ctx context.Context, s Submission, out io.Writer) error {
	u := *r.base
	u = *u.JoinPath("sql")
	params := url.Values{}
	if s.Name != "" {
		params.Set("file", s.Name)
	}
	if s.Width > 0 {
		params.Set("width", strconv.Itoa(s.Width))
	}
	for name, value := range s.Properties {
		params.Set(name, value)
	}
	u.RawQuery, u.User = params.Encode(), nil
	resp, err := r.send(ctx, http.MethodPost, &u, submitted[s.Format], wire.SQL, []byte(s.Text))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(out, resp.Body)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the answer is not whole: the query failed, or the server has ended")
	case ctx.Err() != nil:
		return ErrInterrupted
	case err != nil:
		return fmt.Errorf("the server ended the answer: %w", err)
	}
	return nil
}
