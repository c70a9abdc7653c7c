package datagen

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"weir/types"
)

// generators is the list of all generators. It is a function since null takes another one.
func generators() []generator {
	return []generator{
		{"sequence", []string{"from", "step"}, 0, false, "sequence(from=1, step=1): counts up", buildSequence},
		{"uniform", []string{"min", "max", "decimals"}, 2, false, "uniform(min, max, decimals): whole numbers if both are, else with decimals", buildUniform},
		{"normal", []string{"mean", "sd", "decimals"}, 2, false, "normal(mean, sd, decimals=2): a bell curve", buildNormal},
		{"zipf", []string{"n", "s"}, 1, false, "zipf(n, s=1): 1 to n, 1 most often; the larger s, the more so", buildZipf},
		{"choice", nil, 1, true, "choice(a:3, b:1): one of the texts, by weight; numbers if all are", buildChoice},
		{"user", []string{"n"}, 0, false, "user(n=1000): user_1 to user_n", buildUser},
		{"uuid", nil, 0, false, "uuid: a random UUID", buildUUID},
		{"now", []string{"format"}, 0, false, "now(format=ms): the time of writing, as ms or iso", buildNow},
		{"time", []string{"start", "step", "jitter", "late", "by", "format"}, 0, false,
			"time(start=now, step, jitter=0s, late=0, by=1m, format=ms): event times that go on by step with each row, up to jitter early or late; a share of rows is late by up to by. Without step they keep up with the rate; at rate max it is 1s", buildTime},
		{"lat", []string{"min", "max"}, 0, false, "lat(min=-90, max=90): a latitude", func(a args) (field, error) { return buildDegrees(a, 90) }},
		{"lon", []string{"min", "max"}, 0, false, "lon(min=-180, max=180): a longitude", func(a args) (field, error) { return buildDegrees(a, 180) }},
		{"ip", nil, 0, false, "ip: an IPv4 address", buildIP},
		{"words", []string{"n"}, 0, false, "words(n=3): n words", buildWords},
		{"bool", []string{"p"}, 0, false, "bool(p=0.5): true with probability p", buildBool},
		{"null", []string{"p", "of"}, 2, false, "null(p, of): null with probability p, else what the generator of gives", buildNull},
		{"const", []string{"value"}, 1, false, "const(value): always the same", buildConst},
	}
}

func buildSequence(a args) (field, error) {
	from, err := a.whole("from", 1, math.MinInt64, math.MaxInt64)
	if err != nil {
		return field{}, err
	}
	step, err := a.whole("step", 1, math.MinInt64, math.MaxInt64)
	return field{kind: literalKind, value: func(r *row, dst []byte) ([]byte, bool) {
		return strconv.AppendInt(dst, from+r.n*step, 10), true
	}}, err
}

const maxDecimals = 15

func buildUniform(a args) (field, error) {
	low, err := a.number("min", 0)
	if err != nil {
		return field{}, err
	}
	high, err := a.number("max", 0)
	if err != nil {
		return field{}, err
	}
	if low > high {
		return field{}, fmt.Errorf("min %v is above max %v", low, high)
	}
	written := max(a.decimals("min"), a.decimals("max"))
	decimals, err := a.whole("decimals", int64(min(written, maxDecimals)), 0, maxDecimals)
	if err != nil {
		return field{}, err
	}
	if decimals == 0 && low == math.Trunc(low) && high == math.Trunc(high) && math.Abs(low) < 1<<53 && math.Abs(high) < 1<<53 {
		from, n := int64(low), uint64(high-low)+1
		return field{kind: literalKind, value: func(r *row, dst []byte) ([]byte, bool) {
			return strconv.AppendInt(dst, from+int64(r.rnd.Uint64N(n)), 10), true
		}}, nil
	}
	return decimal(int(decimals), func(r *row) float64 { return low + r.rnd.Float64()*(high-low) }), nil
}

func buildNormal(a args) (field, error) {
	mean, err := a.number("mean", 0)
	if err != nil {
		return field{}, err
	}
	sd, err := a.number("sd", 1)
	if err != nil {
		return field{}, err
	}
	if sd < 0 {
		return field{}, fmt.Errorf("sd %v is negative", sd)
	}
	decimals, err := a.whole("decimals", 2, 0, maxDecimals)
	return decimal(int(decimals), func(r *row) float64 { return mean + r.rnd.NormFloat64()*sd }), err
}

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6}

// decimal prints with a fixed number of decimals. Few of them are printed as whole numbers, which is several times as fast.
func decimal(decimals int, draw func(*row) float64) field {
	return field{kind: literalKind, value: func(r *row, dst []byte) ([]byte, bool) {
		f := draw(r)
		if decimals >= len(pow10) || math.Abs(f) > 1e9 {
			return strconv.AppendFloat(dst, f, 'f', decimals, 64), true
		}
		scaled := int64(math.Round(f * pow10[decimals]))
		if scaled < 0 {
			dst = append(dst, '-')
			scaled = -scaled
		}
		unit := int64(pow10[decimals])
		dst = strconv.AppendInt(dst, scaled/unit, 10)
		if decimals == 0 {
			return dst, true
		}
		dst = append(dst, '.')
		for frac := scaled % unit; unit > 1; {
			unit /= 10
			dst = append(dst, byte('0'+frac/unit))
			frac %= unit
		}
		return dst, true
	}}
}

const maxZipf = 1_000_000

func buildZipf(a args) (field, error) {
	n, err := a.whole("n", 0, 1, maxZipf)
	if err != nil {
		return field{}, err
	}
	s, err := a.number("s", 1)
	if err != nil {
		return field{}, err
	}
	if s < 0 || s > 100 {
		return field{}, fmt.Errorf("s: expected a number from 0 to 100, found %v", s)
	}
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = math.Pow(float64(i+1), -s)
	}
	table := newAlias(weights)
	return field{kind: literalKind, value: func(r *row, dst []byte) ([]byte, bool) {
		return strconv.AppendInt(dst, int64(table.draw(r))+1, 10), true
	}}, nil
}

func buildChoice(a args) (field, error) {
	texts, weights := make([]string, len(a.rest)), make([]float64, len(a.rest))
	kind := literalKind
	var sum float64
	for i, x := range a.rest {
		if x.call != nil {
			return field{}, fmt.Errorf("expected texts, found the generator %s", x.call.name)
		}
		text, weight := x.text, x.weight
		if at := strings.LastIndexByte(text, ':'); at >= 0 && !x.quoted {
			text, weight = strings.TrimSpace(text[:at]), strings.TrimSpace(text[at+1:])
		}
		texts[i], weights[i] = text, 1
		if weight != "" {
			w, err := strconv.ParseFloat(weight, 64)
			if err != nil || !(w >= 0) || math.IsInf(w, 0) {
				return field{}, fmt.Errorf("the weight of '%s' is not a number: '%s' (put texts with a colon between quotes)", text, weight)
			}
			weights[i] = w
		}
		sum += weights[i]
		if x.quoted || !isNumber(text) {
			kind = textKind
		}
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return field{}, fmt.Errorf("the weights add up to %v", sum)
	}
	table := newAlias(weights)
	return field{kind: kind, value: func(r *row, dst []byte) ([]byte, bool) {
		return append(dst, texts[table.draw(r)]...), true
	}}, nil
}

// isNumber tells whether a text can stand in JSON as a number.
func isNumber(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	whole, frac, hasFrac := strings.Cut(digits, ".")
	allDigits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return allDigits(whole) && (whole == "0" || whole[0] != '0') && (!hasFrac || allDigits(frac))
}

func buildUser(a args) (field, error) {
	n, err := a.whole("n", 1000, 1, math.MaxInt64)
	return field{kind: textKind, value: func(r *row, dst []byte) ([]byte, bool) {
		return strconv.AppendInt(append(dst, "user_"...), r.rnd.Int64N(n)+1, 10), true
	}}, err
}

func buildUUID(args) (field, error) {
	const hex = "0123456789abcdef"
	return field{kind: textKind, value: func(r *row, dst []byte) ([]byte, bool) {
		high, low := r.rnd.Uint64()&^0xf000|0x4000, r.rnd.Uint64()&^(3<<62)|1<<63
		for i := range 16 {
			if i == 4 || i == 6 || i == 8 || i == 10 {
				dst = append(dst, '-')
			}
			word := high
			if i >= 8 {
				word = low
			}
			b := byte(word >> (56 - 8*(i%8)))
			dst = append(dst, hex[b>>4], hex[b&15])
		}
		return dst, true
	}}, nil
}

// moment is a field of times.
func moment(a args, at func(*row) int64) (field, error) {
	format, err := a.text("format", "ms")
	if err != nil {
		return field{}, err
	}
	switch strings.ToLower(format) {
	case "ms":
		return field{kind: literalKind, millis: at, value: func(r *row, dst []byte) ([]byte, bool) {
			return strconv.AppendInt(dst, at(r), 10), true
		}}, nil
	case "iso":
		return field{kind: textKind, millis: at, value: func(r *row, dst []byte) ([]byte, bool) {
			return time.UnixMilli(at(r)).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z"), true
		}}, nil
	}
	return field{}, fmt.Errorf("format: expected ms or iso, found '%s'", format)
}

func buildNow(a args) (field, error) {
	return moment(a, func(*row) int64 { return time.Now().UnixMilli() })
}

func buildTime(a args) (field, error) {
	start, err := a.text("start", "now")
	if err != nil {
		return field{}, err
	}
	var from int64
	fromNow := strings.EqualFold(start, "now")
	if !fromNow {
		if from, err = types.ParseTimestamp(start); err != nil {
			return field{}, fmt.Errorf("start: %w", err)
		}
	}
	step, err := a.millis("step", -1)
	if err != nil {
		return field{}, err
	}
	jitter, err := a.millis("jitter", 0)
	if err != nil {
		return field{}, err
	}
	late, err := a.share("late", 0)
	if err != nil {
		return field{}, err
	}
	by, err := a.millis("by", 60_000)
	if err != nil {
		return field{}, err
	}
	return moment(a, func(r *row) int64 {
		// Random bits of its own: the field and the record's timestamp ask for the same moment at different points of the row.
		u1 := splitmix(r.seed ^ uint64(r.n))
		u2 := splitmix(u1)
		u3 := splitmix(u2)
		at := float64(r.n) * r.apart
		if step >= 0 {
			at = float64(r.n) * step
		}
		if jitter > 0 {
			at += (2*unit(u1) - 1) * jitter
		}
		if late > 0 && unit(u2) < late {
			at -= unit(u3) * by
		}
		base := from
		if fromNow {
			base = r.now
		}
		return base + int64(math.Max(-1e15, math.Min(1e15, at)))
	})
}

func buildDegrees(a args, limit float64) (field, error) {
	low, err := a.number("min", -limit)
	if err != nil {
		return field{}, err
	}
	high, err := a.number("max", limit)
	if err != nil {
		return field{}, err
	}
	if low > high || low < -limit || high > limit {
		return field{}, fmt.Errorf("expected -%v <= min <= max <= %v, found %v and %v", limit, limit, low, high)
	}
	return decimal(5, func(r *row) float64 { return low + r.rnd.Float64()*(high-low) }), nil
}

func buildIP(args) (field, error) {
	return field{kind: textKind, value: func(r *row, dst []byte) ([]byte, bool) {
		bits := r.rnd.Uint32()
		dst = strconv.AppendUint(dst, uint64(bits>>24)%223+1, 10)
		for shift := 16; shift >= 0; shift -= 8 {
			dst = strconv.AppendUint(append(dst, '.'), uint64(byte(bits>>shift)), 10)
		}
		return dst, true
	}}, nil
}

func buildWords(a args) (field, error) {
	n, err := a.whole("n", 3, 1, 10_000)
	return field{kind: textKind, value: func(r *row, dst []byte) ([]byte, bool) {
		for i := range n {
			if i > 0 {
				dst = append(dst, ' ')
			}
			dst = append(dst, vocabulary[r.rnd.IntN(len(vocabulary))]...)
		}
		return dst, true
	}}, err
}

var vocabulary = strings.Fields(`river lock gate stream water level mill stone bridge boat fish reed bank bend ford spring flood delta canal
	pool rapid current drift anchor oar sail rope tide shore sand cliff harbour light storm calm north south east west early late`)

func buildBool(a args) (field, error) {
	p, err := a.share("p", 0.5)
	return field{kind: literalKind, value: func(r *row, dst []byte) ([]byte, bool) {
		return strconv.AppendBool(dst, r.rnd.Float64() < p), true
	}}, err
}

func buildNull(a args) (field, error) {
	p, err := a.share("p", 0)
	if err != nil {
		return field{}, err
	}
	f, err := a.nested("of")
	if err != nil {
		return field{}, err
	}
	inner := f.value
	f.value = func(r *row, dst []byte) ([]byte, bool) {
		if r.rnd.Float64() < p {
			return dst, false
		}
		return inner(r, dst)
	}
	return f, nil
}

func buildConst(a args) (field, error) {
	text, err := a.text("value", "")
	kind := textKind
	if !a.named["value"].quoted && (isNumber(text) || text == "true" || text == "false") {
		kind = literalKind
	}
	return field{kind: kind, value: func(_ *row, dst []byte) ([]byte, bool) { return append(dst, text...), true }}, err
}
