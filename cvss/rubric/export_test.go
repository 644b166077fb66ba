package rubric

// LoadFlow reads a decision flow as the embedded one is read.
func LoadFlow(data []byte) error { return load(data).err }

// EmbeddedFlow is the flow that ships.
func EmbeddedFlow() []byte { return embedded }
