package engines

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// startWeir runs a server as anybody would: all settings but the place to read from are the defaults, so each commit is a transaction,
// ten of them a second.
func startWeir(ctx context.Context, e *Engine, j Job) (*Process, error) {
	addr := fmt.Sprintf("127.0.0.1:%d", j.Port)
	p, err := launch(j, e.Tools.Weir, "server", "--brokers", j.Brokers, "--data-dir", j.Dir+"/data", "--service-id", j.ID, "--log-level", "warn",
		"--listen", addr, "--registry-listen", fmt.Sprintf("127.0.0.1:%d", j.Port+1))
	if err != nil {
		return nil, err
	}
	p.post = func(ctx context.Context) error { return submit(ctx, addr, WeirSQL(j)) }
	if err := answers(ctx, addr, p); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

// answers waits until the server does.
func answers(ctx context.Context, addr string, p *Process) error {
	ctx, stop := context.WithTimeout(ctx, startLimit)
	defer stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/info", nil)
		if err != nil {
			return err
		}
		if r, err := http.DefaultClient.Do(req); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", ctx.Err())
		case _, ok := <-p.Said:
			if !ok {
				return fmt.Errorf("it ended before it answered: see its log")
			}
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func submit(ctx context.Context, addr, sql string) error {
	body, err := json.Marshal(map[string]any{"ksql": sql, "streamsProperties": map[string]string{"auto.offset.reset": "earliest"}})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/ksql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/vnd.ksql.v1+json")
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(r.Body)
		return fmt.Errorf("%s: %s", r.Status, text)
	}
	return nil
}
