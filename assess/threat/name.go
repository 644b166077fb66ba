package threat

import (
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
)

// systems are the numbering systems of ids that are not CVE ids and have to do
// with models, by how an id begins and goes on.
var systems = []struct {
	name string
	is   func(id string) bool
}{
	{ATLAS, func(id string) bool {
		return numbered(id, "AML.T", 4, ".", 3) || numbered(id, "AML.M", 4, "", 0) || numbered(id, "AML.TA", 4, "", 0) || numbered(id, "AML.CS", 4, "", 0)
	}},
	{OWASPML, func(id string) bool { return numbered(id, "ML", 2, ":", 4) }},
	{OWASPLLM, func(id string) bool { return numbered(id, "LLM", 2, ":", 4) }},
	{OWASPAgentic, func(id string) bool { return numbered(id, "ASI", 2, ":", 4) }},
	{OWASPMCP, func(id string) bool { return numbered(id, "MCP", 2, ":", 4) }},
	{AVID, func(id string) bool {
		year, rest, ok := strings.Cut(strings.TrimPrefix(id, "AVID-"), "-")
		number := strings.TrimLeft(rest, "VR")
		return ok && strings.HasPrefix(id, "AVID-") && digits(year, 4) && len(rest) == len(number)+1 && number != "" && digits(number, len(number))
	}},
}

// The numbering systems.
const (
	ATLAS        = "MITRE ATLAS" // techniques, mitigations, tactics and case studies
	OWASPML      = "OWASP Machine Learning Security Top Ten"
	OWASPLLM     = "OWASP Top 10 for LLM Applications"
	OWASPAgentic = "OWASP Top 10 for Agentic Applications"
	OWASPMCP     = "OWASP MCP Top 10"
	AVID         = "AI Vulnerability Database"
)

// System returns the name of the numbering system that id belongs to, as it may
// stand in the ids of a CSAF document. ok is false for ids of all others, CVE ids
// among them.
func System(id feeds.ID) (name string, ok bool) {
	for _, s := range systems {
		if s.is(string(id)) {
			return s.name, true
		}
	}
	return "", false
}

// numbered reports whether id is prefix, n digits and, where there is more, sep
// and m digits.
func numbered(id, prefix string, n int, sep string, m int) bool {
	rest, ok := strings.CutPrefix(id, prefix)
	if !ok || len(rest) < n || !digits(rest[:n], n) {
		return false
	}
	if rest = rest[n:]; rest == "" {
		return true
	}
	rest, ok = strings.CutPrefix(rest, sep)
	return ok && sep != "" && digits(rest, m)
}

func digits(s string, n int) bool { return len(s) == n && strings.Trim(s, "0123456789") == "" }
