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
	tools := engines.Tools{Self: self, Java: "java", Weir: filepath.Join(work, "weir"), Streams: filepath.Join(work, "streams"), Flink: filepath.Join(work, "flink")}
	if home := os.Getenv("JAVA_HOME"); home != "" {
		tools.Java = filepath.Join(home, "bin", "java")
	}
	here := func(files ...string) (paths []string) {
		for _, f := range files {
			paths = append(paths, filepath.Join(root, "bench", "compare", filepath.FromSlash(f)))
		}
		return paths
	}
	for _, e := range es {
		switch e.Kind {
		case "weir":
			if err = buildWeir(ctx, root, tools.Weir); err == nil {
				e.Build, err = sum(append(here("engines/weir.go", "engines/weir_sql.go"), tools.Weir)...)
			}
		case "bare":
			e.Build, err = sum(here("engines/bare.go")...)
		case "streams", "streams64":
			e.Build, err = buildJava(ctx, here("streams")[0], tools.Streams, here("engines/streams.go")...)
		case "flink", "flinkrocks":
			e.Build, err = buildJava(ctx, here("flink")[0], tools.Flink, here("engines/flink.go", "engines/flink_sql.go")...)
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

func buildWeir(ctx context.Context, root, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", to, ".") // the same program gives the same bytes
	cmd.Dir, cmd.Stderr = root, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	return nil
}

// buildJava lets Maven compile a program into a folder, with the jars that it needs, unless it was built of the same sources. The rest of what makes an engine of it
// counts as one.
func buildJava(ctx context.Context, from, to string, more ...string) (string, error) {
	pom := filepath.Join(from, "pom.xml")
	sources, err := filepath.Glob(filepath.Join(from, "src", "main", "java", "compare", "*.java"))
	if err != nil {
		return "", err
	}
	made, err := sum(append(append(sources, pom), more...)...)
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
