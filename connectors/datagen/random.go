package datagen

// splitmix turns a counter into random bits.
func splitmix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit is a number from 0 to 1, not 1 itself.
func unit(x uint64) float64 { return float64(x>>11) / (1 << 53) }

// alias draws from any distribution over few or many values in constant time (Walker's method).
type alias struct {
	keep  []float64 // probability of i itself in column i
	other []int32
}

func newAlias(weights []float64) *alias {
	n := len(weights)
	a := &alias{keep: make([]float64, n), other: make([]int32, n)}
	var sum float64
	for _, w := range weights {
		sum += w
	}
	var small, large []int32
	for i, w := range weights {
		a.keep[i], a.other[i] = w/sum*float64(n), int32(i)
		if a.keep[i] < 1 {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		a.other[s] = l
		a.keep[l] -= 1 - a.keep[s]
		if a.keep[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	// What is left differs from 1 by rounding only.
	for _, i := range append(small, large...) {
		a.keep[i] = 1
	}
	return a
}

func (a *alias) draw(r *row) int32 {
	i := int32(r.rnd.Uint64N(uint64(len(a.keep))))
	if r.rnd.Float64() < a.keep[i] {
		return i
	}
	return a.other[i]
}
