package engine

import (
	"fmt"

	"weir/parser/ast"
)

// setting changes the session.
func (e *Engine) setting(s *Session, n ast.Setting) (Result, error) {
	switch n := n.(type) {
	case *ast.Set:
		return e.set(s, n)
	case *ast.Unset:
		return e.unset(s, n)
	case *ast.Define:
		s.Variables[n.Name] = n.Value
		return &Done{Message: fmt.Sprintf("Variable '%s' defined.", n.Name), Sequence: -1}, nil
	case *ast.Undefine:
		if _, ok := s.Variables[n.Name]; !ok {
			return nil, refuse(BadStatement, "Cannot undefine variable '%s' which was never defined", n.Name)
		}
		delete(s.Variables, n.Name)
		return &Done{Message: fmt.Sprintf("Variable '%s' is no longer defined.", n.Name), Sequence: -1}, nil
	}
	return nil, refuse(BadStatement, "%s is not supported", ast.Format(n))
}

// sandboxSet does so where statements are only checked: whether a variable is there is not asked yet.
func sandboxSet(s *Session, n ast.Setting) error {
	switch n := n.(type) {
	case *ast.Set:
		return s.Set(n.Name, n.Value)
	case *ast.Unset:
		return s.Unset(n.Name)
	case *ast.Define:
		s.Variables[n.Name] = n.Value
	case *ast.Undefine:
		delete(s.Variables, n.Name)
	}
	return nil
}
