package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"weir/cli/repl"
	"weir/migrate/project"
	"weir/server/render"
)

type migrateOptions struct {
	config, token  string
	all, next, dry bool
	until, version int
	define         *statements
}

func migrateCommand() command {
	return command{
		name: "migrate", args: "COMMAND [ARGUMENTS]", summary: "Runs a project of ksqlDB's migrations: files V000001__name.sql, each carried out once.", most: 3,
		about: "  new PATH URL           makes a project for the server at URL\n" +
			"  initialize             makes the stream and table in which the server keeps what was carried out\n" +
			"  create DESCRIPTION     makes an empty migration, with the next version or that of --version\n" +
			"  apply                  carries migrations out: --all, --next, --until or --version\n" +
			"  info                   lists the migrations with their states\n" +
			"  validate               compares what was carried out with the files\n" +
			"  destroy-metadata       removes the stream and the table, with their topics; what was carried out stays\n\n" +
			"Projects of ksql-migrations run as they are, against Weir's server or ksqlDB's. It ends with 1 after an error.",
		example: "weir migrate new my-project http://localhost:8088",
		flags: func(fs *flag.FlagSet) any {
			o := &migrateOptions{define: &statements{}}
			both := func(short, long string, add func(name string)) { add(short); add(long) }
			both("c", "config-file", func(n string) {
				fs.StringVar(&o.config, n, project.ConfigFile, "`FILE` the configuration of the project")
			})
			both("a", "all", func(n string) { fs.BoolVar(&o.all, n, false, "applies all that were not carried out") })
			both("n", "next", func(n string) { fs.BoolVar(&o.next, n, false, "applies the next one") })
			both("u", "until", func(n string) { fs.IntVar(&o.until, n, 0, "`VERSION` applies all up to this one") })
			both("v", "version", func(n string) {
				fs.IntVar(&o.version, n, 0, "`VERSION` applies this one; of create, the version to make")
			})
			fs.BoolVar(&o.dry, "dry-run", false, "shows what would be applied, and does nothing")
			fs.StringVar(&o.token, "token", "", "`TOKEN` logs in; WEIR_TOKEN where it is not given")
			o.define.variableFlags(fs)
			return o
		},
		run: runMigrate,
	}
}

func runMigrate(ctx context.Context, in *invocation, options any) error {
	o := options.(*migrateOptions)
	if len(in.args) == 0 {
		return errUsage{"expected a command: new, initialize, create, apply, info, validate or destroy-metadata"}
	}
	word, args := in.args[0], in.args[1:]
	want := map[string]int{"new": 2, "new-project": 2, "create": 1}[word]
	if len(args) != want {
		return errUsage{fmt.Sprintf("migrate %s: expected %d arguments, got %d", word, want, len(args))}
	}
	if word == "new" || word == "new-project" {
		if err := project.New(args[0], args[1]); err != nil {
			return err
		}
		_, err := fmt.Fprintf(in.stdout, "Made the project %s. Next: weir migrate -c %s/%s initialize\n", args[0], strings.TrimRight(args[0], "/"), project.ConfigFile)
		return err
	}
	c, err := project.Load(o.config)
	if err != nil {
		return err
	}
	for _, name := range c.Unused {
		fmt.Fprintf(in.stderr, "weir: %s has no effect: certificates are those that this machine trusts, and --token logs in\n", name)
	}
	if word == "create" {
		path, err := project.Create(c.Dir, args[0], o.version)
		if err == nil {
			_, err = fmt.Fprintln(in.stdout, "Made "+path)
		}
		return err
	}
	remote, err := repl.NewRemote(c.URL)
	if err != nil {
		return err
	}
	token := o.token
	if token == "" {
		token = os.Getenv("WEIR_TOKEN")
	}
	if c.User != "" {
		remote.LogIn(c.User, c.Password)
	} else if token != "" {
		remote.LogIn("", token)
	}
	return o.run(ctx, in.stdout, &project.Project{Config: c, Server: remote}, word)
}

func (o *migrateOptions) run(ctx context.Context, out io.Writer, p *project.Project, word string) error {
	say := func(format string, args ...any) error {
		_, err := fmt.Fprintf(out, format+"\n", args...)
		return err
	}
	switch word {
	case "initialize", "initialize-metadata":
		if err := p.Initialize(ctx); err != nil {
			return err
		}
		return say("Made the stream %s and the table %s.", p.Config.Stream, p.Config.Table)
	case "destroy-metadata":
		if err := p.Destroy(ctx); err != nil {
			return err
		}
		return say("Removed the stream %s and the table %s, with their topics.", p.Config.Stream, p.Config.Table)
	case "validate":
		files, err := project.Files(p.Config.Dir)
		if err != nil {
			return err
		}
		last, err := p.Validate(ctx, files)
		if err != nil {
			return err
		}
		return say("All that was carried out, up to version %d, is as in the files.", last)
	case "info":
		return o.info(ctx, out, p)
	case "apply":
		return o.apply(ctx, out, p)
	}
	return errUsage{fmt.Sprintf("migrate: there is no command %q: expected new, initialize, create, apply, info, validate or destroy-metadata", word)}
}

func (o *migrateOptions) apply(ctx context.Context, out io.Writer, p *project.Project) error {
	which := project.Which{All: o.all, Next: o.next, Until: o.until, Version: o.version}
	chosen := 0
	for _, is := range []bool{o.all, o.next, o.until > 0, o.version > 0} {
		if is {
			chosen++
		}
	}
	if chosen != 1 {
		return errUsage{"migrate apply: expected one of --all, --next, --until VERSION and --version VERSION"}
	}
	variables := map[string]string{}
	o.define.variables(func(name, value string) { variables[name] = value })
	n := 0
	err := p.Apply(ctx, which, variables, o.dry, func(f project.File) {
		n++
		fmt.Fprintf(out, "Version %d, %s\n", f.Version, f.Name)
		if o.dry {
			fmt.Fprintln(out, strings.TrimRight(f.Text, "\n"))
		}
	})
	switch {
	case err != nil:
		return err
	case o.dry:
		_, err = fmt.Fprintf(out, "%s would be applied. Nothing was changed.\n", render.Counted(int64(n), "migration"))
	default:
		_, err = fmt.Fprintf(out, "%s %s applied.\n", render.Counted(int64(n), "migration"), was(int64(n)))
	}
	return err
}

func (o *migrateOptions) info(ctx context.Context, out io.Writer, p *project.Project) error {
	list, last, err := p.Info(ctx)
	if err != nil {
		return err
	}
	at := "none"
	if last != nil {
		at = strconv.Itoa(last.Version)
	}
	fmt.Fprintf(out, "Current version: %s\n", at)
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "Version\tName\tState\tPrevious\tStarted\tCompleted\tError")
	for _, v := range list {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", v.Version, v.Name, v.State, v.Previous, instant(v.Started), instant(v.Completed), strings.Join(strings.Fields(v.Reason), " "))
	}
	return w.Flush()
}

// instant is a time as people read it.
func instant(ms string) string {
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return ms
	}
	return time.UnixMilli(n).Format("2006-01-02 15:04:05")
}
