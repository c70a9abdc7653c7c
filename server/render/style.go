package render

// style colours text for a terminal. The zero style leaves it as it is.
type style bool

func (s style) in(code, text string) string {
	if !s || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(text string) string { return s.in("1", text) }
func (s style) dim(text string) string  { return s.in("2", text) }

// Red is text for errors, where it is to be coloured.
func Red(text string, color bool) string { return style(color).in("31", text) }
