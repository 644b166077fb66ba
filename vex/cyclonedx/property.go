package cyclonedx

import (
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/open-postmarket/postmarket/internal/jsontree"
	"github.com/open-postmarket/postmarket/vex"
)

// prefix begins the names of the properties that keep what CycloneDX has no
// member for.
const prefix = "postmarket:vex:"

// properties are those of ours in a list of them.
func properties(c jsontree.Cursor) []cdx.Property {
	var out []cdx.Property
	for _, p := range c.Each() {
		if name, ours := strings.CutPrefix(p.Get("name").String(), prefix); ours {
			out = append(out, cdx.Property{Name: name, Value: p.Get("value").String()})
		}
	}
	return out
}

// kept are those of ours that v has.
func kept(v *cdx.Vulnerability) []cdx.Property {
	var out []cdx.Property
	if v.Properties != nil {
		for _, p := range *v.Properties {
			if name, ours := strings.CutPrefix(p.Name, prefix); ours {
				out = append(out, cdx.Property{Name: name, Value: p.Value})
			}
		}
	}
	return out
}

func one(list []cdx.Property, name string) string {
	for _, p := range list {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func several(list []cdx.Property, name string) []string {
	var out []string
	for _, p := range list {
		if p.Name == name {
			out = append(out, p.Value)
		}
	}
	return out
}

// A keeper gathers properties of ours.
type keeper []cdx.Property

func (k *keeper) add(name, value string) {
	if value != "" {
		*k = append(*k, cdx.Property{Name: prefix + name, Value: value})
	}
}

func (k *keeper) list() *[]cdx.Property {
	if len(*k) == 0 {
		return nil
	}
	out := []cdx.Property(*k)
	return &out
}

// restore gives p what was kept of it.
func restore(p *vex.Product, own []cdx.Property) {
	for _, f := range []struct {
		name string
		into *string
	}{{"ref", &p.Ref}, {"title", &p.Title}, {"range", &p.Range}, {"relation", &p.Relation}, {"cpe", &p.CPE}} {
		if text := one(own, f.name); text != "" {
			*f.into = text
		}
	}
	for _, o := range own {
		if kind, ok := strings.CutPrefix(o.Name, "only:"); ok {
			p.Only = append(p.Only, vex.ID{Kind: kind, Value: o.Value})
		}
		if kind, ok := strings.CutPrefix(o.Name, "id:"); ok {
			p.IDs = append(p.IDs, vex.ID{Kind: kind, Value: o.Value})
		}
		if kind, ok := strings.CutPrefix(o.Name, "hash:"); ok {
			p.Hashes = append(p.Hashes, vex.Hash{Algorithm: kind, Value: o.Value})
		}
	}
}

// recall gives s what was kept of it. Nothing that it says of the status is taken
// from a property: a justification only where it is one that the written one
// stands for.
func recall(s *vex.Statement, v *cdx.Vulnerability) {
	own := kept(v)
	s.Notes = one(own, "notes")
	if j := vex.Justification(one(own, "justification")); s.Status == vex.NotAffected && j.Valid() && Token(j) == s.Original.Justification {
		s.Justification = j
		s.Impact = strings.TrimPrefix(strings.TrimPrefix(s.Impact, string(j)), ": ")
	}
	if format := one(own, "original:format"); format != "" {
		s.Original = vex.Original{
			Format: format, State: one(own, "original:state"), Justification: one(own, "original:justification"),
			Responses: several(own, "original:response"), Version: one(own, "original:version"),
		}
	}
}

// algorithms are those that CycloneDX has.
var algorithms = []cdx.HashAlgorithm{
	cdx.HashAlgoMD5, cdx.HashAlgoSHA1, cdx.HashAlgoSHA256, cdx.HashAlgoSHA384, cdx.HashAlgoSHA512, cdx.HashAlgoSHA3_256,
	cdx.HashAlgoSHA3_384, cdx.HashAlgoSHA3_512, cdx.HashAlgoBlake2b_256, cdx.HashAlgoBlake2b_384, cdx.HashAlgoBlake2b_512, cdx.HashAlgoBlake3,
}

// digest is h as CycloneDX has it; ok is false when it has not.
func digest(h vex.Hash) (out cdx.Hash, ok bool) {
	bare := func(s string) string {
		return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
	}
	i := slices.IndexFunc(algorithms, func(a cdx.HashAlgorithm) bool { return bare(string(a)) == bare(h.Algorithm) })
	hex := !strings.ContainsFunc(h.Value, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) })
	if i < 0 || !hex || !slices.Contains([]int{32, 40, 64, 96, 128}, len(h.Value)) {
		return cdx.Hash{}, false
	}
	return cdx.Hash{Algorithm: algorithms[i], Value: h.Value}, true
}
