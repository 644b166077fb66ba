package rubric

// LoadFlow reads a decision flow as the embedded one is read.
func LoadFlow(data []byte) error { return load(data).err }

// EmbeddedFlow is the flow that ships.
func EmbeddedFlow() []byte { return embedded }

// DigestOf is the digest of the questions of such a flow.
func DigestOf(data []byte) string { return load(data).digest }
