package cli

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"weir/server/render"
)

type resetOptions struct {
	node *given
	yes  bool
}

func resetCommand() command {
	return command{
		name: "reset", summary: "Deletes the data directory: topics, streams, tables, state and history.",
		about:   "It asks first, and refuses while another process uses the directory, or if the folder is not one of Weir's.",
		example: "weir reset -y --data-dir ./data",
		flags: func(fs *flag.FlagSet) any {
			o := &resetOptions{node: nodeFlags(fs)}
			fs.BoolVar(&o.yes, "y", false, "does not ask")
			return o
		},
		run: func(_ context.Context, in *invocation, options any) error {
			o := options.(*resetOptions)
			s, err := resolveNode(o.node, nil)
			if err != nil {
				return err
			}
			return reset(in, s.DataDir, o.yes)
		},
	}
}

func reset(in *invocation, path string, yes bool) error {
	switch _, err := os.Stat(filepath.Join(path, markerFile)); {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			_, err := fmt.Fprintf(in.stdout, "There is nothing to delete: %s does not exist.\n", shortHome(path))
			return err
		}
		return fmt.Errorf("%s is not a data directory of Weir's: it has no %s. Nothing was deleted", path, markerFile)
	case err != nil:
		return err
	}
	lock, err := lockDataDir(path)
	if err != nil {
		return err
	}
	defer lock.Close()
	if !yes {
		fmt.Fprintf(in.stdout, "Delete %s (%s) with all topics, tables and state? [y/N] ", shortHome(path), render.Bytes(dirSize(path)))
		line, err := bufio.NewReader(in.stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
			return errors.New("nothing was deleted")
		}
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("cannot delete all of it: %w", err)
	}
	_, err = fmt.Fprintf(in.stdout, "Deleted %s.\n", shortHome(path))
	return err
}
