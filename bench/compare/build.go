package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"weir/bench/compare/engines"
)

// build makes what the engines need, each once, and notes in each what it was made of.
func build(ctx context.Context, root, work string, es []*engines.Engine) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	tools := engines.Tools{Self: self, Weir: filepath.Join(work, "weir")}
	for _, e := range es {
		switch e.Kind {
		case "weir":
			e.Build, err = buildWeir(ctx, root, tools.Weir)
		case "bare":
			e.Build = "1"
		}
		if err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
	}
	for _, e := range es {
		e.Tools = tools
	}
	return nil
}

func buildWeir(ctx context.Context, root, to string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", to, ".") // the same program gives the same bytes
	cmd.Dir, cmd.Stderr = root, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go build: %w", err)
	}
	return sum(to)
}

// sum is a short name for what files hold.
func sum(files ...string) (string, error) {
	h := sha256.New()
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n", filepath.Base(f), len(text))
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}
