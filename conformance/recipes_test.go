package conformance

import (
	"os"
	"strings"
	"testing"
)

// The statements of a recipe are those of the case that runs it on recorded records.
func TestRecipes(t *testing.T) {
	for _, name := range []string{"debezium", "replace"} {
		page, err := os.ReadFile("../docs/" + name + ".md")
		if err != nil {
			t.Fatal(err)
		}
		cases, err := os.ReadFile("testdata/" + name + ".test")
		if err != nil {
			t.Fatal(err)
		}
		known := strings.ReplaceAll(string(cases), ", PARTITIONS={partitions}", "")
		n := 0
		for _, block := range strings.Split(string(page), "```sql\n")[1:] {
			block, _, _ = strings.Cut(block, "```")
			for _, sql := range strings.Split(strings.TrimSpace(block), "\n\n") {
				if n++; !strings.Contains(known, sql) {
					t.Errorf("docs/%s.md has a statement that testdata/%s.test has not:\n%s", name, name, sql)
				}
			}
		}
		if n == 0 {
			t.Errorf("docs/%s.md has no statements", name)
		}
	}
}
