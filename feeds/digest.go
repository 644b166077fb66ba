package feeds

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"sync"
	"time"

	"github.com/open-postmarket/postmarket/internal/canon"
	"github.com/open-postmarket/postmarket/vex"
)

// Digest is the lower-case hex SHA-256 over all of r that counts as a change:
// every field, a [Probability] by its band only. It is taken over length-prefixed
// fields and does not depend on an encoder.
func (r Record) Digest() string {
	sum := r.Sum()
	return hex.EncodeToString(sum[:])
}

// forms are buffers for the canonical form of a record, and keptForm is how large one may be
// that is used again.
var forms = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 4096)) }}

const keptForm = 256 << 10

// Sum is the [Record.Digest] as bytes.
func (r Record) Sum() [sha256.Size]byte {
	b := forms.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= keptForm {
			b.Reset()
			forms.Put(b)
		}
	}()
	h := hashed{canon.NewWriter(b)}
	h.Text("feeds.record 1")
	h.Text(r.Source)
	h.Text(r.Item)
	texts(h, r.Names)
	h.Text(r.State)
	h.time(r.Published)
	h.time(r.Modified)
	h.time(r.Withdrawn)
	h.bool(r.Rejected)
	h.Text(r.Title)
	h.Text(r.Text)
	h.List(len(r.Scores))
	for _, s := range r.Scores {
		h.Text(s.Vector)
		h.float(s.Base)
		h.Text(s.By)
		h.bool(s.Primary)
	}
	texts(h, r.Weaknesses)
	h.List(len(r.References))
	for _, x := range r.References {
		h.Text(x.URL)
		texts(h, x.Tags)
	}
	h.List(len(r.Packages))
	for _, p := range r.Packages {
		h.pkg(p)
	}
	h.List(len(r.Configurations))
	for _, c := range r.Configurations {
		h.Text(c.Operator)
		h.bool(c.Negate)
		h.nodes(c.Nodes)
	}
	h.List(len(r.Products))
	for _, p := range r.Products {
		h.product(p)
	}
	h.List(len(r.Remedies))
	for _, m := range r.Remedies {
		h.all(m.Kind, m.Text, m.URL)
		h.time(m.At)
	}
	h.facts(r)
	h.Text(string(r.Mark.Label))
	texts(h, r.Mark.By)
	return sha256.Sum256(b.Bytes())
}

// hashed writes the parts of a record.
type hashed struct {
	*canon.Writer
}

func texts[T ~string](h hashed, list []T) {
	h.List(len(list))
	for _, s := range list {
		h.Text(string(s))
	}
}

func (h hashed) all(fields ...string) {
	for _, s := range fields {
		h.Text(s)
	}
}

func (h hashed) bool(b bool) {
	if b {
		h.Int(1)
	} else {
		h.Int(0)
	}
}

func (h hashed) float(f float64) { h.Int(int64(math.Float64bits(f))) }

// time writes the instant; the zero time is a value of its own.
func (h hashed) time(t time.Time) {
	h.Int(t.Unix())
	h.Int(int64(t.Nanosecond()))
}

func (h hashed) pkg(p Package) {
	h.all(p.Ecosystem, p.Name, p.PURL)
	h.List(len(p.Ranges))
	for _, g := range p.Ranges {
		h.all(string(g.Type), g.Repo)
		h.List(len(g.Events))
		for _, e := range g.Events {
			h.all(e.Introduced, e.Fixed, e.LastAffected, e.Limit)
		}
	}
	texts(h, p.Versions)
}

func (h hashed) nodes(nodes []Node) {
	h.List(len(nodes))
	for _, n := range nodes {
		h.Text(n.Operator)
		h.bool(n.Negate)
		h.List(len(n.Criteria))
		for _, c := range n.Criteria {
			h.Text(c.CPE)
			h.bool(c.Vulnerable)
			h.all(c.StartIncluding, c.StartExcluding, c.EndIncluding, c.EndExcluding)
		}
		h.nodes(n.Nodes)
	}
}

func (h hashed) product(p Product) {
	h.all(p.By, p.Vendor, p.Family, p.Name)
	for _, list := range [][]string{p.CPEs, p.PURLs, p.Models, p.Modules, p.Files, p.Routines, p.Platforms, p.Unread} {
		texts(h, list)
	}
	h.all(p.Repo, string(p.Default))
	h.List(len(p.Spans))
	for _, s := range p.Spans {
		h.status(s.Status)
		h.all(s.Type, s.From, s.After, s.Below, s.UpTo, s.Text)
		h.bool(s.Open)
		h.List(len(s.Turns))
		for _, t := range s.Turns {
			h.Text(t.At)
			h.status(t.Status)
		}
	}
}

func (h hashed) status(s vex.Status) { h.Text(string(s)) }

// facts writes what is said of a vulnerability without saying what is affected.
func (h hashed) facts(r Record) {
	h.bool(r.Exploited != nil)
	if x := r.Exploited; x != nil {
		h.time(x.Added)
		h.time(x.Due)
		h.bool(x.Ransomware)
		h.all(x.Vendor, x.Product, x.Action)
	}
	h.bool(r.Probability != nil)
	if r.Probability != nil {
		h.Text(string(r.Probability.Band()))
	}
	h.bool(r.SSVC != nil)
	if s := r.SSVC; s != nil {
		h.all(s.By, s.Exploitation, s.Automatable, s.TechnicalImpact)
		h.time(s.At)
	}
}
