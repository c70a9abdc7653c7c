package ast

// Statement is a whole statement. It writes itself as SQL.
//
//sumtype:decl
type Statement interface {
	Node
	write(p *printer)
}
