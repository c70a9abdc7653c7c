package settings

import (
	"slices"
	"strings"
	"testing"
)

func TestReadProperties(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // name=value, with | between them; or the error
	}{
		{"a=b\n c : d\r\ne f\n\n# no\n  ! no\ng=", "a=b|c=d|e=f|g="},
		{"a = b = c\nx\\=y=1\nx\\ y:2", "a=b = c|x=y=1|x y=2"},
		{"a=one \\\n   two\\\n\tthree", "a=one twothree"},
		{"a=ends \\\\\nb=c", "a=ends \\|b=c"},
		{"a=\\u00e4\\ud83d\\ude00\\t\\q", "a=ä😀\tq"},
		{"a=kept  ", "a=kept  "},
		{"\ufeffa=b", "a=b"},
		{"sasl.jaas.config=x required \\\n  username=\"a\" \\\n  password=\"b\";", `sasl.jaas.config=x required username="a" password="b";`},
		{"a=b\nMARKER", "line 2: expected name=value"},
		{"=MARKER", "line 1: expected name=value"},
		{"a=\\u12MARKER", `line 1: expected four hexadecimal digits behind \u`},
		{"", ""},
	} {
		list, err := ReadProperties(c.text)
		var got []string
		for _, p := range list {
			got = append(got, p.Name+"="+p.Value)
		}
		text := strings.Join(got, "|")
		if err != nil {
			text = err.Error()
		}
		if text != c.want {
			t.Errorf("%q: got %q, want %q", c.text, text, c.want)
		}
	}
	list, _ := ReadProperties("# one\na=b\\\nc\n\nd=e")
	if i := slices.IndexFunc(list, func(p Property) bool { return p.Name == "d" }); i != 1 || list[0].Line != 2 || list[1].Line != 5 {
		t.Errorf("lines: %+v", list)
	}
}

func FuzzReadProperties(f *testing.F) {
	f.Add("a=b\\\n c\n\\u00e4:\\ud83d\\ude00")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ReadProperties(text)
		for _, p := range list {
			if p.Name == "" || p.Line < 1 || err != nil {
				t.Errorf("%q: %+v, %v", text, p, err)
			}
		}
	})
}

// What is shown and kept has no secret in it.
func TestHide(t *testing.T) {
	shown := Hide(map[string]string{"sasl.jaas.config": "MARKER", "ssl.truststore.password": "MARKER", "ksql.schema.registry.basic.auth.user.info": "u:MARKER",
		"ksql.schema.registry.url": "http://u:MARKER@h:1,http://h:2", "ksql.connect.bearer.auth.token": "MARKER", "ksql.schema.registry.ssl.keystore.key": "MARKER",
		"producer.sasl.jaas.config": "MARKER", "some.other.password": "MARKER", "ssl.truststore.location": "/x", "ksql.service.id": "id", "ssl.key.password": ""})
	for name, value := range shown {
		if strings.Contains(value, "MARKER") {
			t.Errorf("%s is shown: %s", name, value)
		}
	}
	if shown["ksql.schema.registry.url"] != "http://hidden@h:1,http://h:2" || shown["ssl.truststore.location"] != "/x" || shown["ksql.service.id"] != "id" || shown["ssl.key.password"] != "" {
		t.Errorf("%v", shown)
	}
}
