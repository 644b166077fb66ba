package openvex

import (
	"encoding/json"
	"strings"

	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/vex"
)

// prefix begins the paragraph of status_notes that holds the tokens of another
// format, for which OpenVEX has no member.
const prefix = "postmarket:vex:original "

// keep adds to notes the tokens of o, unless they are of OpenVEX.
func keep(notes string, o vex.Original) string {
	if o.Format == "" || o.Format == Format {
		return notes
	}
	text, err := json.Marshal(o)
	if err != nil {
		return notes
	}
	return strings.TrimPrefix(notes+"\n\n"+prefix+string(text), "\n\n")
}

// recall gives s the tokens that keep wrote, and takes them from its notes. Nothing
// of what s says is changed by them. What is named by an IRI that holds in OpenVEX
// only was not written by keep: there the notes stay as they are.
func recall(s *vex.Statement) {
	at := strings.LastIndex(s.Notes, "\n\n"+prefix)
	rest, text := "", ""
	switch {
	case at >= 0:
		rest, text = s.Notes[:at], s.Notes[at+2+len(prefix):]
	case strings.HasPrefix(s.Notes, prefix):
		text = s.Notes[len(prefix):]
	default:
		return
	}
	for _, p := range s.Products {
		for _, q := range p.Chain() {
			if q.Ref != "" && q.Ref != q.PURL && !strings.HasPrefix(q.Ref, "urn:cdx:") {
				return
			}
		}
	}
	var o vex.Original
	if strictjson.Decode([]byte(text), &o) != nil || o.Format == "" || o.Format == Format {
		return
	}
	if again, err := json.Marshal(o); err != nil || string(again) != text {
		return
	}
	s.Original, s.Notes = o, rest
}
