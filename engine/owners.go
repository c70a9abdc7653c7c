package engine

import (
	"context"

	"weir/tenants"
)

// limited is the error of a statement whose principal has as much as it may have.
func limited(err error) error { return &Error{Kind: Limited, Msg: err.Error(), Err: err} }

// own says whose a query is that runs from now on.
func (e *Engine) own(id, principal string) {
	p := e.opt.Tenants.Named(principal)
	if before, there := e.owners.Swap(id, p); there && before.(*tenants.Principal) != p {
		before.(*tenants.Principal).End(id)
	}
	p.Own(id)
}

// disown says that a query is nobody's any more.
func (e *Engine) disown(id string) {
	if p, there := e.owners.LoadAndDelete(id); there {
		p.(*tenants.Principal).End(id)
	}
}

// owner is whose a query is.
func (e *Engine) owner(id string) *tenants.Principal {
	p, _ := e.owners.Load(id)
	of, _ := p.(*tenants.Principal)
	return of
}

// unlessOwned takes back that a query was counted, where it has not come to run.
func (e *Engine) unlessOwned(p *tenants.Principal, id string) {
	if e.owner(id) != p {
		p.End(id)
	}
}

// bring counts a row that a session inserts. The first one of several is refused where its principal has brought too many already; the
// others wait for their turn, so that no script ends half way.
func (s *Session) bring(ctx context.Context) error {
	if s.begun {
		if err := s.Principal.Await(ctx); err != nil {
			return err
		}
		s.Principal.Spend()
		return nil
	}
	if err := s.Principal.Bring(); err != nil {
		return limited(err)
	}
	s.begun = true
	return nil
}

// holdState counts the state of a query among that of whose it is; nil where nobody has limits.
func (e *Engine) holdState(id string) func(bytes int64) error {
	if e.opt.Tenants == nil {
		return nil
	}
	return func(bytes int64) error { return e.owner(id).Hold(id, bytes) }
}
