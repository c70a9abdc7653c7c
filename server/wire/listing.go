package wire

type (
	// Property is a line of SHOW PROPERTIES.
	Property struct {
		Name     string  `json:"name"`
		Scope    string  `json:"scope"`
		Value    *string `json:"value"`
		Editable bool    `json:"editable"`
		Level    string  `json:"level"`
		Meaning  string  `json:"meaning,omitempty"` // ours
	}
	// Properties answers SHOW PROPERTIES.
	Properties struct {
		Common
		Properties  []Property `json:"properties"`
		Overwritten []string   `json:"overwrittenProperties"`
		Default     []string   `json:"defaultProperties"`
	}

	// FunctionName is a line of SHOW FUNCTIONS.
	FunctionName struct {
		Name     string `json:"name"`
		Type     string `json:"type"` // SCALAR, AGGREGATE or TABLE
		Category string `json:"category"`
	}
	// FunctionNames answers SHOW FUNCTIONS.
	FunctionNames struct {
		Common
		Functions []FunctionName `json:"functions"`
	}
	// Argument is a parameter of a function.
	Argument struct {
		Name        string `json:"name"`
		Type        string `json:"type"`
		Description string `json:"description"`
		Variadic    bool   `json:"isVariadic"`
	}
	// Variant is a signature of a function.
	Variant struct {
		Arguments   []Argument `json:"arguments"`
		Returns     string     `json:"returnType"`
		Description string     `json:"description"`
	}
	// FunctionDescription answers DESCRIBE FUNCTION.
	FunctionDescription struct {
		Common
		Name        string    `json:"name"`
		Description string    `json:"description"`
		Author      string    `json:"author"`
		Version     string    `json:"version"`
		Path        string    `json:"path"`
		Functions   []Variant `json:"functions"`
		Kind        string    `json:"type"`
		Examples    []Example `json:"examples,omitempty"` // beyond ksqlDB
	}
	// Example is a call and what it gives.
	Example struct {
		Call   string `json:"call"`
		Result string `json:"result"`
	}

	// Types answers SHOW TYPES.
	Types struct {
		Common
		Types map[string]Schema `json:"types"`
	}

	// Variable is a line of SHOW VARIABLES.
	Variable struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	// Variables answers SHOW VARIABLES.
	Variables struct {
		Common
		Variables []Variable `json:"variables"`
	}
)
