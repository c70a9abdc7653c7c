package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// contractPart brings metadata or a set of rules into one form; null and an empty object are none.
func contractPart(what string, raw json.RawMessage) (json.RawMessage, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil
	}
	v, err := decodeJSON(string(raw))
	if err != nil {
		return nil, apiErrorf(codeInvalidSchema, "the schema's %s: %v", what, err)
	}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		for key, value := range v {
			if value == nil {
				delete(v, key)
			}
		}
		if len(v) == 0 {
			return nil, nil
		}
		return json.Marshal(v)
	}
	return nil, apiErrorf(codeInvalidSchema, "the schema's %s is not an object", what)
}

// properties are the properties in a schema's metadata.
func properties(metadata json.RawMessage) map[string]string {
	var m struct {
		Properties map[string]any `json:"properties"`
	}
	if json.Unmarshal(metadata, &m) != nil {
		return nil
	}
	out := make(map[string]string, len(m.Properties))
	for key, value := range m.Properties {
		out[key] = fmt.Sprint(value)
	}
	return out
}

// newGUID names a schema wherever it is registered: the same content has the same one.
func newGUID(s Schema) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %q %q %q", s.Type, s.Text, s.Metadata, s.RuleSet)
	for _, r := range s.References {
		fmt.Fprintf(h, " %q %q %d", r.Name, r.Subject, r.Version)
	}
	b := h.Sum(nil)[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80 // version 8, as RFC 9562 has it for what is made in one's own way
	return FormatGUID([16]byte(b))
}

// FormatGUID is the text of a GUID, as Schema has it.
func FormatGUID(b [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
