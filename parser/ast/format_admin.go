package ast

import "strconv"

func (p *printer) admin(s Statement) {
	switch s := s.(type) {
	case *Print:
		p.put("PRINT ")
		p.resource(s.Topic.Name)
		p.putIf(s.FromBeginning, " FROM BEGINNING")
		p.interval(s.Interval)
		p.limit(s.Limit)
	case *Describe:
		p.put("DESCRIBE ")
		p.name(s.Name.Name)
		p.putIf(s.Extended, " EXTENDED")
	case *DescribeAll:
		p.put("DESCRIBE ")
		if s.Tables {
			p.put("TABLES")
		} else {
			p.put("STREAMS")
		}
		p.putIf(s.Extended, " EXTENDED")
	case *DescribeFunction:
		p.put("DESCRIBE FUNCTION ")
		p.name(s.Name.Name)
	case *DescribeConnector:
		p.put("DESCRIBE CONNECTOR ")
		p.name(s.Name.Name)
	case *Show:
		p.put("SHOW ")
		p.putIf(s.All, "ALL ")
		p.putIf(s.Connector != AnyConnector, s.Connector.String()+" ")
		p.put(s.Kind.String())
		p.putIf(s.Extended, " EXTENDED")
	case *Terminate:
		p.onQuery("TERMINATE ", s.All, s.QueryID)
	case *Pause:
		p.onQuery("PAUSE ", s.All, s.QueryID)
	case *Resume:
		p.onQuery("RESUME ", s.All, s.QueryID)
	case *Set:
		p.put("SET ", QuoteString(s.Name), " = ", QuoteString(s.Value))
	case *Unset:
		p.put("UNSET ", QuoteString(s.Name))
	case *AlterSystem:
		p.put("ALTER SYSTEM ", QuoteString(s.Name), " = ", QuoteString(s.Value))
	case *Define:
		p.put("DEFINE ", s.Name, " = ", QuoteString(s.Value))
	case *Undefine:
		p.put("UNDEFINE ", s.Name)
	default:
		p.assert(s)
	}
}

func (p *printer) onQuery(word string, all bool, id Ident) {
	p.put(word)
	if all {
		p.put("ALL")
	} else {
		p.name(id.Name)
	}
}

func (p *printer) assert(s Statement) {
	switch s := s.(type) {
	case *AssertTopic:
		p.put("ASSERT ")
		p.putIf(s.NotExists, "NOT EXISTS ")
		p.put("TOPIC ")
		p.resource(s.Topic.Name)
		p.with(s.With)
		p.durationIf(" TIMEOUT ", s.Timeout)
	case *AssertSchema:
		p.put("ASSERT ")
		p.putIf(s.NotExists, "NOT EXISTS ")
		p.put("SCHEMA")
		if s.Subject.Name != "" {
			p.put(" SUBJECT ")
			p.resource(s.Subject.Name)
		}
		if s.ID != nil {
			p.put(" ID ", strconv.Itoa(int(s.ID.Value)))
		}
		p.durationIf(" TIMEOUT ", s.Timeout)
	case *AssertValues:
		p.put("ASSERT ")
		p.putIf(s.Null, "NULL ")
		p.put("VALUES ")
		p.name(s.Target.Name)
		p.idents(s.Columns)
		if s.Null {
			p.put(" KEY ")
		} else {
			p.put(" VALUES ")
		}
		p.values(s.Values)
	case *AssertSource:
		p.put("ASSERT ", streamOrTable(s.IsTable))
		p.name(s.Name.Name)
		p.columns(s.Columns)
		p.with(s.With)
	case *RunScript:
		p.put("RUN SCRIPT ", QuoteString(s.Path))
	default: // about these alone
	}
}
