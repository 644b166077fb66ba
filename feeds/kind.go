package feeds

import (
	"regexp"
	"slices"
)

// kinds are the ids of lists of kinds of weaknesses and attacks: MITRE CWE, CAPEC, ATT&CK and ATLAS, and the lists of OWASP. Tactics
// and case studies of ATLAS are among them: many vulnerabilities serve one end, and a case is told of several.
var kinds = regexp.MustCompile(`(?i)^(?:CWE-\d+|CAPEC-\d+|T\d{4}(?:\.\d{3})?|AML\.(?:T\d{4}(?:\.\d{3})?|(?:M|TA|CS)\d{4})|(?:LLM|ML|ASI|MCP)\d{2}(?::\d{4})?|(?:A|API|M)\d{1,2}:\d{4})$`)

// KindOnly reports whether id names a kind of weakness or attack (CWE-79, AML.T0043,
// ML01:2023), or a case of attacks (AML.CS0001), and not one vulnerability. Others
// bear it too: it is no alias.
func (id ID) KindOnly() bool {
	return id != "" && kindsBegin[id[0]] && !id.CVE() && kinds.MatchString(string(id))
}

// kindsBegin are the bytes that such ids begin with: most others need no look beyond.
var kindsBegin = [256]bool{'A': true, 'a': true, 'C': true, 'c': true, 'L': true, 'l': true, 'M': true, 'm': true, 'T': true, 't': true}

// Telling returns those of ids by which a vulnerability can be told from others: all but
// those that name a kind, or all of them where there are no others.
func Telling(ids []ID) []ID {
	if !slices.ContainsFunc(ids, ID.KindOnly) {
		return ids
	}
	out := slices.DeleteFunc(slices.Clone(ids), ID.KindOnly)
	if len(out) == 0 {
		return ids
	}
	return out
}
