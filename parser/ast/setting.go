package ast

// Setting is a statement that changes nothing but the session.
//
//sumtype:decl
type Setting interface {
	Statement
	sets()
}

func (*Set) sets()      {}
func (*Unset) sets()    {}
func (*Define) sets()   {}
func (*Undefine) sets() {}
