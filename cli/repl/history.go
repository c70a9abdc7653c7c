package repl

import (
	"bufio"
	"os"
	"strings"

	"github.com/chzyer/readline"
)

// remember keeps an entry as one line of history, so that it comes back whole.
func (r *REPL) remember(rl *readline.Instance, text string) {
	line := oneLine(text)
	r.history = append(r.history, line)
	// A history that can't be written is no reason to stop.
	_ = rl.SaveHistory(line)
}

// recall takes what earlier prompts left.
func (r *REPL) recall() {
	if r.HistoryFile == "" {
		return
	}
	f, err := os.Open(r.HistoryFile)
	if err != nil {
		return // none yet
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		r.history = append(r.history, lines.Text())
	}
}

// oneLine writes statements of several lines in one: comments to the end of a line become comments between marks.
func oneLine(text string) string {
	var b strings.Builder
	r := []rune(strings.TrimSpace(text))
	for i := 0; i < len(r); i++ {
		switch c := r[i]; {
		case c == '\'':
			for b.WriteRune(c); i+1 < len(r); {
				i++
				b.WriteRune(r[i])
				if r[i] == '\'' {
					break
				}
			}
		case c == '/' && i+1 < len(r) && r[i+1] == '*':
			end := strings.Index(string(r[i+2:]), "*/")
			if end < 0 {
				end = len(string(r[i+2:]))
			}
			comment := string(r[i+2:])[:end]
			b.WriteString("/*" + strings.ReplaceAll(comment, "\n", " ") + "*/")
			i += len([]rune(comment)) + 3
		case c == '-' && i+1 < len(r) && r[i+1] == '-':
			start := i + 2
			for i < len(r) && r[i] != '\n' {
				i++
			}
			b.WriteString("/*" + strings.ReplaceAll(string(r[start:i]), "*/", "* /") + " */ ")
		case c == '\n':
			b.WriteRune(' ')
		default:
			b.WriteRune(c)
		}
	}
	return strings.TrimSpace(b.String())
}
