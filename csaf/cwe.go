package csaf

import (
	_ "embed" // the list
	"strings"
	"sync"
)

// CWEName is MITRE's name for the weakness with this id, as test 6.1.11 wants it
// beside the id, and false for an id that is of no weakness in CWE 4.17.
func CWEName(id string) (string, bool) {
	name, ok := cweNames()[id]
	return name, ok
}

//go:embed cwe.txt
var cweList string

var cweNames = sync.OnceValue(func() map[string]string {
	names := make(map[string]string, 1000)
	for line := range strings.Lines(cweList) {
		if id, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok {
			names["CWE-"+id] = name
		}
	}
	return names
})
