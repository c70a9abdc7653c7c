// Package deploy holds what runs Weir as a service, and the test that compares it with the program.
package deploy

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"weir/cli"
	"weir/settings"
)

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Settings in the file that the package installs are there, and take these values, also those that are commented out.
func TestProperties(t *testing.T) {
	known := map[string]settings.Setting{}
	for s := range settings.All() {
		known[s.About().Name] = s
	}
	assignment := regexp.MustCompile(`^#?([a-z.]+)=(.*)$`)
	checked := 0
	for line := range strings.Lines(read(t, "weir.properties")) {
		m := assignment.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		s, ok := known[m[1]]
		if !ok {
			t.Errorf("there is no setting %s", m[1])
			continue
		}
		if err := s.Check(m[2]); err != nil {
			t.Errorf("%s=%s: %v", m[1], m[2], err)
		}
		checked++
	}
	if checked < 10 {
		t.Errorf("only %d settings", checked)
	}
}

// Commands, flags and variables in unit, image and compose file are the program's.
func TestCommandLines(t *testing.T) {
	var variables []string
	for _, s := range settings.Flags() {
		variables = append(variables, "WEIR_"+strings.ToUpper(strings.ReplaceAll(s.About().Flag, "-", "_")))
	}
	for _, file := range []string{"weir.service", "Dockerfile", "compose.yaml"} {
		text := read(t, file)
		for _, v := range regexp.MustCompile(`\bWEIR_[A-Z_]+`).FindAllString(text, -1) {
			if !slices.Contains(variables, v) {
				t.Errorf("%s: there is no variable %s", file, v)
			}
		}
		for _, line := range regexp.MustCompile(`(?m)^ExecStart=/usr/bin/weir (.*)$|^CMD \[(.*)\]|CMD \["/usr/bin/weir", (.*)\]|command: \[(.*)\]`).FindAllStringSubmatch(text, -1) {
			words := strings.Fields(strings.NewReplacer(`"`, "", ",", " ").Replace(strings.Join(line[1:], "")))
			var help, errs bytes.Buffer
			if code := cli.Main([]string{"weir", "help", words[0]}, strings.NewReader(""), &help, &errs); code != 0 {
				t.Errorf("%s: %s", file, errs.String())
			}
			for _, w := range words[1:] {
				if strings.HasPrefix(w, "--") && !strings.Contains(help.String(), w+" ") {
					t.Errorf("%s: weir %s has no %s", file, words[0], w)
				}
			}
		}
	}
}

// What the package puts where is what unit and scripts expect.
func TestPackage(t *testing.T) {
	unit := read(t, "weir.service")
	for _, want := range []string{"User=weir\n", "StateDirectory=weir\n", "--config /etc/weir/weir.properties\n"} {
		if !strings.Contains(unit, want) {
			t.Errorf("the unit lacks %s", want)
		}
	}
	if got := strings.TrimSpace(read(t, "deb/conffiles")); got != "/etc/weir/weir.properties" {
		t.Errorf("conffiles: %s", got)
	}
	if !strings.Contains(read(t, "weir.properties"), "\nweir.data.dir=/var/lib/weir\n") {
		t.Error("the settings name another data directory than the unit may write to")
	}
}
