package cases

import (
	"reflect"
	"strings"
	"testing"
)

const sample = `# What the file is about.

# A comment of the case.
case counts
skip memory: because

topic t

sql
CREATE STREAM s (k STRING KEY) WITH (KAFKA_TOPIC='t');

produce t
a b @0 {"N":1}
null @-5 p=1 h:x=y null

expect OUT partitions=4
a [0,10) @0 {"N":1}
{"A":1} [0,10] @3 null

query
SELECT * FROM x;
----
K | N
a | 1

restart
`

func TestParse(t *testing.T) {
	f, err := Parse(sample)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.String(); got != sample {
		t.Errorf("printed again:\n%s", got)
	}
	want := Record{Key: `{"A":1}`, Window: &Window{0, 10, true}, Time: 3, Partition: -1, Value: "null"}
	if got := f.Cases[0].Blocks[3].Records[1]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"sql\nSELECT 1;":                                "line 1: expected a line that begins with case",
		"case":                                          "line 1: a case needs a name",
		"case a\n\nsql\nx;":                             `line 1: the case "a" expects nothing`,
		"case a\n\nexpect":                              "line 3: expect needs the name of a topic",
		"case a\n\nexpect T\nx":                         `line 4: expected KEY @TIME VALUE, found "x"`,
		"case a\n\nexpect T\nx @1":                      "line 4: the record has no value",
		"case a\n\nexpect T\nx [5,1) @1 y":              "line 4: the window ends before it starts",
		"case a\n\nfoo":                                 `line 3: unknown verb "foo"`,
		"case a\n\nexpect T partitions=x":               "line 3: expected a number of partitions",
		"case a\n\nclose\nx":                            "line 4: close takes no lines",
		"case a\n\nquery":                               "line 3: query needs a statement",
		"case a\n\nexpect T\n\n# x":                     "the comment at the end belongs to no block",
		"case a\nskip way":                              "line 2: expected skip WAY: REASON",
		"case a\n\nexpect T\n\ncase a":                  `line 5: there are two cases named "a"`,
		"case a\n\nexpect T\nx @1 p=z v":                `line 4: the partition "z" is not a number`,
		"case a\n\nexpect T\nx @99999999999999999999 v": "is not a number of milliseconds",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("case a\n\nexpect T\nx [1,2) @1 p=1 h:a=b c\n")
	f.Add("#\n\n#x\ncase a\n\nerror\n----\n")
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := Parse(text)
		if err != nil {
			return
		}
		printed := parsed.String()
		again, err := Parse(printed)
		if err != nil {
			t.Fatalf("what was printed can't be read: %v\n%s", err, printed)
		}
		if twice := again.String(); twice != printed {
			t.Fatalf("printed\n%s\nand again\n%s", printed, twice)
		}
	})
}
