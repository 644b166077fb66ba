package assess

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/rule"
)

// SSVC holds the decision tables of CERT/CC for suppliers and deployers, and the
// crosswalk between their words and ours. It is a cross-check of a response class
// and decides nothing. It is data, does not change, and may be read from many
// goroutines.
type SSVC struct{ file ssvcFile }

type ssvcFile struct {
	Name      string        `json:"name"`
	About     string        `json:"about"`
	Label     string        `json:"label"`
	Citation  rule.Citation `json:"citation"`
	Crosswalk struct {
		Citation rule.Citation `json:"citation"`
		About    string        `json:"about"`
		Harm     []struct {
			Harm   Harm   `json:"harm"`
			Safety string `json:"safety"`
		} `json:"harm"`
		Multiple string `json:"multiple"` // safety impact of a death of several patients
		Exposure []struct {
			Network  device.Network `json:"network"`
			Exposure string         `json:"exposure"`
		} `json:"exposure"`
		Response []struct {
			Outcome string `json:"outcome"`
			Class   Class  `json:"class"`
		} `json:"response"`
	} `json:"crosswalk"`
	Tables []ssvcTable `json:"tables"`
}

type ssvcTable struct {
	Table    string   `json:"table"`
	Key      string   `json:"key"`
	Version  string   `json:"version"`
	Inputs   []string `json:"inputs"`
	Values   []string `json:"values"` // the values of each input, the least urgent first
	Outcome  string   `json:"outcome"`
	Outcomes string   `json:"outcomes"`
	Rows     []string `json:"rows"` // the inputs in order, then the outcome
}

//go:embed ssvc.json
var embeddedSSVC embed.FS

var defaultSSVC = sync.OnceValues(func() (*SSVC, error) { return LoadSSVC(embeddedSSVC, "ssvc.json") })

// DefaultSSVC returns the tables of SSVC 2 that come with the library, as CERT/CC
// publishes them; the crosswalk is ours. A test holds that it does not fail.
func DefaultSSVC() (*SSVC, error) { return defaultSSVC() }

// LoadSSVC reads the file name of fsys, in the form of the default one. It is
// strict: a table that is missing or not whole and a crosswalk with a gap are
// errors, told all at once.
func LoadSSVC(fsys fs.FS, name string) (*SSVC, error) {
	s := &SSVC{}
	_, err := strictjson.Read(fsys, name, &s.file)
	if err == nil {
		err = s.file.check()
	}
	if err != nil {
		return nil, fmt.Errorf("assess: ssvc %q: %w", name, err)
	}
	return s, nil
}

func (f ssvcFile) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if blank(f.Name) || blank(f.Label) || blank(f.Crosswalk.About) {
		fail("name, label or the words of the crosswalk are missing")
	}
	errs = append(errs, f.Citation.Check(), f.Crosswalk.Citation.Check())
	for _, want := range []string{"supplier", "deployer", "utility", "public safety impact", "human impact"} {
		n := 0
		for _, t := range f.Tables {
			if t.Table == want {
				n++
				errs = append(errs, t.check())
			}
		}
		if n != 1 {
			fail("table %q is there %d times, not once", want, n)
		}
	}
	for _, h := range harms {
		if f.safety(h, false) == "" {
			fail("crosswalk: harm %q has no safety impact", h)
		}
	}
	for _, n := range reach {
		if f.exposure(n) == "" {
			fail("crosswalk: network %q has no exposure", n)
		}
	}
	for _, o := range []string{"D", "S", "O", "I"} {
		if !f.class(o).Valid() {
			fail("crosswalk: outcome %q has no response class", o)
		}
	}
	return errors.Join(errs...)
}

// check demands that every combination of the inputs stand in one row.
func (t ssvcTable) check() error {
	if len(t.Inputs) == 0 || len(t.Inputs) != len(t.Values) || blank(t.Version) {
		return fmt.Errorf("table %q: inputs, values or version are missing", t.Table)
	}
	n, seen := 1, map[string]bool{}
	for _, v := range t.Values {
		n *= len(strings.Fields(v))
	}
	for _, r := range t.Rows {
		cells := strings.Fields(r)
		if len(cells) != len(t.Inputs)+1 {
			return fmt.Errorf("table %q: row %q has %d cells", t.Table, r, len(cells))
		}
		for i, v := range append(slices.Clone(t.Values), t.Outcomes) {
			if !slices.Contains(strings.Fields(v), cells[i]) {
				return fmt.Errorf("table %q: row %q: %q is not one of %q", t.Table, r, cells[i], v)
			}
		}
		seen[strings.Join(cells[:len(t.Inputs)], " ")] = true
	}
	if len(seen) != n || len(t.Rows) != n {
		return fmt.Errorf("table %q: %d different ones in %d rows, for %d combinations", t.Table, len(seen), len(t.Rows), n)
	}
	return nil
}

func (f ssvcFile) safety(h Harm, multiple bool) string {
	if multiple && h == Catastrophic {
		return f.Crosswalk.Multiple
	}
	for _, one := range f.Crosswalk.Harm {
		if one.Harm == h {
			return one.Safety
		}
	}
	return ""
}

func (f ssvcFile) exposure(n device.Network) string {
	for _, one := range f.Crosswalk.Exposure {
		if one.Network == n {
			return one.Exposure
		}
	}
	return ""
}

func (f ssvcFile) class(outcome string) Class {
	for _, one := range f.Crosswalk.Response {
		if one.Outcome == outcome {
			return one.Class
		}
	}
	return ""
}

// outcomes are those of table under given, the least urgent first. An input of no
// value may have any: then there may be several outcomes.
func (s *SSVC) outcomes(table string, given map[string]string) []string {
	var found []string
	i := slices.IndexFunc(s.file.Tables, func(t ssvcTable) bool { return t.Table == table })
	t := s.file.Tables[i]
	for _, r := range t.Rows {
		cells := strings.Fields(r)
		fits := true
		for k, in := range t.Inputs {
			if v := given[in]; v != "" && !slices.Contains(strings.Split(v, "|"), cells[k]) {
				fits = false
			}
		}
		if fits {
			found = append(found, cells[len(t.Inputs)])
		}
	}
	all := strings.Fields(t.Outcomes)
	slices.SortFunc(found, func(a, b string) int { return slices.Index(all, a) - slices.Index(all, b) })
	return slices.Compact(found)
}

// Known is what SSVC asks and an assessment does not say, in SSVC's own codes.
// What is empty is not known, and then every outcome that is possible is told.
type Known struct {
	Automatable     string // "N" or "Y"; empty: that of the finding's SSVC record
	TechnicalImpact string // "P" or "T"; empty: that of the finding's SSVC record
	ValueDensity    string // "D" diffuse or "C" concentrated
	MissionImpact   string // "D", "MSC", "MEF" or "MF"
	// Multiple says that several patients may die by one exploit.
	Multiple bool
}

// A CrossCheck holds a response class against SSVC.
type CrossCheck struct {
	// Inputs are what was put in, in SSVC's codes; Open those that are not known.
	Inputs map[string]string `json:"inputs"`
	Open   []string          `json:"open,omitempty"`
	// Supplier and Deployer are the outcomes that are possible, the least urgent
	// first: D defer, S scheduled, O out-of-cycle, I immediate.
	Supplier []string `json:"supplier"`
	Deployer []string `json:"deployer"`
	// Class is that of the assessment; Least and Most are those that the supplier's
	// outcomes stand for. Differs says that Class is none of these.
	Class   Class `json:"class"`
	Least   Class `json:"least"`
	Most    Class `json:"most"`
	Differs bool  `json:"differs"`
	// Label must be shown wherever this is.
	Label string `json:"label"`
}

// CrossCheck holds the response class of a as of at against SSVC (s nil is
// DefaultSSVC). It takes the exploitation, the harm and the exposure of a by the
// crosswalk, which is ours. It changes nothing: a difference is for a person.
func (a Assessment) CrossCheck(s *SSVC, p *Responses, k Known, cal rule.Calendar, at time.Time) (CrossCheck, error) {
	if s == nil {
		var err error
		if s, err = DefaultSSVC(); err != nil {
			return CrossCheck{}, err
		}
	}
	if len(s.file.Tables) == 0 {
		return CrossCheck{}, errors.New("assess: ssvc: the tables were not loaded")
	}
	if a.Impact == nil {
		return CrossCheck{}, &StateError{From: a.State(), To: ImpactJudged, Why: "impact is not judged"}
	}
	r, err := a.Response(p, cal, at)
	if err != nil {
		return CrossCheck{}, err
	}
	in := map[string]string{
		"exploitation":     a.Facts.exploitation(),
		"safety impact":    s.file.safety(a.Impact.Harm, k.Multiple),
		"automatable":      k.Automatable,
		"technical impact": k.TechnicalImpact,
		"value density":    k.ValueDensity,
		"mission impact":   k.MissionImpact,
	}
	if d := a.Facts.SSVC; d != nil {
		code := func(word, codes string) string {
			if word == "" || !strings.Contains(codes, strings.ToUpper(word[:1])) {
				return ""
			}
			return strings.ToUpper(word[:1])
		}
		if in["automatable"] == "" {
			in["automatable"] = code(d.Automatable, "NY")
		}
		if in["technical impact"] == "" {
			in["technical impact"] = code(d.TechnicalImpact, "PT")
		}
	}
	if x := a.Exploitability; x.Environment != nil {
		in["exposure"] = s.file.exposure(x.Environment.Exposure)
	}
	for _, name := range []string{"utility", "public safety impact", "human impact"} {
		in[name] = strings.Join(s.outcomes(name, in), "|")
	}
	c := CrossCheck{Inputs: in, Supplier: s.outcomes("supplier", in), Deployer: s.outcomes("deployer", in), Class: r.Class, Label: s.file.Label}
	for _, name := range []string{"automatable", "technical impact", "value density", "mission impact", "exposure"} {
		if in[name] == "" {
			c.Open = append(c.Open, name)
		}
	}
	if len(c.Supplier) == 0 || len(c.Deployer) == 0 {
		return c, fmt.Errorf("assess: ssvc: no row fits %v", in)
	}
	c.Least, c.Most = s.file.class(c.Supplier[0]), s.file.class(c.Supplier[len(c.Supplier)-1])
	c.Differs = !c.Class.AtLeast(c.Least) || !c.Most.AtLeast(c.Class)
	return c, nil
}

// exploitation is SSVC's word for how ripe exploits are.
func (f Facts) exploitation() string {
	switch {
	case f.exploited():
		return "A"
	case len(f.Exploits) > 0, f.SSVC != nil && strings.EqualFold(f.SSVC.Exploitation, "poc"):
		return "P"
	}
	return "N"
}
