package match

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/sbom"
)

// Confidence is the product of the parts of the surest evidence, from 0 to 1, with those parts. The
// scale is our own convention: it orders findings and is no probability. A nil table is the one that
// comes with the library.
func (i Instance) Confidence(t *Weights) (float64, []sbom.Part) {
	best, parts := 0.0, []sbom.Part(nil)
	for _, e := range i.Evidence {
		p := e.Parts(t)
		if c := multiply(p); c > best {
			best, parts = c, p
		}
	}
	if len(i.Against) > 0 && parts != nil {
		p := t.of("against", "disagreement", fmt.Sprintf("%d records of the vulnerability do not say so", len(i.Against)))
		parts = append(parts, p)
		best *= p.Value
	}
	return best, parts
}

func multiply(parts []sbom.Part) float64 {
	c := 1.0
	for _, p := range parts {
		c *= p.Value
	}
	return c
}

// Parts are what the confidence in a piece of evidence is made of: what met, how the
// version was tested, what was assumed, and what of the device the record needed. A nil table is
// the one that comes with the library.
func (e Evidence) Parts(t *Weights) []sbom.Part {
	parts := []sbom.Part{
		t.of("identifier", string(e.Identifier), "met by "+string(e.Identifier)+": "+e.Named),
		t.of("rule", e.Rule, e.Rule+": "+e.Leaf),
	}
	if e.Alias != nil {
		parts = append(parts, t.of("alias", e.Alias.Certainty, fmt.Sprintf("the identifier is the table's for %s (%s)", e.Alias.For, e.Alias.Source)))
		if e.Alias.Former {
			parts = append(parts, t.of("alias", "former", "the identifier was superseded"))
		}
	}
	open := e.Assumed
	if e.Alias != nil && len(open) > 0 {
		open = open[1:] // said above
	}
	if len(open) > 0 {
		parts = append(parts, t.of("assumed", "open", strings.Join(open, "; ")))
	}
	if len(e.With) > 0 {
		parts = append(parts, t.of("device", "complete", "the device holds what it runs on: "+strings.Join(e.With, "; ")))
	}
	return parts
}

// Weights say what each part of a confidence is worth.
type Weights struct {
	values map[string]map[string]float64
}

//go:embed weights.json
var weightFile embed.FS

var defaultWeights = sync.OnceValues(func() (*Weights, error) { return LoadWeights(weightFile, "weights.json") })

// DefaultWeights returns the table that comes with the library: a convention of ours.
func DefaultWeights() (*Weights, error) { return defaultWeights() }

// LoadWeights reads a table from the file name of fsys. Every value lies above 0 and up to 1.
func LoadWeights(fsys fs.FS, name string) (*Weights, error) {
	var file struct {
		Source string `json:"source"`
		Force  string `json:"force"`
		About  string `json:"about"`
		Parts  []struct {
			Part  string  `json:"part"`
			Of    string  `json:"of"`
			Worth float64 `json:"worth"`
		} `json:"parts"`
	}
	if _, err := strictjson.Read(fsys, name, &file); err != nil {
		return nil, fmt.Errorf("match: weights %q: %w", name, err)
	}
	var errs []error
	if file.Source == "" || file.Force == "" {
		errs = append(errs, errors.New("source or force is missing"))
	}
	out := &Weights{map[string]map[string]float64{}}
	for _, p := range file.Parts {
		if p.Worth <= 0 || p.Worth > 1 {
			errs = append(errs, fmt.Errorf("%s %q: %v is not above 0 and up to 1", p.Part, p.Of, p.Worth))
		}
		if out.values[p.Part] == nil {
			out.values[p.Part] = map[string]float64{}
		}
		out.values[p.Part][p.Of] = p.Worth
	}
	for _, part := range []string{"identifier", "rule", "alias", "assumed", "device", "against"} {
		if len(out.values[part]) == 0 {
			errs = append(errs, fmt.Errorf("no part %q", part))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("match: weights %q: %w", name, err)
	}
	return out, nil
}

// of is the part that is worth what the table says of value; half when it does not know it.
func (t *Weights) of(part, value, why string) sbom.Part {
	if t == nil {
		t, _ = DefaultWeights() // embedded, and tested
	}
	worth, known := t.values[part][value]
	if !known {
		worth = 0.5
	}
	return sbom.Part{Name: part, Value: worth, Why: why}
}
