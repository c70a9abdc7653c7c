package registry

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// plain compares the keywords about the data itself.
func (c *jsonComparison) plain(r, w jsonNode, path string) []string {
	if values, few := w.values(); few {
		var reasons []string
		listed, _ := r.listed()
		for _, v := range values {
			if c.steps += 1 + len(listed)/64; c.steps > maxJSONSteps {
				break // incompatibleJSON says it
			}
			if why := c.refuses(r, v); why != "" {
				reasons = append(reasons, reason(path, "the data may be %s, %s", jsonText(v), why)...)
			}
		}
		return reasons
	}
	if listed, ok := r.listed(); ok {
		return reason(path, "the data may be every %s, expected one of %s", w.written(), quoted(listed))
	}
	var reasons []string
	if t := w.written(); t&^r.accepted() != 0 {
		reasons = reason(path, "the data may be %s, expected %s", t, r.accepted())
	}
	common := r.accepted() & w.written()
	if common&jsonObject != 0 {
		reasons = append(reasons, c.objects(r, w, path)...)
		reasons = append(reasons, counts(r, w, path, "Properties")...)
	}
	if common&jsonArray != 0 {
		reasons = append(reasons, c.arrays(r, w, path)...)
		reasons = append(reasons, counts(r, w, path, "Items")...)
	}
	if common&jsonString != 0 {
		reasons = append(reasons, counts(r, w, path, "Length")...)
		if p := r.text("pattern"); p != "" && p != w.text("pattern") {
			reasons = append(reasons, reason(path, "pattern is %q, which the data need not match", p)...)
		}
	}
	if common&jsonNumber != 0 {
		reasons = append(reasons, numbers(r, w, path)...)
	}
	return reasons
}

// refuses tells why a value of an enum doesn't fit; objects and arrays are taken by their type.
func (c *jsonComparison) refuses(r jsonNode, v any) string {
	if listed, ok := r.listed(); ok && !slices.ContainsFunc(listed, func(x any) bool { return sameJSON(x, v) }) {
		return "expected one of " + quoted(listed)
	}
	if jsonTypeOf(v)&r.accepted() == 0 {
		return "expected " + r.accepted().String()
	}
	one := jsonNode{v: map[string]any{}}
	switch v := v.(type) {
	case string:
		if p := r.text("pattern"); p != "" && !c.matches(p, v) {
			return fmt.Sprintf("expected a match of %q", p)
		}
		n := json.Number(fmt.Sprint(utf8.RuneCountInString(v)))
		one.v = map[string]any{"minLength": n, "maxLength": n}
		if why := counts(r, one, "", "Length"); len(why) > 0 {
			return "a string of another length is expected"
		}
	case json.Number:
		one.v = map[string]any{"minimum": v, "maximum": v, "multipleOf": v}
		if len(numbers(r, one, "")) > 0 {
			return "a number within other bounds is expected"
		}
	}
	return ""
}

// counts compares minLength and maxLength, and their like.
func counts(r, w jsonNode, path, of string) []string {
	var reasons []string
	low, high := jsonNumberOf(r.object()["min"+of]), jsonNumberOf(r.object()["max"+of])
	wLow, wHigh := jsonNumberOf(w.object()["min"+of]), jsonNumberOf(w.object()["max"+of])
	if low != nil && low.Sign() > 0 && (wLow == nil || wLow.Cmp(low) < 0) {
		reasons = append(reasons, reason(path, "min%s is %s, %s", of, low.Text('g', 20), ofTheData(wLow))...)
	}
	if high != nil && (wHigh == nil || wHigh.Cmp(high) > 0) {
		reasons = append(reasons, reason(path, "max%s is %s, %s", of, high.Text('g', 20), ofTheData(wHigh))...)
	}
	return reasons
}

func ofTheData(bound *big.Float) string {
	if bound == nil {
		return "the data has none"
	}
	return "that of the data is " + bound.Text('g', 20)
}

// numbers compares the bounds of numbers and what they are multiples of.
func numbers(r, w jsonNode, path string) []string {
	var reasons []string
	for _, side := range []struct {
		keyword, exclusive string
		sign               int
	}{{"minimum", "exclusiveMinimum", 1}, {"maximum", "exclusiveMaximum", -1}} {
		bound, open := r.bound(side.keyword, side.exclusive, side.sign)
		wBound, wOpen := w.bound(side.keyword, side.exclusive, side.sign)
		if bound == nil {
			continue
		}
		if wBound != nil {
			if d := wBound.Cmp(bound) * side.sign; d > 0 || d == 0 && (wOpen || !open) {
				continue
			}
		}
		name := side.keyword
		if open {
			name = side.exclusive
		}
		reasons = append(reasons, reason(path, "%s is %s, %s", name, bound.Text('g', 20), ofTheData(wBound))...)
	}
	if step, ok := r.object()["multipleOf"].(json.Number); ok && !multiple(w, step) {
		reasons = append(reasons, reason(path, "multipleOf is %s, which the data need not be", step)...)
	}
	return reasons
}

// bound is the tighter of a bound and its exclusive form, which is a number or, in older drafts, true.
func (n jsonNode) bound(keyword, exclusive string, sign int) (at *big.Float, open bool) {
	at = jsonNumberOf(n.object()[keyword])
	if n.object()[exclusive] == true {
		return at, at != nil
	}
	if e := jsonNumberOf(n.object()[exclusive]); e != nil && (at == nil || e.Cmp(at)*sign >= 0) {
		return e, true
	}
	return at, false
}

// multiple tells whether all numbers of the data are multiples of a step.
func multiple(w jsonNode, step json.Number) bool {
	of := w.object()["multipleOf"]
	if of == nil && w.accepted()&jsonFraction == 0 {
		of = json.Number("1")
	}
	n, ok := of.(json.Number)
	if !ok {
		return false
	}
	a, b := shortRat(n), shortRat(step)
	if a == nil || b == nil || b.Sign() == 0 {
		return n == step
	}
	return new(big.Rat).Quo(a, b).IsInt()
}

// shortRat is nil for numbers with an exponent or many digits, which are dear to compute with.
func shortRat(n json.Number) *big.Rat {
	if len(n) > 40 || strings.ContainsAny(n.String(), "eE") {
		return nil
	}
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		return nil
	}
	return r
}

// jsonText is the value as JSON, cut where it is long.
func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if r := []rune(string(text)); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return string(text)
}
