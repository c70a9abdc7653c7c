package datagen

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"weir/types"
)

// args are a call's arguments by name.
type args struct {
	named map[string]arg
	rest  []arg // of a generator that takes any number
}

// bind gives each argument its parameter's name.
func bind(g generator, given []arg) (args, error) {
	a := args{named: make(map[string]arg)}
	usage := func(format string, v ...any) error {
		return fmt.Errorf("%s: %s; its form is %s", g.name, fmt.Sprintf(format, v...), g.doc)
	}
	if g.more {
		for _, x := range given {
			if x.key != "" {
				return a, usage("arguments have no names here, found %s=", x.key)
			}
		}
		if len(given) < g.least {
			return a, usage("at least %d arguments are needed", g.least)
		}
		a.rest = given
		return a, nil
	}
	for i, x := range given {
		name := x.key
		if name == "" {
			if i >= len(g.params) {
				return a, usage("it takes at most %d arguments, found %d", len(g.params), len(given))
			}
			name = g.params[i]
		}
		known := false
		for _, p := range g.params {
			known = known || p == name
		}
		if !known {
			return a, usage("it has no argument %s", name)
		}
		if _, twice := a.named[name]; twice {
			return a, usage("the argument %s is given twice", name)
		}
		a.named[name] = x
	}
	for _, p := range g.params[:g.least] {
		if _, ok := a.named[p]; !ok {
			return a, usage("the argument %s is missing", p)
		}
	}
	return a, nil
}

func (a args) has(name string) bool {
	_, ok := a.named[name]
	return ok
}

// text is an argument as text.
func (a args) text(name, missing string) (string, error) {
	x, ok := a.named[name]
	if !ok {
		return missing, nil
	}
	if x.call != nil {
		return "", fmt.Errorf("%s: expected a plain value, found a generator", name)
	}
	return x.text, nil
}

// whole is an argument as a whole number between low and high.
func (a args) whole(name string, missing, low, high int64) (int64, error) {
	if !a.has(name) {
		return missing, nil
	}
	s, err := a.text(name, "")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: expected a whole number, found '%s'", name, s)
	}
	if n < low || n > high {
		return 0, fmt.Errorf("%s: expected a number from %d to %d, found %d", name, low, high, n)
	}
	return n, nil
}

// number is an argument as a finite number.
func (a args) number(name string, missing float64) (float64, error) {
	if !a.has(name) {
		return missing, nil
	}
	s, err := a.text(name, "")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, fmt.Errorf("%s: expected a number, found '%s'", name, s)
	}
	return n, nil
}

// share is an argument as a probability.
func (a args) share(name string, missing float64) (float64, error) {
	p, err := a.number(name, missing)
	if err == nil && (p < 0 || p > 1) {
		err = fmt.Errorf("%s: expected a share from 0 to 1, found %v", name, p)
	}
	return p, err
}

// millis is an argument as a length of time, such as 100ms, 1.5s, 2h or 1d, in milliseconds.
func (a args) millis(name string, missing float64) (float64, error) {
	if !a.has(name) {
		return missing, nil
	}
	s, err := a.text(name, "")
	if err != nil {
		return 0, err
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n >= 0 && n <= 1e6 {
			return n * types.MillisPerDay, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%s: expected a length of time such as 100ms, 1s, 5m, 2h or 1d, found '%s'", name, s)
	}
	return float64(d) / float64(time.Millisecond), nil
}

// decimals are the digits after the point of an argument as written.
func (a args) decimals(name string) int {
	_, frac, _ := strings.Cut(a.named[name].text, ".")
	return len(frac)
}

// nested is an argument that is a generator; a bare word is one without arguments.
func (a args) nested(name string) (field, error) {
	x := a.named[name]
	switch {
	case x.call != nil:
		return build(x.call)
	case x.quoted:
		c, parts, err := parseSpec(x.text)
		if err != nil {
			return field{}, err
		}
		if parts != nil {
			return template(parts)
		}
		return build(c)
	}
	return build(&call{name: strings.ToLower(x.text)})
}
