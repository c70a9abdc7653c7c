package suggest

import (
	"strings"
	"testing"
)

func TestSuggest(t *testing.T) {
	words := []string{"SELECT", "STREAMS", "TABLES", "ID", "KEY", "USER_ID", "USER_NAME", "名前"}
	for word, want := range map[string]string{
		"SELCT": "SELECT", "selcet": "SELECT", "STREMS": "STREAMS", "TABELS": "TABLES", "USERID": "USER_ID", "USR_NAME": "USER_NAME",
		"KYE": "KEY", "名": "名前", "ID": "", "IDD": "ID", "X": "", "XY": "", "": "", "ELEPHANT": "", strings.Repeat("A", 1000): "",
	} {
		if got, ok := Suggest(word, words); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
	if got, _ := Suggest("AA", []string{"A", "ROWTIME"}); got != "A" {
		t.Error(got)
	}
	if got, ok := Suggest("A", []string{"AB", "AC", "B"}); ok {
		t.Error(got)
	}
	if got, ok := Suggest("a", nil); ok {
		t.Error(got)
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"ab", "ba", 1}, {"abc", "abd", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}} {
		if got := distance([]rune(tt.a), []rune(tt.b)); got != tt.want {
			t.Errorf("%s, %s: got %d", tt.a, tt.b, got)
		}
	}
}
