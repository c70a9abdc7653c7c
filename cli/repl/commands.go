package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"weir/cli/render"
)

var errLeave = errors.New("leave")

const help = `Statements end with ; and may take several lines. Some to begin with:
  SHOW TOPICS; SHOW STREAMS; SHOW TABLES; SHOW QUERIES; SHOW FUNCTIONS;
  DESCRIBE name EXTENDED;  DESCRIBE FUNCTION name;  EXPLAIN query;
  CREATE STREAM clicks (user_id STRING, page STRING) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);
  CREATE SOURCE CONNECTOR demo WITH ('connector.class'='datagen', 'quickstart'='clicks', 'rate'='5');
  SELECT * FROM clicks EMIT CHANGES LIMIT 3;
  CREATE TABLE hits AS SELECT page, COUNT(*) AS n FROM clicks GROUP BY page;
  SELECT * FROM hits EMIT CHANGES;   (Ctrl-C ends it)
  SET 'auto.offset.reset'='earliest';  lets queries at the prompt start with the oldest rows

Commands of the prompt:
  help                   this text
  run script 'file.sql'  runs the statements of a file
  output TABULAR|JSON    how answers are shown
  spool 'file' | off     writes what is shown into a file too
  history                what was entered
  version                what this talks to
  clear                  empties the screen
  exit                   leaves, as does Ctrl-D
`

// command runs a command of the prompt; false where the line is none.
func (r *REPL) command(ctx context.Context, line string) (bool, error) {
	text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), ";"))
	words := strings.Fields(text)
	if len(words) == 0 {
		return false, nil
	}
	rest := strings.TrimSpace(text[len(words[0]):])
	switch name := strings.ToLower(words[0]); {
	case name == "help" || text == "?":
		return true, r.say(help)
	case (name == "exit" || name == "quit") && len(words) == 1:
		return true, errLeave
	case name == "clear" && len(words) == 1:
		return true, r.say("\x1b[H\x1b[2J")
	case name == "version" && len(words) == 1:
		return true, r.say("Weir " + r.Version + ". " + r.Backend.About(ctx) + "\n")
	case name == "history" && len(words) == 1:
		return true, r.say(strings.Join(r.history, "\n") + "\n")
	case name == "output" && len(words) <= 2:
		return true, r.output(rest)
	case name == "spool":
		return true, r.spool(unquote(rest))
	case name == "run" && len(words) > 2 && strings.EqualFold(words[1], "script"):
		return true, r.RunFile(ctx, unquote(strings.TrimSpace(rest[len(words[1]):])))
	}
	return false, nil
}

func (r *REPL) say(text string) error {
	_, err := io.WriteString(r.Printer.Out, text)
	return err
}

func unquote(s string) string {
	if len(s) > 1 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

func (r *REPL) output(name string) error {
	if name == "" {
		return r.say("Answers are shown as " + string(r.Printer.Format) + ".\n")
	}
	f, err := render.ParseFormat(unquote(name))
	if err != nil {
		return err
	}
	r.Printer.Format = f
	return r.say("Answers are shown as " + string(f) + ".\n")
}

// spool writes all output into a file too, until spool off.
func (r *REPL) spool(file string) error {
	if r.spooled != nil {
		r.Printer.Out = r.screen
		err := r.spooled.Close()
		r.spooled = nil
		if err != nil || strings.EqualFold(file, "off") {
			return err
		}
	}
	switch {
	case strings.EqualFold(file, "off"):
		return errors.New("nothing is being spooled")
	case file == "":
		return errors.New("spool needs a file: spool 'answers.txt', or spool off")
	}
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("cannot spool: %w", err)
	}
	r.spooled, r.screen = f, r.Printer.Out
	r.Printer.Out = io.MultiWriter(r.screen, f)
	return r.say("What is shown is written to " + file + " too; spool off ends that.\n")
}

// RunFile runs the statements of a file. Paths in it are relative to its folder.
func (r *REPL) RunFile(ctx context.Context, name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("cannot read the script: %w", err)
	}
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return err
	}
	return r.Backend.Execute(ctx, Script{Text: string(data), BaseDir: dir}, r.Printer)
}
