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
	tools := engines.Tools{Self: self, Java: "java", Weir: filepath.Join(work, "weir"), Streams: filepath.Join(work, "streams")}
	if home := os.Getenv("JAVA_HOME"); home != "" {
		tools.Java = filepath.Join(home, "bin", "java")
	}
	for _, e := range es {
		switch e.Kind {
		case "weir":
			e.Build, err = buildWeir(ctx, root, tools.Weir)
		case "bare":
			e.Build = "1"
		case "streams", "streams64":
			e.Build, err = buildJava(ctx, filepath.Join(root, "bench", "compare", "streams"), tools.Streams)
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

// buildJava lets Maven compile a program into a folder, with the jars that it needs, unless it was built of the same sources.
func buildJava(ctx context.Context, from, to string) (string, error) {
	pom := filepath.Join(from, "pom.xml")
	sources, err := filepath.Glob(filepath.Join(from, "src", "main", "java", "compare", "*.java"))
	if err != nil {
		return "", err
	}
	made, err := sum(append(sources, pom)...)
	if err != nil {
		return "", err
	}
	mark := filepath.Join(to, "made-of")
	if was, err := os.ReadFile(mark); err == nil && string(was) == made {
		return made, nil
	}
	if err := os.RemoveAll(to); err != nil { // jars of other versions would be in the way
		return "", err
	}
	cmd := exec.CommandContext(ctx, "mvn", "-B", "-q", "-f", pom, "-Dout="+to, "compile")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("mvn -f %s compile: %w: Maven, a JDK of 17 or newer and Maven Central are needed", pom, err)
	}
	return made, os.WriteFile(mark, []byte(made), 0o644)
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
