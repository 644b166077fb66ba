package threat

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/rule"
)

// The kinds of fact that readiness is made of.
const (
	kindDone    = "done"     // was done, by whom and when, not too long ago
	kindYes     = "yes"      // holds
	kindNo      = "no"       // does not hold
	kindAtLeast = "at-least" // is no less than what is needed
	kindAtMost  = "at-most"  // is no more than what is needed
)

// A Readiness is what people know of how a product stands an outage. The zero
// value is nothing, and is fine: all is a gap then.
type Readiness struct {
	// Product is the key of the device.Product.
	Product string `json:"product,omitempty"`
	// Uses are the clinical functions that stop with the device; none is not said.
	Uses  []Use  `json:"uses,omitempty"`
	Facts []Fact `json:"facts,omitempty"`
}

// A Fact is what is known of one check. Which fields count depends on the check:
// yes or no, hours held against hours, or something that was done.
type Fact struct {
	// Check is the id of the check: "restore-tested", "offline".
	Check string `json:"check"`
	// Answer says whether it holds, or whether what was done succeeded.
	Answer assess.Answer `json:"answer,omitempty"`
	// Hours is what there is and Needed what there has to be; nil is not stated.
	Hours  *float64 `json:"hours,omitempty"`
	Needed *float64 `json:"needed,omitempty"`
	// At is when it was done or found out, By by whom.
	At time.Time `json:"at,omitzero"`
	By string    `json:"by,omitempty"`
	// Text says it in words.
	Text     string            `json:"text,omitempty"`
	Evidence []assess.Evidence `json:"evidence,omitempty"`
}

// A Result is how ready a product is for ransomware.
type Result struct {
	Product string    `json:"product,omitempty"`
	At      time.Time `json:"at"`
	// Met are the checks that hold, with evidence; Gaps the others.
	Met  []Met `json:"met,omitempty"`
	Gaps []Gap `json:"gaps,omitempty"`
	// Losses say what it means that the device cannot be used: proposals, one for
	// each use, else for each function.
	Losses []HarmProposal `json:"losses"`
	// Raised are findings that are known to be used in ransomware campaigns.
	Raised []Raised `json:"raised,omitempty"`
	// Table is the digest of the table it was made with.
	Table string `json:"table"`
}

// A Met is a check that holds.
type Met struct {
	Check    string        `json:"check"`
	Title    string        `json:"title"`
	Fact     Fact          `json:"fact"`
	Citation rule.Citation `json:"citation"`
}

// GapState says what kind of gap it is. The zero value is not said.
type GapState string

// The kinds of gap.
const (
	NotStated GapState = "not stated" // nobody said
	NotMet    GapState = "not met"    // somebody said that it does not hold
	NotProven GapState = "not proven" // said without who, when or evidence
	TooOld    GapState = "too old"    // done too long ago
)

// A Gap is a check that does not hold, or is not known to.
type Gap struct {
	Check string   `json:"check"`
	Title string   `json:"title"`
	State GapState `json:"state"`
	// Found is what is the matter; Why why it matters.
	Found    string        `json:"found"`
	Why      string        `json:"why"`
	Question string        `json:"question"`
	Evidence string        `json:"evidence"`
	Fact     *Fact         `json:"fact,omitempty"`
	Citation rule.Citation `json:"citation"`
}

// A Raised is a finding that ransomware makes urgent. Raise is for
// [assess.Assessment.WithExploitability]; nothing else follows from it by itself.
type Raised struct {
	Finding string       `json:"finding"` // its key
	IDs     []feeds.ID   `json:"ids"`
	Raise   assess.Raise `json:"raise"`
	// Listed is the day from which a source says so.
	Listed   time.Time     `json:"listed,omitzero"`
	Citation rule.Citation `json:"citation"`
}

// Ransomware says how ready a product is for ransomware at at, by t (nil is
// [Default]), and which of the findings of the product ransomware makes urgent. A
// finding is raised only when a loaded source marks it as used in ransomware
// campaigns (KEV does); that it is not marked means nothing. It is an error when
// a fact is about no check or there twice, when hours are negative or no number,
// and when a finding is of another product.
func Ransomware(r Readiness, findings []match.Finding, t *Table, at time.Time) (Result, error) {
	t, err := t.or()
	if err != nil {
		return Result{}, err
	}
	errs := checkUses(r.Uses)
	if at.IsZero() {
		errs = append(errs, errors.New("threat: ransomware: the time is missing"))
	}
	facts := map[string]Fact{}
	for _, f := range r.Facts {
		_, twice := facts[f.Check]
		switch {
		case !slices.ContainsFunc(t.ransom.Checks, func(c check) bool { return c.ID == f.Check }):
			errs = append(errs, fmt.Errorf("threat: ransomware: check %q is not known", f.Check))
		case twice:
			errs = append(errs, fmt.Errorf("threat: ransomware: check %q is there twice", f.Check))
		case f.Answer != "" && !f.Answer.Valid():
			errs = append(errs, fmt.Errorf("threat: ransomware: check %q: %q is neither yes nor no", f.Check, f.Answer))
		case wrong(f.Hours) || wrong(f.Needed):
			errs = append(errs, fmt.Errorf("threat: ransomware: check %q: hours are negative or no number", f.Check))
		}
		facts[f.Check] = f
	}
	out := Result{Product: r.Product, At: at.UTC(), Losses: t.harms(t.ransom.Effect, r.Uses), Table: t.digest}
	for _, f := range findings {
		if f.Product != r.Product {
			errs = append(errs, fmt.Errorf("threat: ransomware: finding %q is not of product %q", f.Key(), r.Product))
			continue
		}
		if f.Exploited == nil || !f.Exploited.Ransomware {
			continue
		}
		e := t.ransom.Exploited
		one := Raised{Finding: f.Key(), IDs: slices.Clone(f.IDs), Raise: assess.Raise{To: e.To, Why: e.Why}, Listed: f.Exploited.Added, Citation: e.Citation}
		if !one.Listed.IsZero() {
			one.Raise.Why += ", listed since " + one.Listed.UTC().Format(time.DateOnly)
		}
		out.Raised = append(out.Raised, one)
	}
	if err := errors.Join(errs...); err != nil {
		return Result{}, err
	}
	for _, c := range t.ransom.Checks {
		f, stated := facts[c.ID]
		if state, found := c.judge(f, stated, at); state == "" {
			f.Evidence = slices.Clone(f.Evidence)
			out.Met = append(out.Met, Met{Check: c.ID, Title: c.Title, Fact: f, Citation: c.Citation})
		} else {
			g := Gap{Check: c.ID, Title: c.Title, State: state, Found: found, Why: c.Why, Question: c.Question, Evidence: c.Evidence, Citation: c.Citation}
			if stated {
				g.Fact = &f
			}
			out.Gaps = append(out.Gaps, g)
		}
	}
	return out, nil
}

// wrong reports whether hours are no number of hours.
func wrong(hours *float64) bool { return hours != nil && !(*hours >= 0 && *hours <= 1e6) }

// judge says what kind of gap f leaves, and in words; no state when it leaves none.
// That something does not hold needs no evidence; that it does, needs it.
func (c check) judge(f Fact, stated bool, at time.Time) (state GapState, found string) {
	switch {
	case !stated:
		return NotStated, "nothing is stated"
	case c.Kind == kindYes || c.Kind == kindNo:
		good := assess.Answer(c.Kind)
		switch f.Answer {
		case "":
			return NotStated, "neither yes nor no is stated"
		case good:
			return c.proof(f, at)
		}
		return NotMet, "the answer is " + string(f.Answer)
	case c.Kind == kindAtLeast || c.Kind == kindAtMost:
		if f.Hours == nil || f.Needed == nil {
			return NotStated, "the hours there are, or those that are needed, are not stated"
		}
		if c.Kind == kindAtLeast && *f.Hours < *f.Needed || c.Kind == kindAtMost && *f.Hours > *f.Needed {
			return NotMet, fmt.Sprintf("%v hours, %s %v are needed", *f.Hours, strings.ReplaceAll(c.Kind, "-", " "), *f.Needed)
		}
		return c.proof(f, at)
	case f.Answer == assess.No:
		return NotMet, "it was not done, or it failed"
	case f.At.IsZero():
		return NotStated, "when it was done is not stated"
	}
	if state, found := c.proof(f, at); state != "" {
		return state, found
	}
	if limit := f.At.AddDate(0, c.Months, 0); at.After(limit) {
		return TooOld, fmt.Sprintf("done on %s; after %d months it counts no more", f.At.UTC().Format(time.DateOnly), c.Months)
	}
	return "", ""
}

// proof tells what is missing for f to count.
func (c check) proof(f Fact, at time.Time) (GapState, string) {
	var missing []string
	if assess.CheckPerson(f.By) != nil {
		missing = append(missing, "who")
	}
	switch {
	case f.At.IsZero():
		missing = append(missing, "when")
	case f.At.After(at):
		return NotProven, fmt.Sprintf("it is dated %s, which is not yet", f.At.UTC().Format(time.DateOnly))
	}
	if !proven(f.Evidence) {
		missing = append(missing, "evidence")
	}
	if len(missing) > 0 {
		return NotProven, "not said: " + strings.Join(missing, ", ")
	}
	return "", ""
}
