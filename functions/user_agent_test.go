package functions

import (
	"bufio"
	"compress/gzip"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"weir/types"
)

func TestUserAgent(t *testing.T) {
	const safari = " AppleWebKit/537.36 (KHTML, like Gecko) "
	var seen agents
	for text, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + safari + "Chrome/120.0.0.0 Safari/537.36":                                                   "Chrome|120.0.0.0|Windows|desktop|null|false",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + safari + "Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91":                                 "Edge|120.0.2210.91|Windows|desktop|null|false",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)" + safari + "Chrome/120.0.0.0 Safari/537.36 OPR/106.0.0.0":                               "Opera|106.0.0.0|macOS|desktop|null|false",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1": "Safari|17.2|iOS|mobile|iPhone|false",
		"Mozilla/5.0 (iPad; CPU OS 6_0_1 like Mac OS X) AppleWebKit/536.26 (KHTML, like Gecko) Version/6.0 Mobile/10A523 Safari/8536.25":          "Safari|6.0|iOS|tablet|iPad|false",
		"Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0":                                                                  "Firefox|121.0|Linux|desktop|null|false",
		"Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko":                                                                          "Internet Explorer|11.0|Windows|desktop|null|false",
		"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)":                                                                 "Bingbot|2.0|null|null|null|true",
		"Mozilla/5.0" + safari + "Chrome/116.0 Safari/537.36 (compatible; GPTBot/1.2; +https://openai.com/gptbot)":                                "GPTBot|1.2|null|null|null|true",
		"Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)":                                                                                   "Pingdom.com_bot_version_1.4_|null|null|null|null|true",
		"curl/8.5.0":            "curl|8.5.0|null|null|null|true",
		"Wget/1.14 (linux-gnu)": "Wget|1.14|null|null|null|true",
		"YisouSpider":           "YisouSpider|null|null|null|null|true",
		"Mozilla/5.0":           "null|null|null|null|null|false",
		"JavaScriptKit/1.0":     "JavaScriptKit|1.0|null|null|null|false",
		"-":                     "NULL", "": "NULL",
	} {
		for range 2 { // read, and remembered
			v, err := seen.read(&Call{Args: []types.Value{types.StringValue(text)}})
			if err != nil {
				t.Fatal(err)
			}
			got := "NULL"
			if !v.IsNull() {
				var cells []string
				for i, x := range v.Items() {
					cells = append(cells, types.Text(x, agentType.Fields[i].Type))
				}
				got = strings.Join(cells, "|")
			}
			if got != want {
				t.Errorf("%s\ngives %s\nwant  %s", text, got, want)
			}
		}
	}
}

// logAgents are the agents of the example's log, in order.
func logAgents(t testing.TB) (out []types.Value) {
	f, err := os.Open("../examples/clicks-per-minute/access.log.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(z)
	for in.Scan() {
		v, err := accessLog(&Call{Args: []types.Value{types.StringValue(in.Text())}})
		if err != nil {
			t.Fatal(err)
		}
		if !v.IsNull() && !v.Items()[logAgent].IsNull() {
			out = append(out, v.Items()[logAgent].Clone())
		}
	}
	return out
}

// TestUserAgentsOfALog reads real ones with a memory and without, and expects the same; most have a name.
func TestUserAgentsOfALog(t *testing.T) {
	var seen agents
	all, named := logAgents(t), 0
	for _, text := range all {
		got, err := seen.read(&Call{Args: []types.Value{text}})
		if err != nil {
			t.Fatal(err)
		}
		if want := agentSays(text.Str()); !types.Equal(got, want) {
			t.Fatalf("%s is remembered as %s, and read as %s", text.Str(), types.Text(got, agentType), types.Text(want, agentType))
		}
		if !got.Items()[0].IsNull() {
			named++
		}
	}
	if named < len(all)*97/100 {
		t.Errorf("%d of %d have a name", named, len(all))
	}
}

func FuzzUserAgent(f *testing.F) {
	f.Add("Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko")
	f.Add("(((;;;)))")
	f.Fuzz(func(t *testing.T, text string) {
		said := agentSays(strings.ToValidUTF8(text[:min(len(text), maxAgent)], ""))
		if s := types.Text(said, agentType); !utf8.ValidString(s) {
			t.Errorf("%q gives %q", text, s)
		}
	})
}

func BenchmarkUserAgent(b *testing.B) {
	all := logAgents(b)
	var seen agents
	c := &Call{Args: make([]types.Value, 1)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Args[0] = all[i%len(all)]
		if _, err := seen.read(c); err != nil {
			b.Fatal(err)
		}
	}
}
