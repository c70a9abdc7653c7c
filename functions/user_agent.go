package functions

import (
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/mileusna/useragent"

	"weir/types"
)

var agentFunctions = []Scalar{
	{Doc: Doc{"USER_AGENT", WebFn, "What a browser or another program says of itself in the header User-Agent: the BROWSER and its VERSION, the OS, the DEVICE (desktop, mobile or tablet) and its MODEL, and whether it is a BOT: a robot, or a program such as curl. What is not said is NULL; so is all of it for an empty text and for -.",
		[]Example{
			{"USER_AGENT('Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.144 Mobile Safari/537.36')",
				"STRUCT(BROWSER := 'Chrome', VERSION := '120.0.6099.144', OS := 'Android', DEVICE := 'mobile', MODEL := 'Pixel 8', BOT := FALSE)"},
		}},
		Overloads: []Overload{{Sig: "(s STRING) STRUCT", Returns: func([]*types.Type) *types.Type { return agentType }, Make: func(*Binding) Eval {
			var seen agents
			return func(c *Call) (types.Value, error) { return seen.read(c) }
		}}}},
	{Doc: Doc{"IS_BOT", WebFn, "Whether a header User-Agent is that of a robot, or of a program such as curl: BOT of USER_AGENT.",
		[]Example{{"IS_BOT('Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)')", "TRUE"}, {"IS_BOT('curl/8.5.0')", "TRUE"},
			{"IS_BOT('Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0')", "FALSE"}, {"IS_BOT('-')", "NULL"}}},
		Overloads: []Overload{{Sig: "(s STRING) BOOLEAN", Make: func(*Binding) Eval {
			var seen agents
			return func(c *Call) (types.Value, error) {
				v, err := seen.read(c)
				if err != nil || v.IsNull() {
					return types.NullValue, err
				}
				return v.Items()[agentBot], nil
			}
		}}}},
}

var agentType = types.TStruct(textField("BROWSER"), textField("VERSION"), textField("OS"), textField("DEVICE"), textField("MODEL"),
	types.Field{Name: "BOT", Type: types.TBoolean})

const agentBot = 5

// agents remembers texts and what they say: a site sees the same few over and over. It is bounded by its places, and what is in them.
type agents [512]struct {
	text string
	said types.Value
}

// maxAgent is how much of a text is read. What is longer is no browser's.
const maxAgent = 1 << 10

func (a *agents) read(c *Call) (types.Value, error) {
	text := c.Args[0].Str()
	if len(text) > maxAgent {
		text = strings.ToValidUTF8(text[:maxAgent], "")
	}
	if text == "" || text == "-" {
		return types.NullValue, nil
	}
	place := &a[xxhash.Sum64String(text)%uint64(len(a))]
	if place.text != text {
		if err := c.Meter.Step(maxAgent / stepBytes); err != nil {
			return types.NullValue, err
		}
		place.text = strings.Clone(text) // the text is the record's
		place.said = agentSays(place.text)
	}
	return place.said, nil
}

// agentSays reads a text.
func agentSays(text string) types.Value {
	ua := useragent.Parse(text)
	if ua.Name == "Trident" { // Internet Explorer 11 does not give its name
		if _, version, ok := strings.Cut(text, "rv:"); ok {
			end := strings.IndexAny(version, ";) ")
			if end < 0 {
				end = len(version)
			}
			ua.Name, ua.Version = useragent.InternetExplorer, version[:end]
		}
	}
	if strings.HasPrefix(ua.Name, "Mozilla/") { // all of a text that says nothing
		ua.Name = ""
	}
	device := ""
	switch {
	case ua.Tablet:
		device = "tablet"
	case ua.Mobile:
		device = "mobile"
	case ua.Desktop:
		device = "desktop"
	}
	said := func(s string) types.Value {
		if s == "" {
			return types.NullValue
		}
		return types.StringValue(s)
	}
	return types.StructValue([]types.Value{said(ua.Name), said(ua.Version), said(ua.OS), said(device), said(ua.Device),
		types.BoolValue(ua.Bot || isProgram(text))})
}

// programs begin the names of what fetches pages for other programs.
var programs = []string{"aiohttp", "apache-httpclient", "axios", "curl", "fetch libfetch", "go-http-client", "guzzlehttp", "httpie", "httpx",
	"java", "libcurl", "libwww-perl", "lwp", "node-fetch", "nutch", "okhttp", "php", "postmanruntime", "python", "ruby", "scrapy", "wget"}

// isProgram knows robots and programs that the library takes for browsers.
func isProgram(text string) bool {
	small := strings.ToLower(text)
	for _, p := range programs {
		if rest, ok := strings.CutPrefix(small, p); ok && (rest == "" || rest[0]-'a' > 25) {
			return true
		}
	}
	return strings.Contains(small, "spider") || strings.Contains(small, "crawl")
}
