package csaf

import "strings"

// Filename is the name a document with this tracking id must have: the id in
// lower case, every run of characters other than a–z, 0–9, + and - made one
// underscore, and ".json". Section 5.1 of the standard. The rule does not keep
// different ids apart: "A 1" and "a_1" share a name.
func Filename(id string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(id) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '+' || r == '-' {
			b.WriteRune(r)
			gap = false
		} else if !gap {
			b.WriteByte('_')
			gap = true
		}
	}
	return b.String() + ".json"
}
