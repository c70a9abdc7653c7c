package ast

// Statement is a whole statement. It prints itself.
//
//sumtype:decl
type Statement interface {
	Node
	print(p *printer)
}
