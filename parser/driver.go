package parser

import (
	"errors"
	"fmt"
	"io"
	"sync"

	tidb "github.com/pingcap/tidb/pkg/parser"
	tast "github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	"github.com/pingcap/tidb/pkg/parser/mysql"
)

// value is TiDB's node for a literal. What the literal is worth is known from the walk over the tokens, so that it holds
// nothing but what TiDB's grammar itself asks for; TiDB's own drivers panic on some numbers, or bring in all of TiDB.
type value struct {
	tast.TexprNode
	val any
}

func (v *value) Restore(*format.RestoreCtx) error { return errors.New("a literal is not restored") }

func (v *value) Accept(visitor tast.Visitor) (tast.Node, bool) {
	n, skip := visitor.Enter(v)
	if skip {
		return visitor.Leave(n)
	}
	return visitor.Leave(n.(*value))
}

func (v *value) Format(io.Writer)         {}
func (v *value) SetValue(val any)         { v.val = val }
func (v *value) GetValue() any            { return v.val }
func (v *value) GetDatumString() string   { return v.GetString() }
func (v *value) GetProjectionOffset() int { return -1 }
func (v *value) SetProjectionOffset(int)  {}
func (v *value) SetOrder(int)             {}

func (v *value) GetString() string {
	s, _ := v.val.(string)
	return s
}

// parsers are reused: each holds buffers, and none may be used by two goroutines at once.
var parsers = sync.Pool{New: func() any {
	setDriver()
	return tidb.New()
}}

// setDriver fills the hooks that TiDB's parser creates its literals with.
var setDriver = sync.OnceFunc(func() {
	text := func(s string) (any, error) { return s, nil }
	tast.NewValueExpr = func(val any, _, _ string) tast.ValueExpr { return &value{val: val} }
	tast.NewParamMarkerExpr = func(int) tast.ParamMarkerExpr { return &value{} }
	tast.NewDecimal, tast.NewHexLiteral, tast.NewBitLiteral = text, text, text
})

// pooledText is the size of text, in bytes, up to which a parser is kept: it holds on to the last one.
const pooledText = 64 << 10

var errCrash = errors.New("TiDB's parser crashed")

// parseMySQL hands a text to TiDB's parser and returns its one statement. A crash in there must not take the process along.
func parseMySQL(text string) (stmt tast.StmtNode, err error) {
	p := parsers.Get().(*tidb.Parser)
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errCrash, r)
			return
		}
		if len(text) <= pooledText {
			p.Reset()
			parsers.Put(p)
		}
	}()
	// Reset has put back the default mode, in which a backslash escapes.
	p.SetSQLMode(mysql.ModeNoBackslashEscapes)
	stmts, _, err := p.ParseSQL(text)
	if err != nil {
		return nil, err
	}
	if len(stmts) != 1 {
		return nil, fmt.Errorf("%w: %d statements", errCrash, len(stmts))
	}
	return stmts[0], nil
}
