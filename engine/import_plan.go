package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"weir/catalog"
	"weir/exec/task"
	"weir/kafka"
	"weir/parser"
	"weir/parser/ast"
	"weir/planner"
	"weir/planner/plan"
	"weir/settings"
	"weir/types"
)

// statement plans one statement. The error is one that the statement is not to blame for.
func (r *importing) statement(ctx context.Context, s *Session, f Foreign) (*Imported, error) {
	one := &Imported{Verdict: Taken, QueryID: f.QueryID, ended: f.Ended}
	err := r.parse(one, f)
	if err == nil {
		one.session = &Session{Principal: s.Principal, Properties: maps.Clone(f.Properties), Variables: map[string]string{}, BaseDir: s.BaseDir, Remote: s.Remote}
		one.session.Properties, err = settings.Read(one.session.Properties, settings.Session)
	}
	if err == nil && r.there(one) {
		one.Verdict = Stands
		if d := defined(one.stmt.Node); d.Action == ast.Creates && ast.IsSource(d.Kind) {
			if src, _ := r.snap.Source(d.Name.Name); src != nil && src.Query != "" && src.Query != one.QueryID {
				one.Differences = append(one.Differences, "its query is "+src.Query+" here")
			}
		}
		return one, nil
	}
	var d *draft
	if err == nil {
		d, err = r.draftOf(one, f)
	}
	if err == nil && d.Exists != "" {
		one.Verdict = Stands
		return one, nil
	}
	if err == nil {
		one.columns(d, f)
	}
	if err == nil && d.Query != nil {
		one.QueryID = d.Query.ID
		err = r.place(ctx, one, f, d.Query)
	}
	if err == nil {
		err = r.goOn(one, d)
	}
	if ctx.Err() != nil || errors.As(err, new(*cantAsk)) {
		return nil, err
	}
	if err != nil {
		r.refuse(one, err)
	}
	return one, nil
}

// columns compares what a statement makes with what it made elsewhere.
func (one *Imported) columns(d *draft, f Foreign) {
	if f.Schema == "" || d.Change.PutSource == nil {
		return
	}
	was, err := parser.ParseColumns(f.Schema, parser.Options{})
	if err != nil {
		return
	}
	is, err := parser.ParseColumns(d.Change.PutSource.Schema.String(), parser.Options{})
	if err != nil {
		return
	}
	if a, b := columnTexts(was), columnTexts(is); a != b {
		one.Differences = append(one.Differences, fmt.Sprintf("its columns are %s, and were %s", b, a))
	}
}

// columnTexts are columns, the keys first.
func columnTexts(list []ast.Column) string {
	var keys, others []string
	for _, c := range list {
		if c.Constraint == ast.Key || c.Constraint == ast.PrimaryKey {
			c.Constraint = ast.Key
			keys = append(keys, ast.Format(c))
		} else {
			others = append(others, ast.Format(c))
		}
	}
	return strings.Join(append(keys, others...), ", ")
}

func (r *importing) parse(one *Imported, f Foreign) error {
	f.Text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(f.Text), ";"))
	one.stmt = parser.Stmt{Text: f.Text}
	list, err := parser.Parse(f.Text+"\n;", parser.Options{})
	if err != nil {
		return err
	}
	if len(list) != 1 {
		return fmt.Errorf("it is %d statements, want one", len(list))
	}
	one.stmt = parser.Stmt{Text: f.Text, Node: list[0].Node}
	if _, ok := one.stmt.Node.(ast.Definition); !ok {
		return fmt.Errorf("%s makes nothing that could be taken over", firstWords(one.stmt.Text))
	}
	return nil
}

// refuse says why a statement is not taken, and what to do.
func (r *importing) refuse(one *Imported, err error) {
	one.Verdict = Refused
	one.Reason = r.told(one.stmt, err)
	if at := strings.Index(one.Reason, "\nWrite instead: "); at >= 0 {
		one.Do = strings.TrimSpace(one.Reason[at:])
		if end := strings.Index(one.Do, ";\n  "); end >= 0 && !strings.HasPrefix(one.Do[end+2:], "Or: ") { // the place in the text follows
			one.Do, one.Reason = one.Do[:end+1], one.Reason[:at]+one.Do[end+1:]
		} else {
			one.Reason = one.Reason[:at]
		}
	}
	name, kind := "", ""
	if d := defined(one.stmt.Node); d.Action == ast.Creates {
		name, kind = d.Name.Name, d.Kind
	} else if m := creates.FindStringSubmatch(one.stmt.Text); m != nil && one.stmt.Node == nil {
		name, kind = m[2]+m[3]+strings.ToUpper(m[4]), strings.ToLower(m[1])
	}
	if ast.IsSource(kind) && !r.snap.Has(kind, name) {
		r.refused[name] = true
	}
}

// there says whether a statement has been carried out already.
func (r *importing) there(one *Imported) bool {
	if _, insert := one.stmt.Node.(*ast.InsertSelect); insert {
		if q, ok := r.snap.Query(one.QueryID); one.QueryID != "" {
			return ok && sameText(q.SQL, one.stmt.Text)
		}
	}
	if n, ok := one.stmt.Node.(*ast.CreateType); ok { // by its name alone another one would do
		t, there := r.snap.Type(n.Name.Name)
		d, err := r.draft(one.session, one.stmt, world{env: r.env(one, hiding{r.snap, ast.KindType, n.Name.Name})})
		return there && err == nil && d.Change.Type != nil && d.Change.Type.Equal(t)
	}
	if r.stands(one.session, one.stmt) {
		return true
	}
	// Where columns were taken from a schema, the command log has them in the statement.
	n, ok := one.stmt.Node.(*ast.CreateSource)
	if !ok {
		return false
	}
	src, there := r.snap.Source(n.Name.Name)
	if !there || len(n.Columns) > 0 {
		return false
	}
	d, err := r.draft(one.session, one.stmt, world{env: r.env(one, hiding{r.snap, ast.KindStream, n.Name.Name})})
	if err != nil {
		return false
	}
	whole := d.entry.Statement
	for _, text := range append([]string{src.SQL}, src.Before...) {
		if sameText(text, whole) {
			return true
		}
	}
	return false
}

// hiding is a catalog without one of its things.
type hiding struct {
	catalog.Reader
	kind, name string
}

func (h hiding) Source(name string) (*catalog.Source, bool) {
	if ast.IsSource(h.kind) && name == h.name {
		return nil, false
	}
	return h.Reader.Source(name)
}

func (h hiding) Has(kind, name string) bool {
	return !(name == h.name && (kind == h.kind || ast.IsSource(kind) && ast.IsSource(h.kind))) && h.Reader.Has(kind, name)
}

func (h hiding) Type(name string) (*types.Type, bool) {
	if h.kind == ast.KindType && name == h.name {
		return nil, false
	}
	return h.Reader.Type(name)
}

// env is the world as it will be when the statements before have been carried out.
func (r *importing) env(one *Imported, now catalog.Reader) *planner.Env {
	env := r.planEnv(one.session, now, r.numberFor(one.begin, r.next), r.topics)
	env.QueryID = one.begin.id()
	env.MakeTopics = false // what is taken over has its topics: where one is missing, these are the wrong brokers
	env.Partitions = r.partitions
	env.Running = func(id string) *plan.Query {
		if q := r.plans[id]; q != nil {
			return q
		}
		return r.runningPlan(id)
	}
	return env
}

// partitions are those of a topic that is there, or will be.
func (r *importing) partitions(topic string) (int32, bool) {
	if n, ok := r.topics[topic]; ok {
		return n, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), kafka.DefaultTimeout)
	defer cancel()
	t, err := r.kafka().Topic(ctx, topic)
	if err != nil {
		return 1, r.in.Presumed
	}
	return int32(len(t.Partitions)), true
}

// draftOf plans a statement that is not there yet.
func (r *importing) draftOf(one *Imported, f Foreign) (*draft, error) {
	for _, m := range mentions(one.stmt.Node) {
		if r.refused[m.name] {
			return nil, fmt.Errorf("It needs %s, which is refused.", m.name)
		}
	}
	if q, taken := r.snap.Query(f.QueryID); taken {
		return nil, fmt.Errorf("Weir has a query %s that another statement made: %s", q.ID, q.SQL)
	}
	if _, left := r.leaving.Load(f.QueryID); left {
		return nil, fmt.Errorf("What an earlier query %s has left is still being removed: import again in a moment.", f.QueryID)
	}
	if f.QueryID != "" || f.Paused || f.Ended {
		one.begin = &Beginning{QueryID: f.QueryID, Paused: f.Paused || f.Ended}
	}
	env := r.env(one, r.snap)
	d, err := r.draft(one.session, one.stmt, world{env, r.snap, r.casualties(), one.begin})
	if err != nil || d.Exists != "" {
		return d, err
	}
	if d.Query != nil {
		if _, err := task.Build(d.Query); err != nil {
			return nil, err
		}
	}
	for _, t := range []*planner.Topic{d.Topic, d.LateTopic} {
		if t == nil {
			continue
		}
		n, exists := env.Partitions(t.Name)
		if _, known := r.topics[t.Name]; r.in.Presumed && !known && t.Partitions > 0 {
			n = t.Partitions
			r.topics[t.Name] = n
		}
		if err := t.Check(d.Plan, n, exists); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// goOn takes the statement for carried out.
func (r *importing) goOn(one *Imported, d *draft) error {
	next, err := r.snap.With(d.Change)
	if err != nil {
		return err
	}
	r.snap, r.next = next, d.entry.ID+1
	if d.Query != nil {
		r.plans[d.Query.ID] = d.Query
	}
	for _, t := range []*planner.Topic{d.Topic, d.LateTopic} {
		if t == nil {
			continue
		}
		if n, ok := r.partitions(t.Name); ok {
			r.topics[t.Name] = n
		} else {
			r.topics[t.Name] = max(t.Partitions, 1)
		}
	}
	return nil
}
