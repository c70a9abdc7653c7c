package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"

	"weir/cli/repl"
	"weir/kafka"
	"weir/migrate/ksqldb"
	"weir/server/render"
	"weir/server/wire"
	"weir/settings"
)

type importOptions struct {
	login
	brokers, service, registry      string
	to                              string
	begin, stateful, output         string
	apply, skipRefused, whileOthers bool
	define                          *statements
	connection                      *given // how the brokers and the registry are reached
}

func importCommand() command {
	return command{
		name: "import", args: "ksqldb [FILE|URL]", summary: "Takes over what a ksqlDB cluster runs: plans it, and with --apply creates it.", most: 2,
		about: "It reads the command topic on the Kafka of --brokers HOST:PORT, or a FILE, which is a dump of that topic or a script, or asks the ksqlDB server at a\n" +
			"URL. What each statement becomes is printed: taken, different (and how), refused (why, and what to write). Without --to it is planned by this program alone, and\n" +
			"nothing else is needed; with --to the Weir server plans it, and --apply has that create it, with the ids that queries had, which go on where ksqlDB's\n" +
			"consumer groups stand. It ends with 1 where anything is refused, or was not applied. docs/from-ksqldb.md tells more.",
		example: "weir import ksqldb hello.sql",
		flags: func(fs *flag.FlagSet) any {
			o := &importOptions{define: &statements{}}
			fs.StringVar(&o.brokers, "brokers", "", "`HOST:PORT,...` the Kafka that the ksqlDB cluster works with")
			fs.StringVar(&o.service, "service-id", "", "`ID` ksql.service.id of the cluster (default "+ksqldb.DefaultService+")")
			o.connection = connectionFlags(fs)
			fs.StringVar(&o.registry, "schema-registry", "", "`URL` the schema registry that statements without columns take them from, where this program plans them")
			fs.StringVar(&o.to, "to", "", "`URL` the Weir server, on the same Kafka; WEIR_URL where it is not given")
			o.flags(fs)
			fs.StringVar(&o.begin, "begin", wire.BeginGroup, "`PLACE` where queries begin: "+wire.BeginGroup+" for where ksqlDB's consumer groups stand, "+wire.BeginStart+" for the start of their topics")
			fs.StringVar(&o.stateful, "stateful", "", "`CHOICE` of queries whose rows depend on those before: rebuild has them read their topics from the start, continue has them go on without what they knew")
			fs.BoolVar(&o.apply, "apply", false, "creates it under Weir")
			fs.BoolVar(&o.skipRefused, "skip-refused", false, "applies the others where some are refused")
			fs.BoolVar(&o.whileOthers, "while-running", false, "applies it although ksqlDB still runs the queries")
			fs.StringVar(&o.output, "output", string(render.Tabular), "`FORMAT` TABULAR, or JSON")
			o.define.variableFlags(fs)
			return o
		},
		run: runImport,
	}
}

// check finds what is wrong with the command line.
func (o *importOptions) check(in *invocation) (json bool, err error) {
	format, err := render.ParseFormat(o.output)
	switch {
	case err != nil:
		return false, errUsage{err.Error()}
	case format != render.Tabular && format != render.JSON:
		return false, errUsage{"--output: expected TABULAR or JSON"}
	case len(in.args) == 0 || in.args[0] != "ksqldb":
		return false, errUsage{"expected what is to be imported: weir import ksqldb [FILE|URL]"}
	case o.begin != wire.BeginGroup && o.begin != wire.BeginStart:
		return false, errUsage{fmt.Sprintf("--begin: expected %s or %s, got %q", wire.BeginGroup, wire.BeginStart, o.begin)}
	case o.stateful != "" && o.stateful != "rebuild" && o.stateful != "continue":
		return false, errUsage{fmt.Sprintf("--stateful: expected rebuild or continue, got %q", o.stateful)}
	}
	if o.to == "" {
		o.to = os.Getenv("WEIR_URL")
	}
	if o.apply && o.to == "" {
		return false, errUsage{"--apply goes with --to, the URL of the Weir server, such as --to " + defaultURL}
	}
	return format == render.JSON, nil
}

func runImport(ctx context.Context, in *invocation, options any) error {
	o := options.(*importOptions)
	asJSON, err := o.check(in)
	if err != nil {
		return err
	}
	s, err := resolveNode(o.connection, nil)
	if err != nil {
		return err
	}
	if o.brokers == "" && len(in.args) == 1 {
		o.brokers = strings.Join(s.Brokers, ",")
	}
	if o.brokers == "" && len(in.args) == 1 {
		return errUsage{"expected --brokers, a FILE or a URL to read from"}
	}
	var brokers *kafka.Cluster
	if o.brokers != "" {
		cfg, err := brokersElsewhere(s, strings.Split(o.brokers, ","), newLog(s, in.stderr))
		if err != nil {
			return err
		}
		if brokers, err = kafka.Connect(ctx, cfg); err != nil {
			return err
		}
		defer brokers.Close()
	}
	found, err := o.read(ctx, in, brokers)
	if err != nil {
		return err
	}
	report, err := o.plan(ctx, in, brokers, found, s)
	if err != nil {
		return err
	}
	r := &importReport{cluster: found, report: report, applied: o.apply, planned: o.to == "", asJSON: asJSON}
	if brokers != nil {
		if r.left, err = ksqldb.Left(ctx, brokers, o.service); err != nil {
			return err
		}
	}
	return r.print(in.stdout)
}

// read finds out what the cluster runs.
func (o *importOptions) read(ctx context.Context, in *invocation, brokers *kafka.Cluster) (*ksqldb.Cluster, error) {
	given := o.service
	if o.service == "" {
		o.service = ksqldb.DefaultService
	}
	if len(in.args) == 1 {
		commands, err := ksqldb.ReadTopic(ctx, brokers, o.service)
		return ksqldb.Fold(commands, o.service), err
	}
	from := in.args[1]
	if strings.HasPrefix(from, "http://") || strings.HasPrefix(from, "https://") {
		remote, err := repl.NewRemote(from)
		if err != nil {
			return nil, errUsage{err.Error()}
		}
		commands, service, err := ksqldb.ReadServer(ctx, remote)
		if given == "" && service != "" {
			o.service = service
		}
		return ksqldb.Fold(commands, o.service), err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return nil, fmt.Errorf("cannot read what is to be imported: %w", err)
	}
	if ksqldb.IsDump(data) {
		commands, err := ksqldb.ReadDump(from, data)
		return ksqldb.Fold(commands, o.service), err
	}
	variables := map[string]string{}
	o.define.variables(func(name, value string) { variables[name] = value })
	commands, err := ksqldb.ReadScript(from, string(data), variables)
	return ksqldb.Fold(commands, o.service), repl.Told(err, from)
}

// request is what a server is asked.
func (o *importOptions) request(found *ksqldb.Cluster) wire.ImportRequest {
	req := wire.ImportRequest{Begin: o.begin, Stateful: o.stateful, Apply: o.apply, SkipRefused: o.skipRefused, WhileRunning: o.whileOthers}
	for _, s := range found.Statements {
		req.Statements = append(req.Statements, wire.ImportStatement{SQL: s.SQL, Properties: s.Properties, QueryID: s.QueryID, Group: s.Group,
			Reset: s.Reset, Schema: s.Schema, Paused: s.Paused, Ended: s.Ended})
	}
	return req
}

// plan asks the Weir server, or a node in this process that is gone afterwards, what becomes of it.
func (o *importOptions) plan(ctx context.Context, in *invocation, brokers *kafka.Cluster, found *ksqldb.Cluster, given Settings) (*wire.ImportReport, error) {
	if o.to == "" {
		return o.planHere(ctx, in, brokers, found, given)
	}
	remote, err := o.at(o.to)
	if err != nil {
		return nil, err
	}
	info, err := remote.Info(ctx)
	if err != nil {
		return nil, err
	}
	if brokers != nil {
		if id, err := brokers.ID(ctx); err == nil && id != "" && info.KafkaClusterID != "" && id != info.KafkaClusterID {
			return nil, fmt.Errorf("the server at %s works with another Kafka (cluster %s) than the one at --brokers (cluster %s): start Weir on that one, with: weir server --brokers %s",
				o.to, info.KafkaClusterID, id, o.brokers)
		}
	}
	var report wire.ImportReport
	if err := remote.Call(ctx, http.MethodPost, "/import", o.request(found), &report); err != nil {
		return nil, err
	}
	return &report, nil
}

// planHere plans with a node of its own in a temporary directory, and changes nothing else.
func (o *importOptions) planHere(ctx context.Context, in *invocation, brokers *kafka.Cluster, found *ksqldb.Cluster, given Settings) (report *wire.ImportReport, err error) {
	dir, err := os.MkdirTemp("", "weir-import-")
	if err != nil {
		return nil, fmt.Errorf("cannot make a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	base := quiet()
	base[settings.DataDir.About().Name] = dir
	if o.registry != "" {
		base[settings.SchemaRegistry.About().Name] = o.registry
	}
	maps.Copy(base, given.connection())
	s, err := nodeFlags(flag.NewFlagSet("", flag.ContinueOnError)).resolve(base, nil)
	if err != nil {
		return nil, err
	}
	n, err := startNode(ctx, s, nodeOptions{freePorts: true}, newLog(s, in.stderr))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	return n.planImport(ctx, o.request(found), brokers)
}
