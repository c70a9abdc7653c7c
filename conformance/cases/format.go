package cases

import (
	"fmt"
	"strings"
)

// String is the file as text: what it prints parses to the same file.
func (f *File) String() string {
	var b strings.Builder
	lines := func(list []string) {
		for _, l := range list {
			b.WriteString(l + "\n")
		}
	}
	lines(f.Comments)
	for _, c := range f.Cases {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		lines(c.Comments)
		fmt.Fprintf(&b, "case %s\n", c.Name)
		for _, s := range c.Skips {
			fmt.Fprintf(&b, "skip %s: %s\n", s.Way, s.Reason)
		}
		for _, block := range c.Blocks {
			b.WriteByte('\n')
			lines(block.Comments)
			b.WriteString(block.head() + "\n")
			lines(block.Text)
			for _, r := range block.Records {
				b.WriteString(r.String() + "\n")
			}
			if _, _, _, result, _ := block.Verb.takes(); result {
				b.WriteString(separator + "\n")
				lines(block.Result)
			}
		}
	}
	return b.String()
}

func (b *Block) head() string {
	words := []string{string(b.Verb)}
	if b.Arg != "" {
		words = append(words, b.Arg)
	}
	if b.Partitions > 0 {
		words = append(words, fmt.Sprintf("partitions=%d", b.Partitions))
	}
	return strings.Join(words, " ")
}
