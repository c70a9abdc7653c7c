package embedded

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// change is what a request wants to have altered, of one resource.
type change struct {
	kind     kmsg.ConfigResourceType
	name     string
	settings []setting
}

type setting struct {
	name  string
	value *string
	op    kmsg.IncrementalAlterConfigOp
}

// checkConfigs refuses to alter the broker's own settings, and settings of topics that Kafka would refuse. A request is carried out whole or
// not at all.
func (b *Broker) checkConfigs(r kmsg.Request) kmsg.Response {
	if b.fromInside(r) {
		return nil
	}
	changes := changesOf(r)
	refused := make([]error, len(changes))
	any := false
	for i, c := range changes {
		if refused[i] = b.refuses(c); refused[i] != nil {
			any = true
		}
	}
	if !any {
		b.hide(r)
		return nil
	}
	for i := range refused {
		if refused[i] == nil {
			refused[i] = refusal{kerr.InvalidRequest, "another change of the same request is refused: none was made"}
		}
	}
	return answerChanges(r, changes, refused)
}

// hide puts the settings that kfake is not to act on under other names. It knows no lists of those names: what is to be added to one, or
// taken from it, is worked out here.
func (b *Broker) hide(r kmsg.Request) {
	switch req := r.(type) {
	case *kmsg.AlterConfigsRequest:
		for _, res := range req.Resources {
			for i := range res.Configs {
				res.Configs[i].Name = kept(res.Configs[i].Name)
			}
		}
	case *kmsg.IncrementalAlterConfigsRequest:
		for _, res := range req.Resources {
			for i := range res.Configs {
				c := &res.Configs[i]
				if c.Name == kept(c.Name) {
					continue
				}
				if info := b.cluster.TopicInfo(res.ResourceName); info != nil {
					c.Op, c.Value = listOp(c.Op, c.Value, b.answers.topics.value(c.Name, info.Configs))
				}
				c.Name = kept(c.Name)
			}
		}
	}
}

// listOp turns a change of a list into its new value.
func listOp(op kmsg.IncrementalAlterConfigOp, items *string, now string) (kmsg.IncrementalAlterConfigOp, *string) {
	if items == nil || op != kmsg.IncrementalAlterConfigOpAppend && op != kmsg.IncrementalAlterConfigOpSubtract {
		return op, items
	}
	list := strings.Split(now, ",")
	for item := range strings.SplitSeq(*items, ",") {
		list = slices.DeleteFunc(list, func(s string) bool { return s == item })
		if op == kmsg.IncrementalAlterConfigOpAppend {
			list = append(list, item)
		}
	}
	value := strings.Join(list, ",")
	return kmsg.IncrementalAlterConfigOpSet, &value
}

func changesOf(r kmsg.Request) []change {
	var out []change
	switch req := r.(type) {
	case *kmsg.AlterConfigsRequest:
		for _, res := range req.Resources {
			c := change{kind: res.ResourceType, name: res.ResourceName}
			for _, s := range res.Configs {
				c.settings = append(c.settings, setting{s.Name, s.Value, kmsg.IncrementalAlterConfigOpSet})
			}
			out = append(out, c)
		}
	case *kmsg.IncrementalAlterConfigsRequest:
		for _, res := range req.Resources {
			c := change{kind: res.ResourceType, name: res.ResourceName}
			for _, s := range res.Configs {
				c.settings = append(c.settings, setting{s.Name, s.Value, s.Op})
			}
			out = append(out, c)
		}
	}
	return out
}

func (b *Broker) refuses(c change) error {
	switch c.kind {
	case kmsg.ConfigResourceTypeBroker, kmsg.ConfigResourceTypeBrokerLogger:
		return refusal{kerr.PolicyViolation, "the embedded broker's own settings are fixed; topics' settings can be altered"}
	case kmsg.ConfigResourceTypeTopic:
	default:
		return nil
	}
	for _, s := range c.settings {
		switch s.op {
		case kmsg.IncrementalAlterConfigOpDelete:
			continue // also of a name that an earlier version took
		case kmsg.IncrementalAlterConfigOpAppend, kmsg.IncrementalAlterConfigOpSubtract:
			if !b.answers.topics.isList(s.name) {
				return refusal{kerr.InvalidConfig, "Can't append to, or subtract from, a setting that is no list: " + s.name}
			}
		case kmsg.IncrementalAlterConfigOpSet:
		}
		if why := b.answers.topics.bad(s.name, s.value); why != "" {
			return refusal{kerr.InvalidConfig, why}
		}
	}
	return nil
}

func answerChanges(r kmsg.Request, changes []change, refused []error) kmsg.Response {
	switch req := r.(type) {
	case *kmsg.AlterConfigsRequest:
		resp := req.ResponseKind().(*kmsg.AlterConfigsResponse)
		for i, c := range changes {
			out := kmsg.NewAlterConfigsResponseResource()
			out.ResourceType, out.ResourceName = c.kind, c.name
			out.ErrorCode, out.ErrorMessage = codeOf(refused[i])
			resp.Resources = append(resp.Resources, out)
		}
		return resp
	case *kmsg.IncrementalAlterConfigsRequest:
		resp := req.ResponseKind().(*kmsg.IncrementalAlterConfigsResponse)
		for i, c := range changes {
			out := kmsg.NewIncrementalAlterConfigsResponseResource()
			out.ResourceType, out.ResourceName = c.kind, c.name
			out.ErrorCode, out.ErrorMessage = codeOf(refused[i])
			resp.Resources = append(resp.Resources, out)
		}
		return resp
	}
	return nil
}
