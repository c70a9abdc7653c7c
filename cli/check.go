package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"weir/engine"
	"weir/exec/state"
	"weir/kafka/embedded"
	"weir/registry"
	"weir/server/render"
)

func checkCommand() command {
	return command{
		name: "check", args: "[DIR]", summary: "Says what of a data directory is sound, what is lost, and what to do.", most: 1,
		about: "It reads all of the directory of a node that is stopped, and changes nothing. Without DIR, the data directory is the one that\n" +
			"the settings name. It ends with 0 where all is sound, with 1 where something is damaged or lost, and with 2 where it can't tell.",
		example: "weir check ./data",
		flags:   func(fs *flag.FlagSet) any { return nodeFlags(fs) },
		run: func(_ context.Context, in *invocation, options any) error {
			s, err := resolveNode(options.(*given), nil)
			if err != nil {
				return err
			}
			dir := s.DataDir
			if len(in.args) == 1 {
				dir = in.args[0]
			}
			return check(in.stdout, dir)
		},
	}
}

// errUnknown says that it can't be told what is in a directory.
type errUnknown struct{ error }

// checkup collects what is found.
type checkup struct {
	out      io.Writer
	findings int
}

func (c *checkup) section(name, sound string, findings []string, do string) {
	if len(findings) == 0 {
		fmt.Fprintf(c.out, "%-16s sound: %s\n", name, sound)
		return
	}
	c.findings += len(findings)
	fmt.Fprintf(c.out, "%-16s %s\n", name, sound)
	for _, f := range findings {
		fmt.Fprintf(c.out, "  damaged        %s\n", f)
	}
	fmt.Fprintf(c.out, "  to do          %s\n", do)
}

func check(out io.Writer, dir string) error {
	if _, err := os.Stat(dir); err != nil {
		return errUnknown{fmt.Errorf("cannot read the data directory: %w", err)}
	}
	if _, err := os.Stat(filepath.Join(dir, lockFile)); err == nil {
		lock, err := lockDataDir(dir)
		if err != nil {
			return errUnknown{fmt.Errorf("a node is running in %s, or it may not be written to by this user: stop the node, and check again", dir)}
		}
		defer lock.Close()
	}
	c := &checkup{out: out}
	c.section("directory", shortHome(dir), markerFindings(dir), fmt.Sprintf("write {\"layout\":%d} into %s, if no newer version of Weir has made the directory", currentLayout, markerFile))
	if err := c.topics(filepath.Join(dir, "broker")); err != nil {
		return err
	}
	if err := c.state(filepath.Join(dir, "state")); err != nil {
		return err
	}
	commands, findings, err := engine.CheckCommands(dir)
	if err != nil {
		return errUnknown{err}
	}
	c.section("commands", render.Counted(int64(commands), "command")+" in the copy of the log", findings, "start the node: the copy is written anew from the log. Where a command is missing in both, SHOW STREAMS, TABLES and QUERIES tell")
	if _, err := os.Stat(filepath.Join(dir, "registry")); err == nil {
		findings, err := registry.Check(filepath.Join(dir, "registry"))
		if err != nil {
			findings = []string{err.Error()}
		}
		c.section("schema registry", "schemas", findings, "start the node: what is damaged in one of the two files is taken from the other. Where it is damaged in both, restore one from a copy")
	}
	if modules, findings := engine.CheckModules(dir); modules > 0 {
		c.section("functions", render.Counted(int64(modules), "module"), findings, "start the node: it names the functions of which the module is damaged. DROP FUNCTION, and CREATE them again")
	}
	if c.findings == 0 {
		fmt.Fprintln(out, "All is sound.")
		return nil
	}
	fmt.Fprintf(out, "%s. Nothing was changed. To be safe, copy the directory before the next start.\n", render.Counted(int64(c.findings), "finding"))
	return errShown
}

func markerFindings(dir string) []string {
	data, err := os.ReadFile(filepath.Join(dir, markerFile))
	if err != nil {
		return []string{err.Error()}
	}
	if l := readLayout(data); l != currentLayout {
		return []string{fmt.Sprintf("%s holds %q, and has to hold {\"layout\":%d}", markerFile, data, currentLayout)}
	}
	return nil
}

func (c *checkup) topics(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(c.out, "%-16s none: the node works with a Kafka elsewhere, or has never run\n", "topics")
		return nil
	}
	found, err := embedded.Check(dir)
	if err != nil {
		c.section("topics", "", []string{err.Error()}, "restore the directory from a copy, or move "+dir+" away to start with no topics")
		return nil
	}
	var findings []string
	for _, f := range found.Findings {
		findings = append(findings, f.File+": "+f.What)
	}
	slices.Sort(findings)
	c.section("topics", render.Counted(int64(found.Topics), "topic")+", "+render.Counted(int64(found.Partitions), "partition"), findings,
		"start the node: it takes out what is damaged, keeps it in "+filepath.Join(dir, "damaged")+", and goes on with all else")
	for _, l := range found.New {
		c.findings++
		fmt.Fprintf(c.out, "  lost           topic %s, partition %d, offsets %d to %d: %s\n", l.Topic, l.Partition, l.From, l.To-1, l.Why)
	}
	for _, l := range found.Lost {
		c.findings++
		fmt.Fprintf(c.out, "  lost before    topic %s, partition %d, offsets %d to %d, noticed %s: %s\n", l.Topic, l.Partition, l.From, l.To-1, l.Seen.Format("2006-01-02 15:04:05"), l.Why)
	}
	if len(found.New)+len(found.Lost) > 0 {
		fmt.Fprintf(c.out, "  to do          write those records again, if whoever wrote them has them; queries go on behind them (weir.on.lost.records)\n")
	}
	return nil
}

func (c *checkup) state(dir string) error {
	found, err := state.Check(dir)
	if err != nil {
		return errUnknown{err}
	}
	kept, err := filepath.Glob(dir + "-damaged-*")
	if err != nil {
		return errUnknown{err}
	}
	for _, k := range kept {
		fmt.Fprintf(c.out, "%-16s %s was put aside earlier, as damaged: delete it when the queries are complete again\n", "state", k)
	}
	queries := slices.DeleteFunc(slices.Sorted(maps.Keys(found.Entries)), func(q string) bool { return q == "" })
	c.section("state", render.Counted(int64(len(queries)), "query"), found.Findings,
		"start the node: it keeps what is damaged beside, makes the state of queries anew from their topics, and puts nothing out twice")
	for _, q := range queries {
		fmt.Fprintf(c.out, "  query          %s: %s\n", q, render.Counted(int64(found.Entries[q]), "entry"))
	}
	return nil
}
