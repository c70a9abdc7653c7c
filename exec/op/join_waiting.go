package op

// waiting are the rows that wait for a match, the earliest first: a binary heap.
type waiting []waiter

// waiter is the time of a row and its place in the buffer.
type waiter struct {
	ts    int64
	place uint64
}

func (h *waiting) push(w waiter) {
	*h = append(*h, w)
	list := *h
	for i := len(list) - 1; i > 0; {
		up := (i - 1) / 2
		if list[up].ts <= list[i].ts {
			return
		}
		list[up], list[i] = list[i], list[up]
		i = up
	}
}

func (h *waiting) pop() waiter {
	list := *h
	first := list[0]
	last := len(list) - 1
	list[0] = list[last]
	list = list[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down >= len(list) {
			break
		}
		if down+1 < len(list) && list[down+1].ts < list[down].ts {
			down++
		}
		if list[i].ts <= list[down].ts {
			break
		}
		list[i], list[down] = list[down], list[i]
		i = down
	}
	*h = list
	return first
}
