package match

import (
	"math"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/sbom/vers"
	"github.com/open-postmarket/postmarket/tlp"
)

// interning keeps one copy of texts that come again and again.
type interning struct {
	texts  map[string]string
	marks  map[string]*tlp.Mark
	from   map[said]*origin
	scored map[feeds.Score][]feeds.Score
	cpes   map[string]*naming
	points map[string]*point // of the generic order
	keys   []string          // of one list, while it is read
}

func newInterning() *interning {
	return &interning{
		texts: map[string]string{}, marks: map[string]*tlp.Mark{}, from: map[said]*origin{}, scored: map[feeds.Score][]feeds.Score{}, cpes: map[string]*naming{},
		points: map[string]*point{},
	}
}

func (in *interning) text(s string) string {
	if s == "" {
		return ""
	}
	if kept, ok := in.texts[s]; ok {
		return kept
	}
	in.texts[s] = s
	return s
}

func (in *interning) origin(r feeds.Record) *origin {
	s := said{r.Source, r.State, in.mark(r.Mark)}
	kept, ok := in.from[s]
	if !ok {
		kept = &origin{s, []string{s.source}}
		in.from[s] = kept
	}
	return kept
}

func (in *interning) scores(list []feeds.Score) []feeds.Score {
	if len(list) == 1 && !math.IsNaN(list[0].Base) {
		kept, ok := in.scored[list[0]]
		if !ok {
			kept = []feeds.Score{list[0]}
			in.scored[list[0]] = kept
		}
		return kept
	}
	out := make([]feeds.Score, len(list))
	for k, s := range list {
		s.Vector, s.By = in.text(s.Vector), in.text(s.By)
		out[k] = s
	}
	return out
}

func (in *interning) mark(m tlp.Mark) *tlp.Mark {
	if len(m.By) > 1 {
		return &m
	}
	key := string(m.Label) + " " + strings.Join(m.By, " ")
	if kept, ok := in.marks[key]; ok {
		return kept
	}
	in.marks[key] = &m
	return &m
}

// naming reads the CPE name of a criterion.
func (in *interning) naming(text string) *naming {
	if kept, ok := in.cpes[text]; ok {
		return kept
	}
	out := &naming{cpe: text}
	in.cpes[text] = out
	n, err := cpe.Parse(text)
	if err != nil {
		return out
	}
	out.at, out.version = sbom.Coordinate(in.text(string(sbom.CPECoordinate(n)))), n.Version
	plain := n.Names()
	for _, at := range attributes {
		plain = plain && at.of(&n) == cpe.Any
	}
	if !plain || n.Version.Pattern() {
		out.name = &n
	}
	return out
}

// point reads a version in the generic order.
func (in *interning) point(text string) *point {
	kept, ok := in.points[text]
	if !ok {
		kept = readBound(vers.Generic, equalTo, text).point
		in.points[text] = kept
	}
	return kept
}
