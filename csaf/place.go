package csaf

import (
	"fmt"
	"strconv"
	"strings"
)

// A Failure is one thing that is wrong with a document.
type Failure struct {
	Test    string // "schema", or the number of the standard's test, "6.1.16"
	Path    string // RFC 6901 JSON pointer; for something missing, the object that lacks it; "" is the whole document
	Message string // a sentence without subject, for a person
}

// String is the failure in one line.
func (f Failure) String() string {
	at := f.Path
	if at == "" {
		at = "(document)"
	}
	return fmt.Sprintf("%s %s: %s", f.Test, at, f.Message)
}

// A place is where a walk stands. It is spelt out as a pointer only when
// something is wrong there. nil is the root.
type place struct {
	up    *place
	name  string // of a member; "" for an element
	index int
}

func (p *place) key(name string) *place { return &place{up: p, name: name, index: -1} }
func (p *place) at(i int) *place        { return &place{up: p, index: i} }

func (p *place) String() string {
	var parts []string
	for ; p != nil; p = p.up {
		if p.index >= 0 {
			parts = append(parts, strconv.Itoa(p.index))
		} else {
			parts = append(parts, pointerEscape.Replace(p.name))
		}
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(parts[i])
	}
	return b.String()
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// A trail is the same as a list of steps, for a walk that goes everywhere.
type trail []step

// A step leads to a member, or with an index from 0 to an element.
type step struct {
	name  string
	index int
}

func (t trail) String() string {
	var b strings.Builder
	for _, s := range t {
		b.WriteByte('/')
		if s.index >= 0 {
			b.WriteString(strconv.Itoa(s.index))
		} else {
			b.WriteString(pointerEscape.Replace(s.name))
		}
	}
	return b.String()
}

// brief quotes outside text, cut to a length fit for a message.
func brief(s string) string {
	const most = 60
	if r := []rune(s); len(s) > most && len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}
