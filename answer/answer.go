// Package answer has what all answers of statements have in common, and how they read.
package answer

// Entity is what a statement answers on /ksql: a message in JSON.
type Entity interface {
	// Head is what all entities have.
	Head() *Common
	// Layout is how the entity reads, its warnings aside.
	Layout() Layout
}

// Common begins every entity.
type Common struct {
	Type          string    `json:"@type"`
	StatementText string    `json:"statementText"`
	Warnings      []Warning `json:"warnings"`
}

// Head returns the entity's own Common.
func (c *Common) Head() *Common { return c }

// Warning is something a user should know of an answer.
type Warning struct {
	Message string `json:"message"`
}
