package sbom

// commonWords are words that texts about vulnerabilities use and that are the
// name of no product by themselves. The list is ours: what stands in it is not
// looked for, so it holds plain English and the words of the trade only.
var commonWords = set(
	"am", "an", "as", "at", "be", "by", "do", "he", "if", "in", "is", "it", "me", "my", "no", "of", "on", "or", "so", "to", "up", "us", "we", "id", "vs", "eg", "ie", "os", "ip",
	"the", "and", "that", "this", "with", "for", "from", "not", "are", "was", "has", "have", "had", "its", "can", "could", "may", "might",
	"which", "when", "where", "who", "via", "into", "than", "then", "there", "these", "those", "all", "any", "but", "been", "being", "does",
	"did", "due", "such", "some", "other", "only", "also", "after", "before", "because", "between", "through", "during", "while", "without",
	"within", "using", "used", "use", "uses", "allow", "allows", "allowed", "allowing", "lead", "leads", "leading", "cause", "causes",
	"caused", "causing", "result", "results", "resulting", "exists", "exist", "found", "discovered", "issue", "issues", "bug", "flaw", "flaws",
	"vulnerability", "vulnerabilities", "vulnerable", "attacker", "attackers", "attack", "attacks", "remote", "remotely", "local", "locally",
	"network", "adjacent", "arbitrary", "code", "execution", "execute", "executes", "denial", "service", "crash", "crashes", "memory",
	"corruption", "buffer", "overflow", "overflows", "underflow", "heap", "stack", "integer", "pointer", "null", "dereference", "free",
	"double", "bounds", "out", "read", "reads", "reading", "write", "writes", "writing", "access", "accessible", "control", "privilege",
	"privileges", "escalation", "escalate", "information", "disclosure", "disclose", "sensitive", "data", "user", "users", "unauthenticated",
	"authenticated", "authentication", "authorization", "bypass", "improper", "validation", "input", "check", "checks", "missing",
	"insufficient", "incorrect", "incorrectly", "function", "functions", "file", "files", "version", "versions", "prior", "earlier", "later",
	"through", "affected", "affects", "affecting", "impact", "impacts", "component", "components", "product", "products", "device", "devices",
	"request", "requests", "packet", "packets", "message", "messages", "crafted", "specially", "malicious", "malformed", "possible",
	"potential", "potentially", "cve", "rejected", "reason", "number", "candidate", "http", "https", "com", "www", "one", "two", "more",
	"most", "over", "under", "upon", "will", "would", "should", "must", "his", "her", "their", "them", "they", "you", "your", "our", "cross",
	"site", "scripting", "sql", "injection", "command", "commands", "path", "traversal", "directory", "unknown", "unspecified", "vector",
	"vectors", "system", "systems", "software", "application", "applications", "server", "servers", "client", "clients", "web", "page",
	"interface", "parameter", "parameters", "value", "values", "field", "fields", "argument", "arguments", "manipulation", "exploit",
	"exploited", "exploitation", "public", "publicly", "available", "fixed", "fix", "patch", "patched", "patches", "update", "updates",
	"upgrade", "release", "released", "library", "module", "modules", "plugin", "firmware", "kernel", "driver", "drivers",
)

func set(words ...string) map[string]bool {
	out := make(map[string]bool, len(words))
	for _, w := range words {
		out[w] = true
	}
	return out
}
