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

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/rule"
)

// A Class says how fast a vulnerability is answered. The zero value is not said:
// nothing is known yet that gives one, or the product is not affected.
type Class string

// The classes, the fastest first: what is critical, high, medium and low is
// answered so (cybermed.ai post-market guide, 5.4).
const (
	Emergency Class = "emergency"
	Expedited Class = "expedited"
	Standard  Class = "standard"
	Scheduled Class = "scheduled" // with the next release
)

var classes = []Class{Scheduled, Standard, Expedited, Emergency}

// Classes returns the classes, the slowest first.
func Classes() []Class { return slices.Clone(classes) }

// Valid reports whether c is one of the classes; the zero value is not.
func (c Class) Valid() bool { return slices.Contains(classes, c) }

// AtLeast reports whether c is as fast as d or faster. The zero value is slower
// than any.
func (c Class) AtLeast(d Class) bool { return slices.Index(classes, c) >= slices.Index(classes, d) }

// A Response is how fast an assessment has to be answered, and why.
type Response struct {
	Class Class `json:"class"`
	// Reasons are all that gave a class, the fastest first; Class is that of the
	// first. None lowers another.
	Reasons []Reason `json:"reasons,omitempty"`
	// Provisional is true while no determination stands.
	Provisional bool `json:"provisional,omitempty"`
	// When says in words by when the first response is due. First is the rule of
	// that; nil for a class that has no day of its own.
	When  string     `json:"when,omitempty"`
	First *rule.Rule `json:"first,omitempty"`
	// Label must be shown wherever the class is; Policy and Digest name the file
	// it comes from.
	Label  string `json:"label,omitempty"`
	Policy string `json:"policy"`
	Digest string `json:"digest"`
	// About is the key of the assessment, Learned the instant the rule runs from.
	About   string    `json:"about"`
	Learned time.Time `json:"learned"`
}

// A Reason is one input that asks for a class.
type Reason struct {
	Class    Class         `json:"class"`
	Why      string        `json:"why"`
	Citation rule.Citation `json:"citation"`
}

// Why returns the reasons for the class in words, or why there is none.
func (r Response) Why() string {
	var all []string
	for _, one := range r.Reasons {
		if one.Class == r.Class {
			all = append(all, one.Why)
		}
	}
	if len(all) == 0 {
		return "nothing is known that asks for a response"
	}
	return strings.Join(all, "; ")
}

// Clock starts the rule of the first response for owner. ok is false when the
// class has no day of its own, or the rule is off.
func (r Response) Clock(owner string, cal rule.Calendar) (c rule.Clock, ok bool, err error) {
	if r.First == nil || !r.First.On {
		return rule.Clock{}, false, nil
	}
	c, err = r.First.Clock("assess "+r.First.ID+" "+r.About, string(Assessments)+"/"+r.About, owner, r.Learned, cal)
	if err != nil {
		return rule.Clock{}, false, fmt.Errorf("assess: response: %w", err)
	}
	return c, true, nil
}

// Responses say which class score, harm and risk give, and by when a class is
// answered. They are data; see DefaultResponses and LoadResponses. They do not
// change, and may be read from many goroutines.
type Responses struct {
	file   responsesFile
	digest string
}

type responsesFile struct {
	Name     string        `json:"name"`
	About    string        `json:"about"`
	Label    string        `json:"label"`
	Citation rule.Citation `json:"citation"`
	Score    struct {
		Citation rule.Citation `json:"citation"`
		From     []scoreClass  `json:"from"`
	} `json:"score"`
	Harm struct {
		Citation rule.Citation `json:"citation"`
		Of       []harmClass   `json:"of"`
	} `json:"harm"`
	Risk struct {
		Citation     rule.Citation `json:"citation"`
		Uncontrolled Class         `json:"uncontrolled"`
		// Exploited and Ransomware count while a risk is uncontrolled or not
		// determined; Unjudged where neither a score nor the harm is known.
		Exploited  Class `json:"exploited"`
		Ransomware Class `json:"ransomware"`
		Unjudged   Class `json:"unjudged"`
	} `json:"risk"`
	Undetermined struct {
		Days     int           `json:"days"`
		Why      string        `json:"why"`
		Citation rule.Citation `json:"citation"`
	} `json:"undetermined"`
	Due []classDue `json:"due"`
}

type scoreClass struct {
	Base  float64 `json:"base"`
	Class Class   `json:"class"`
}

type harmClass struct {
	Harm  Harm  `json:"harm"`
	Class Class `json:"class"`
}

type classDue struct {
	Class Class      `json:"class"`
	When  string     `json:"when"`
	First *rule.Rule `json:"first"`
}

//go:embed responses.json
var embeddedResponses embed.FS

var defaultResponses = sync.OnceValues(func() (*Responses, error) { return LoadResponses(embeddedResponses, "responses.json") })

// DefaultResponses returns the policy that comes with the library. It is a
// convention: only the emergency row and the order of the classes were read in a
// text, the rest is ours. A test of this package holds that it does not fail.
func DefaultResponses() (*Responses, error) { return defaultResponses() }

// LoadResponses reads the policy file name of fsys, in the form of the default
// one. It is strict as LoadMatrix is, and refuses a policy in which a higher
// score or more harm is answered more slowly.
func LoadResponses(fsys fs.FS, name string) (*Responses, error) {
	r := &Responses{}
	data, err := strictjson.Read(fsys, name, &r.file)
	if err == nil {
		err = r.file.check()
	}
	if err != nil {
		return nil, fmt.Errorf("assess: responses %q: %w", name, err)
	}
	r.digest = hexSum(data)
	return r, nil
}

// Name returns the policy's own name.
func (r *Responses) Name() string { return r.file.Name }

// Digest returns the lower-case hex SHA-256 of the file it was read from.
func (r *Responses) Digest() string { return r.digest }

func (f responsesFile) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if blank(f.Name) || blank(f.Label) {
		fail("name or label is missing")
	}
	for _, c := range []struct {
		where    string
		citation rule.Citation
	}{{"responses", f.Citation}, {"score", f.Score.Citation}, {"harm", f.Harm.Citation}, {"risk", f.Risk.Citation}, {"undetermined", f.Undetermined.Citation}} {
		if err := c.citation.Check(); err != nil {
			fail("%s: %w", c.where, err)
		}
	}
	for i, s := range f.Score.From {
		switch {
		case !s.Class.Valid():
			fail("score: class %q is not known", s.Class)
		case s.Base < 0 || s.Base > 10:
			fail("score: %v is no base score", s.Base)
		case i > 0 && (s.Base >= f.Score.From[i-1].Base || !f.Score.From[i-1].Class.AtLeast(s.Class)):
			fail("score: from %v: not below the row before, or faster", s.Base)
		}
	}
	if n := len(f.Score.From); n == 0 || f.Score.From[n-1].Base != 0 {
		fail("score: the last row must begin at 0")
	}
	if len(f.Harm.Of) != len(harms) {
		fail("harm: need each of the %d levels once, the least first", len(harms))
	} else {
		for i, h := range f.Harm.Of {
			if h.Harm != harms[i] || !h.Class.Valid() || i > 0 && !h.Class.AtLeast(f.Harm.Of[i-1].Class) {
				fail("harm: row %d is %q, class %q: out of order, not known, or slower than less harm", i+1, h.Harm, h.Class)
			}
		}
	}
	if !f.Risk.Ransomware.Valid() || !f.Risk.Unjudged.Valid() || !f.Risk.Ransomware.AtLeast(f.Risk.Exploited) {
		fail("risk: classes %q and %q: not known, or ransomware is slower than other exploitation", f.Risk.Ransomware, f.Risk.Unjudged)
	}
	if !f.Risk.Uncontrolled.Valid() || !f.Risk.Exploited.Valid() || !f.Risk.Exploited.AtLeast(f.Risk.Uncontrolled) {
		fail("risk: classes %q and %q: not known, or exploitation is slower", f.Risk.Uncontrolled, f.Risk.Exploited)
	}
	if u := f.Undetermined; u.Days < 1 || u.Days > 365 || blank(u.Why) {
		fail("undetermined: %d days and %q: need 1 to 365 days and words", u.Days, u.Why)
	}
	for _, c := range classes {
		n := 0
		for _, d := range f.Due {
			if d.Class != c {
				continue
			}
			n++
			if blank(d.When) {
				fail("due: class %q does not say when", c)
			}
			if d.First == nil {
				continue
			}
			if err := d.First.Check(); err != nil {
				fail("due: class %q: %w", c, err)
			}
			if d.First.Start != rule.Learned {
				fail("due: class %q: the first response counts from %q, not from learning", c, d.First.Start)
			}
		}
		if n != 1 {
			fail("due: class %q is there %d times, not once", c, n)
		}
	}
	if len(f.Due) != len(classes) {
		fail("due: a class is not known")
	}
	return errors.Join(errs...)
}

// Response returns how fast a has to be answered as of at; p nil is
// DefaultResponses. It is the worst of what the score and the harm ask for, and
// of what is asked for an uncontrolled risk, which is also one that RiskAt treats
// as such, by the days of cal. Before step 4 the highest published base score stands in
// for the score. It is computed, never stored, and starts no clock.
func (a Assessment) Response(p *Responses, cal rule.Calendar, at time.Time) (Response, error) {
	p, err := p.or()
	if err != nil {
		return Response{}, err
	}
	r := Response{Provisional: a.Undetermined(), Policy: p.file.Name, Digest: p.digest, About: a.Finding, Learned: a.Instants.Learned}
	risk, why, err := a.RiskAt(p, cal, at)
	if err != nil {
		return Response{}, err
	}
	if risk == NoRisk {
		return r, nil
	}
	add := func(c Class, cited rule.Citation, format string, args ...any) {
		r.Reasons = append(r.Reasons, Reason{Class: c, Why: fmt.Sprintf(format, args...), Citation: cited})
	}
	if base, whose, ok := a.base(); ok {
		if i := slices.IndexFunc(p.file.Score.From, func(s scoreClass) bool { return base >= s.Base }); i >= 0 {
			add(p.file.Score.From[i].Class, p.file.Score.Citation, "base score %.1f (%s)", base, whose)
		}
	}
	if a.Impact != nil {
		i := slices.Index(harms, a.Impact.Harm)
		if i < 0 {
			return Response{}, fmt.Errorf("assess: response: harm %q is not known", a.Impact.Harm)
		}
		add(p.file.Harm.Of[i].Class, p.file.Harm.Citation, "harm to the patient is %s", a.Impact.Harm)
	}
	if risk == Uncontrolled {
		add(p.file.Risk.Uncontrolled, p.file.Risk.Citation, "%s", why)
	}
	if risk == Uncontrolled || risk == "" {
		if a.Facts.exploited() {
			add(p.file.Risk.Exploited, p.file.Risk.Citation, "%s, and it is exploited in the wild", why)
		}
		if e := a.Facts.Exploited; e != nil && e.Ransomware {
			add(p.file.Risk.Ransomware, p.file.Risk.Citation, "%s, and it is used in ransomware campaigns: what is not available is not safe", why)
		}
	}
	if risk == "" && len(r.Reasons) == 0 {
		add(p.file.Risk.Unjudged, p.file.Risk.Citation, "neither a score nor the harm is known yet")
	}
	slices.SortStableFunc(r.Reasons, func(x, y Reason) int {
		return slices.Index(classes, y.Class) - slices.Index(classes, x.Class)
	})
	if len(r.Reasons) == 0 {
		return r, nil
	}
	r.Class = r.Reasons[0].Class
	for _, d := range p.file.Due {
		if d.Class == r.Class {
			r.When, r.Label = d.When, p.file.Label
			if d.First != nil {
				first := *d.First
				first.To = slices.Clone(first.To)
				if !slices.ContainsFunc(r.Reasons, func(one Reason) bool { return one.Class == r.Class && one.Citation == p.file.Score.Citation }) {
					// The rule's own words are about a score, and that is not why it runs.
					first.Citation, first.Label, first.Why = r.Reasons[0].Citation, p.file.Label, r.Reasons[0].Why
				}
				r.First, r.Label = &first, first.Label
			}
		}
	}
	return r, nil
}

// base is the score that counts now: our own, else the highest published.
func (a Assessment) base() (base float64, whose string, ok bool) {
	if a.Score != nil {
		return a.Score.Base, "own rubric score", true
	}
	for _, s := range a.Facts.Scores {
		b := s.Base
		if v, err := cvss.Parse(s.Vector); err == nil {
			b = v.Base()
		}
		if !(b >= 0 && b <= 10) {
			continue // no score
		}
		if !ok || b > base {
			base, whose, ok = b, "published by "+s.Source, true
		}
	}
	return base, whose, ok
}

// RiskAt returns the risk that clocks and readiness go by at the instant at, and
// why; p nil is DefaultResponses. It is what was determined. One that is still
// undetermined at FDA's first mark (Postmarket Management of Cybersecurity in
// Medical Devices, VII.B: 30 days) is treated as uncontrolled, by our own
// convention; that writes no determination and is shown as such. It is empty
// before that. So is one that counts on a control whose verification is over, see
// Lapsed, until that is shown anew. The day on which it was learned of is day 0 of the calendar of the
// maker's zone, and day 30 counts from its first moment; a calendar without a zone
// is an error.
func (a Assessment) RiskAt(p *Responses, cal rule.Calendar, at time.Time) (Risk, string, error) {
	p, err := p.or()
	if err != nil {
		return "", "", err
	}
	if r := a.Risk(); r != "" && r != Uncontrolled {
		if why := a.lapse(at); why != "" {
			return Uncontrolled, fmt.Sprintf("it was determined as %s, which counts on what is not in force: %s: treated as uncontrolled", r, why), nil
		}
	}
	if r := a.Risk(); r != "" {
		return r, "the risk is determined as " + string(r), nil
	}
	if cal.Zone() == "" {
		return "", "", errors.New("assess: undetermined: the calendar has no zone to count days in")
	}
	u := p.file.Undetermined
	if l := a.Instants.Learned; !l.IsZero() && cal.Date(at).Compare(cal.Date(l).Add(u.Days)) >= 0 {
		return Uncontrolled, fmt.Sprintf("undetermined %d days after it was learned of on %s (%s): %s", u.Days, cal.Date(l), cal.Zone(), u.Why), nil
	}
	return "", "no determination is approved", nil
}

// or returns p, or the default for nil.
func (p *Responses) or() (*Responses, error) {
	if p == nil {
		return DefaultResponses()
	}
	if p.digest == "" {
		return nil, errors.New("assess: responses were not loaded")
	}
	return p, nil
}
