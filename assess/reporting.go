package assess

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/rule"
)

// A Subject is something that may have to be told to FDA. The zero value is not
// said.
type Subject string

// The subjects.
const (
	MDR          Subject = "803"           // medical device report, 21 CFR Part 803
	Corrections  Subject = "806"           // report of a correction or removal, 21 CFR Part 806
	AnnualReport Subject = "annual-report" // periodic report of a PMA device, 21 CFR 814.84
)

var subjects = []Subject{MDR, Corrections, AnnualReport}

// Valid reports whether s is one of the subjects; the zero value is not.
func (s Subject) Valid() bool { return slices.Contains(subjects, s) }

// A Duty is what the texts say of a subject. The zero value is not said.
type Duty string

// The duties.
const (
	Report      Duty = "report"
	NotEnforced Duty = "not enforced" // reportable, and FDA does not intend to enforce it
	Include     Duty = "include"
	NoDuty      Duty = "none"
	// OpenDuty says that the answer hangs on something that is not said.
	OpenDuty Duty = "open"
)

// Circumstances are what the duties hang on. An answer that is zero is not
// known, and then a duty that hangs on it is open.
type Circumstances struct {
	Risk Risk `json:"risk"`
	// Event is the worst that is known to have happened through it.
	Event Event `json:"event"`
	// Eligible is whether all four conditions of the discretion are met.
	Eligible Answer `json:"eligible"`
	// PMA is whether the device is an approved one (class III).
	PMA Answer `json:"pma"`
}

// An Event is what happened, in the words of 21 CFR 803.3 and 803.50. The zero value
// is not known: nobody looked.
type Event string

// The events, the worst first.
const (
	Death         Event = "death"
	SeriousInjury Event = "serious injury"
	// Malfunction is one that would be likely to cause or contribute to a death or
	// serious injury if it recurred.
	Malfunction Event = "malfunction"
	NoEvent     Event = "none" // looked for, and none of these
)

var events = []Event{Death, SeriousInjury, Malfunction, NoEvent}

// Valid reports whether e is one of the events; the zero value is not.
func (e Event) Valid() bool { return slices.Contains(events, e) }

// An Outcome is what the texts say of one subject.
type Outcome struct {
	Subject Subject `json:"subject"`
	Duty    Duty    `json:"duty"`
	Why     string  `json:"why"`
	// Citation is where it says so; zero when the duty is open.
	Citation rule.Citation `json:"citation,omitzero"`
	// Label must be shown with it.
	Label string `json:"label"`
}

// Reporting says what the texts say of reporting. It is data, does not change,
// and may be read from many goroutines.
type Reporting struct{ file reportingFile }

type reportingFile struct {
	Name  string         `json:"name"`
	About string         `json:"about"`
	Label string         `json:"label"`
	Rows  []reportingRow `json:"rows"`
}

type reportingRow struct {
	Subject  Subject       `json:"subject"`
	Risk     Risk          `json:"risk"`
	Events   []Event       `json:"events"` // none is any
	Eligible Answer        `json:"eligible"`
	PMA      Answer        `json:"pma"`
	Outcome  Duty          `json:"outcome"`
	Why      string        `json:"why"`
	Citation rule.Citation `json:"citation"`
}

//go:embed reporting.json
var embeddedReporting embed.FS

var defaultReporting = sync.OnceValues(func() (*Reporting, error) { return LoadReporting(embeddedReporting, "reporting.json") })

// DefaultReporting returns the rows that come with the library. A test of this
// package holds that it does not fail.
func DefaultReporting() (*Reporting, error) { return defaultReporting() }

// LoadReporting reads the file name of fsys, in the form of the default one. It is
// strict, and every circumstance must have an outcome for every subject.
func LoadReporting(fsys fs.FS, name string) (*Reporting, error) {
	r := &Reporting{}
	_, err := strictjson.Read(fsys, name, &r.file)
	if err == nil {
		err = r.file.check()
	}
	if err != nil {
		return nil, fmt.Errorf("assess: reporting %q: %w", name, err)
	}
	return r, nil
}

func (f reportingFile) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if blank(f.Name) || blank(f.Label) {
		fail("name or label is missing")
	}
	answer := func(a Answer) bool { return a == "" || a.Valid() }
	for i, r := range f.Rows {
		if !r.Subject.Valid() || r.Risk != "" && !r.Risk.Valid() || slices.ContainsFunc(r.Events, func(e Event) bool { return !e.Valid() }) || !answer(r.Eligible) || !answer(r.PMA) {
			fail("row %d: subject %q, risk %q, an event or an answer is not known", i+1, r.Subject, r.Risk)
		}
		if !slices.Contains([]Duty{Report, NotEnforced, Include, NoDuty}, r.Outcome) || blank(r.Why) {
			fail("row %d: outcome %q is not known, or says no reason", i+1, r.Outcome)
		}
		if err := r.Citation.Check(); err != nil {
			fail("row %d: %w", i+1, err)
		}
	}
	for _, s := range subjects {
		for _, c := range (Circumstances{}).all() {
			if f.row(s, c) < 0 {
				fail("%q has no outcome for %+v", s, c)
			}
		}
	}
	return errors.Join(errs...)
}

// row is the first that fits, or -1.
func (f reportingFile) row(s Subject, c Circumstances) int {
	fits := func(want, is Answer) bool { return want == "" || want == is }
	return slices.IndexFunc(f.Rows, func(r reportingRow) bool {
		return r.Subject == s && (r.Risk == "" || r.Risk == c.Risk) && (len(r.Events) == 0 || slices.Contains(r.Events, c.Event)) && fits(r.Eligible, c.Eligible) && fits(r.PMA, c.PMA)
	})
}

// all are the circumstances that c may turn out to be.
func (c Circumstances) all() []Circumstances {
	either := func(a Answer) []Answer {
		if a.Valid() {
			return []Answer{a}
		}
		return []Answer{Yes, No}
	}
	risks, happened := []Risk{c.Risk}, []Event{c.Event}
	if !c.Event.Valid() {
		happened = events
	}
	if !c.Risk.Valid() {
		risks = []Risk{Controlled, Uncontrolled, NoRisk}
	}
	var out []Circumstances
	for _, r := range risks {
		for _, h := range happened {
			for _, e := range either(c.Eligible) {
				if c.Event == "" && e == Yes && (h == Death || h == SeriousInjury) {
					continue // the first of the four conditions is that none is known
				}
				for _, p := range either(c.PMA) {
					out = append(out, Circumstances{Risk: r, Event: h, Eligible: e, PMA: p})
				}
			}
		}
	}
	return out
}

// hangs are the circumstances that c does not say and that the duty hangs on.
func (r *Reporting) hangs(s Subject, c Circumstances) []string {
	var out []string
	all := c.all()
	duty := func(x Circumstances) Duty {
		if row := r.file.row(s, x); row >= 0 {
			return r.file.Rows[row].Outcome
		}
		return OpenDuty
	}
	for _, one := range []struct {
		words string
		same  func(x Circumstances) Circumstances // x without what is asked
	}{
		{"what the risk is", func(x Circumstances) Circumstances { x.Risk = ""; return x }},
		{"whether anybody was harmed, or could be by a malfunction", func(x Circumstances) Circumstances { x.Event = ""; return x }},
		{"whether the four conditions of the discretion are met", func(x Circumstances) Circumstances { x.Eligible = ""; return x }},
		{"whether it is an approved device (PMA)", func(x Circumstances) Circumstances { x.PMA = ""; return x }},
	} {
		if slices.ContainsFunc(all, func(x Circumstances) bool {
			return slices.ContainsFunc(all, func(y Circumstances) bool {
				return one.same(x) == one.same(y) && duty(x) != duty(y)
			})
		}) {
			out = append(out, one.words)
		}
	}
	return out
}

// Outcomes returns what r says of each subject under c. Where something is not
// known and could make a difference, the duty is open.
func (r *Reporting) Outcomes(c Circumstances) []Outcome {
	var out []Outcome
	for _, s := range subjects {
		first, open := -1, false
		for _, one := range c.all() {
			row := r.file.row(s, one)
			if row < 0 {
				continue
			}
			if first >= 0 && r.file.Rows[row].Outcome != r.file.Rows[first].Outcome {
				open = true
			}
			if first < 0 {
				first = row
			}
		}
		o := Outcome{Subject: s, Duty: OpenDuty, Why: "it cannot be said until it is known " + strings.Join(r.hangs(s, c), ", "), Label: r.file.Label}
		if first >= 0 && !open {
			row := r.file.Rows[first]
			o.Duty, o.Why, o.Citation = row.Outcome, row.Why, row.Citation
		}
		out = append(out, o)
	}
	return out
}
