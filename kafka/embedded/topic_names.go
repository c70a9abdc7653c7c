package embedded

import "fmt"

// maxTopicName is Kafka's bound: the name of a partition's folder has to fit into 255 bytes.
const maxTopicName = 249

// badTopicName says what keeps a name from being one of a topic; empty for nothing.
func badTopicName(name string) string {
	switch {
	case name == "":
		return "a topic's name cannot be empty"
	case name == "." || name == "..":
		return "a topic's name cannot be '.' or '..'"
	case len(name) > maxTopicName:
		return fmt.Sprintf("the topic's name has %d characters: at most %d are possible", len(name), maxTopicName)
	}
	for _, c := range name {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-') {
			return fmt.Sprintf("the topic's name %q holds %q: letters and digits of ASCII, '.', '_' and '-' are possible", name, c)
		}
	}
	return ""
}

// internalTopic says whether Kafka keeps a topic of that name for itself. There is none here, and clients make none by asking for it.
func internalTopic(name string) bool {
	return name == "__consumer_offsets" || name == "__transaction_state" || name == "__share_group_state"
}
