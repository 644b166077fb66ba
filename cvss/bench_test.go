package cvss_test

import (
	"testing"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"

	"github.com/open-postmarket/postmarket/cvss"
)

// A side of a contest reads and scores the same 256 vectors in one run, ours or
// go-cvss. Both are called the same way, through function values.
type side struct {
	name                string
	parse, score, whole func(b *testing.B, texts []string)
}

var sink float64

func of[V any](name string, parse func(string) (V, error), score func(V) float64) side {
	return side{
		name: name,
		parse: func(b *testing.B, texts []string) {
			for k := 0; b.Loop(); k++ {
				if _, err := parse(texts[k&255]); err != nil {
					b.Fatal(err)
				}
			}
		},
		score: func(b *testing.B, texts []string) {
			vectors := make([]V, len(texts))
			for k, text := range texts {
				vectors[k], _ = parse(text)
			}
			for k := 0; b.Loop(); k++ {
				sink = score(vectors[k&255])
			}
		},
		whole: func(b *testing.B, texts []string) {
			for k := 0; b.Loop(); k++ {
				v, err := parse(texts[k&255])
				if err != nil {
					b.Fatal(err)
				}
				sink = score(v)
			}
		},
	}
}

func contest(b *testing.B, run func(side) func(*testing.B, []string)) {
	base := of("ours", cvss.Parse, cvss.Vector.Base)
	environmental := of("ours", cvss.Parse, cvss.Vector.Environmental)
	for _, c := range []struct {
		name, version string
		all           bool
		sides         []side
	}{
		{"2.0", "2.0", false, []side{base, of("go-cvss", gocvss20.ParseVector, (*gocvss20.CVSS20).BaseScore)}},
		{"3.0", "3.0", false, []side{base, of("go-cvss", gocvss30.ParseVector, (*gocvss30.CVSS30).BaseScore)}},
		{"3.1", "3.1", false, []side{base, of("go-cvss", gocvss31.ParseVector, (*gocvss31.CVSS31).BaseScore)}},
		{"4.0", "4.0", false, []side{base, of("go-cvss", gocvss40.ParseVector, (*gocvss40.CVSS40).Score)}},
		{"2.0-all", "2.0", true, []side{environmental, of("go-cvss", gocvss20.ParseVector, (*gocvss20.CVSS20).EnvironmentalScore)}},
		{"3.1-all", "3.1", true, []side{environmental, of("go-cvss", gocvss31.ParseVector, (*gocvss31.CVSS31).EnvironmentalScore)}},
		{"4.0-all", "4.0", true, []side{environmental, of("go-cvss", gocvss40.ParseVector, (*gocvss40.CVSS40).Score)}},
	} {
		texts := drawn(c.version, c.all, 256)
		for _, s := range c.sides {
			b.Run(c.name+"/"+s.name, func(b *testing.B) {
				b.ReportAllocs()
				run(s)(b, texts)
			})
		}
	}
}

func BenchmarkParse(b *testing.B) {
	contest(b, func(s side) func(*testing.B, []string) { return s.parse })
}

func BenchmarkScore(b *testing.B) {
	contest(b, func(s side) func(*testing.B, []string) { return s.score })
}

func BenchmarkParseScore(b *testing.B) {
	contest(b, func(s side) func(*testing.B, []string) { return s.whole })
}

func BenchmarkString(b *testing.B) {
	v := parsed(b, all22)
	b.ReportAllocs()
	for b.Loop() {
		_ = v.String()
	}
}
