package planner

import (
	"strconv"

	"weir/parser/ast"
)

// nameItems names the columns that the user gave no name: columns and fields keep theirs, fields with a number behind it where
// it is taken; other expressions become KSQL_COL_0, KSQL_COL_1 ..., passing over the names that a source has already.
func (sel *selection) nameItems() {
	taken := map[string]bool{}
	for _, sc := range sel.scopes {
		for _, c := range sc.src.Schema {
			taken[c.Name] = true
		}
	}
	for i := range sel.items {
		it := &sel.items[i]
		if ref, ok := it.x.(*ast.ColumnRef); ok && it.name == "" {
			it.name = sel.joinedName(ref)
		}
		if it.name != "" {
			taken[it.name] = true
		}
	}
	generated, fields := 0, map[string]int{}
	for i := range sel.items {
		it := &sel.items[i]
		if it.name != "" {
			continue
		}
		field := exprName(it.x)
		for name := field; ; {
			if field == "" {
				name = "KSQL_COL_" + strconv.Itoa(generated)
				generated++
			} else if n := fields[field]; n > 0 {
				name = field + "_" + strconv.Itoa(n)
			}
			fields[field]++
			if !taken[name] {
				it.name, taken[name] = name, true
				break
			}
		}
	}
}
