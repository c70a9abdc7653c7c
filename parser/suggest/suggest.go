// Package suggest finds the word that a misspelt one was most likely meant to be.
package suggest

import "strings"

// maxWord bounds the work on words that are far too long to be a typing error.
const maxWord = 128

// Suggest returns the candidate closest to word, or false if none is close: up to a third of its letters may be wrong,
// missing, extra or swapped with their neighbour. Case does not count. Among equals the first candidate wins, but a single
// letter is told apart from others only where one candidate alone is close.
func Suggest(word string, candidates []string) (string, bool) {
	if word == "" || len(word) > maxWord {
		return "", false
	}
	w := []rune(strings.ToUpper(word))
	best, found := "", false
	short, shorts := "", 0
	limit := max(1, len(w)/3)
	for _, c := range candidates {
		if len(c) > maxWord || c == word {
			continue
		}
		r := []rune(strings.ToUpper(c))
		if len(r)-len(w) > limit || len(w)-len(r) > limit {
			continue
		}
		if d := distance(w, r); d < limit || d == limit && !found {
			// A single letter is close to every word of two that has it: there has to be only one.
			if d >= len(w) || d >= len(r) {
				if d < max(len(w), len(r)) {
					short, shorts = c, shorts+1
				}
				continue
			}
			best, found, limit = c, true, d
		}
	}
	if !found && shorts == 1 {
		return short, true
	}
	return best, found
}

// distance counts the edits from a to b, a swap of neighbours being one.
func distance(a, b []rune) int {
	older, old, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old, row = old, row, older
	}
	return old[len(b)]
}
