package security

import (
	"maps"
	"strings"
	"testing"
)

func TestJAAS(t *testing.T) {
	plain := plainModule + " required "
	for _, c := range []struct {
		text    string
		options map[string]string
		err     string
	}{
		{plain + `username="alice" password="s;e=c ret";`, map[string]string{"username": "alice", "password": "s;e=c ret"}, ""},
		{plain + "username=alice\n  password='it\"s' ;", map[string]string{"username": "alice", "password": `it"s`}, ""},
		{plain + `username="a\"b" password="back\\slash\tt\101\8";`, map[string]string{"username": `a"b`, "password": "back\\slash\ttA8"}, ""},
		{"/* who */ " + plain + "username=a // here\n password=12345;", map[string]string{"username": "a", "password": "12345"}, ""},
		{plain + `username="päß" password="";`, map[string]string{"username": "päß", "password": ""}, ""},
		{scramModule + ` REQUIRED username="a" password="b" tokenauth=true;`, map[string]string{"username": "a", "password": "b", "tokenauth": "true"}, ""},
		{oauthModule + ` required clientId="a" clientSecret="b" extension_logicalCluster="lkc-1";`,
			map[string]string{"clientId": "a", "clientSecret": "b", "extension_logicalCluster": "lkc-1"}, ""},
		{"", nil, "ends too early"},
		{"com.sun.security.auth.module.Krb5LoginModule required;", nil, "the login module com.sun.security.auth.module.Krb5LoginModule is not known: expected one of " +
			oauthModule + ", " + plainModule + ", " + scramModule},
		{`username="alice" password="MARKER";`, nil, "the login module username is not known"},
		{plainModule + ` username="a" password="MARKER";`, nil, "expected required behind " + plainModule},
		{plain + `user="alice" password="MARKER";`, nil, plainModule + " has no option user: expected one of username, password"},
		{plain + `username="alice" password="MARKER"`, nil, "expected ; behind the last option"},
		{plain + `username="alice" password="MARKER`, nil, `the option password: a closing " is missing`},
		{plain + `username alice;`, nil, "expected = behind username"},
		{plain + `username=;`, nil, `the option username: expected a word before ";"`},
		{plain + `username=a password=MAR KER;`, nil, plainModule + " has no option KER: expected one of"},
		{plain + "username=a password=\"MARKER\n\";", nil, "a quoted value ends on the line where it begins"},
		{plain + `username=a password=b; ` + plain + `username=MARKER password=d;`, nil, "expected one login module"},
	} {
		got, err := parseJAAS(c.text)
		switch {
		case c.err == "" && (err != nil || !maps.Equal(got.options, c.options)):
			t.Errorf("%s: %v, %v", c.text, got.options, err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "MARKER")):
			t.Errorf("%s: %v", c.text, err)
		}
	}
}

func FuzzJAAS(f *testing.F) {
	f.Add(plainModule + ` required username="alice" password="s\"e\101";`)
	f.Add("/*" + scramModule)
	f.Fuzz(func(t *testing.T, text string) {
		if j, err := parseJAAS(text); err == nil && moduleOptions[j.module] == nil {
			t.Errorf("%q gives the module %q", text, j.module)
		}
	})
}
