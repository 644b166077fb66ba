package assess

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
)

// CorrectionDecisions is the drawer of the ledger that holds them.
const CorrectionDecisions store.Kind[Correction] = "assess.correction"

// CorrectionSchema is the version of the shape in which a Correction is written.
const CorrectionSchema = 1

// A Correction is the record that every correction or removal leaves behind: it
// was reported (21 CFR 806.10), or it was not, and then why not, reviewed and
// evaluated by a designated person (806.20; kept until two years beyond the
// expected life of the device). Neither is a decision that is still due.
type Correction struct {
	Schema int `json:"schema"`
	// ID is the host's own id of the correction.
	ID string `json:"id"`
	// Finding is the key of the assessment; What says what is done to the devices.
	Finding string `json:"finding"`
	What    string `json:"what"`
	// Removal is true for a removal, false for a correction.
	Removal bool `json:"removal,omitempty"`
	// Initiated is when it was begun, in UTC: that starts the 10 working days.
	Initiated time.Time `json:"initiated"`
	// Reported says that it was reported; Justified why it was not.
	Reported  *Reported  `json:"reported,omitempty"`
	Justified *Justified `json:"justified,omitempty"`
}

// Reported says that a correction was reported, by whom and when. The report
// itself is the evidence.
type Reported struct {
	Step
	// Number is that of the report (registration, date, sequence, C or R).
	Number string `json:"number"`
}

// Justified says why a correction was not reported, and who evaluated that.
type Justified struct {
	Step
	// Evaluated is the designated person's review, who is not the one who justifies;
	// Designated says who designated that person; nil in records from before that was
	// kept, which decide nothing.
	Evaluated  *Approval    `json:"evaluated,omitempty"`
	Designated *Designation `json:"designated,omitempty"`
}

// A Designation says that a person was designated to evaluate why corrections are
// not reported (21 CFR 806.20). All fields but the last are required.
type Designation struct {
	Person string    `json:"person"`
	Role   string    `json:"role"`
	By     string    `json:"by"` // who designated, another person
	Since  time.Time `json:"since"`
	// Ref is where that is on record.
	Ref store.Ref `json:"ref,omitzero"`
}

// check says why d does not let who evaluate at at, or nil.
func (d Designation) check(who string, at time.Time) error {
	switch {
	case blank(d.Role) || d.Since.IsZero():
		return errors.New("assess: correction: the role or the day of the designation is missing")
	case CheckPerson(d.By) != nil:
		return CheckPerson(d.By)
	case !SamePerson(d.Person, who):
		return fmt.Errorf("assess: correction: %q is designated, and %q evaluated", d.Person, who)
	case SamePerson(d.By, who):
		return &SamePersonError{What: "designation", Who: who}
	case d.Since.After(at):
		return fmt.Errorf("assess: correction: %q is designated only from %s", d.Person, d.Since.Format(time.RFC3339))
	}
	return nil
}

// Key returns the id.
func (c Correction) Key() string { return c.ID }

// SchemaVersion is the version that the ledger keeps with each entry.
func (c Correction) SchemaVersion() int { return CorrectionSchema }

// Decided reports whether c is reported, or justified and evaluated by a person who
// was designated to.
func (c Correction) Decided() bool {
	return c.Reported != nil || c.Justified != nil && c.Justified.Evaluated != nil && c.Justified.designated() == nil
}

// Clock starts the 10 working days of 21 CFR 806.10(b) for c, by the rule fda-806 of
// book (nil is rule.Default).
func (c Correction) Clock(book *rule.Book, owner string, cal rule.Calendar) (rule.Clock, error) {
	if book == nil {
		var err error
		if book, err = rule.Default(); err != nil {
			return rule.Clock{}, err
		}
	}
	r, err := book.Rule("fda-806")
	if err != nil {
		return rule.Clock{}, fmt.Errorf("assess: correction: %w", err)
	}
	clock, err := r.Clock("assess fda-806 "+c.ID, string(CorrectionDecisions)+"/"+c.ID, owner, c.Initiated, cal)
	if err != nil {
		return rule.Clock{}, fmt.Errorf("assess: correction: %w", err)
	}
	return clock, nil
}

// Report returns c as reported. A justification that was begun stays.
func (c Correction) Report(r Reported) (Correction, error) {
	s, err := r.proven("report of a correction")
	if err != nil {
		return c, err
	}
	r.Step = s
	c.Reported = &r
	return c, c.Check()
}

// Justify returns c with the reason why it is not reported. It decides nothing
// until a designated person has evaluated it.
func (c Correction) Justify(s Step) (Correction, error) {
	s, err := s.proven("justification")
	if err != nil {
		return c, err
	}
	if c.Reported != nil {
		return c, fmt.Errorf("assess: correction %q: it is reported already", c.ID)
	}
	c.Justified = &Justified{Step: s}
	return c, c.Check()
}

// Evaluate returns c with the designated person's evaluation of why it is not
// reported, who is another person than the one who justified it.
func (c Correction) Evaluate(p Approval, d Designation) (Correction, error) {
	if c.Justified == nil {
		return c, fmt.Errorf("assess: correction %q: nothing is justified", c.ID)
	}
	j := *c.Justified
	p, err := p.Check("justification", j.At, j.By)
	if err != nil {
		return c, err
	}
	if p.Digest, err = digest("postmarket correction 1", c.bare()); err != nil {
		return c, err
	}
	d.Since = micro(d.Since)
	j.Evaluated, j.Designated = &p, &d
	c.Justified = &j
	return c, c.Check()
}

// bare is c without its evaluation.
func (c Correction) bare() Correction {
	if c.Justified != nil {
		c.Justified = &Justified{Step: c.Justified.Step}
	}
	c.Reported = nil
	return c
}

// Check says what is wrong in c, all at once, or nil.
func (c Correction) Check() error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("assess: correction %q: "+format, append([]any{c.ID}, args...)...))
	}
	if c.Schema != CorrectionSchema || blank(c.ID) || blank(c.Finding) || blank(c.What) || c.Initiated.IsZero() {
		fail("schema, id, finding, what is done, or when it began is missing")
	}
	if r := c.Reported; r != nil {
		if _, err := r.proven("report of a correction"); err != nil {
			errs = append(errs, err)
		}
		if blank(r.Number) || r.At.Before(c.Initiated) {
			fail("the report has no number, or came before the correction began")
		}
	}
	if j := c.Justified; j != nil {
		if _, err := j.proven("justification"); err != nil {
			errs = append(errs, err)
		}
		if e := j.Evaluated; e != nil {
			if _, err := e.check("justification", j.At, j.By); err != nil {
				errs = append(errs, err)
			} else if err := j.designated(); j.Designated != nil && err != nil {
				errs = append(errs, err)
			} else if now, err := digest("postmarket correction 1", c.bare()); err != nil || now != e.Digest {
				fail("%q evaluated another justification", e.By)
			}
		}
	}
	return errors.Join(errs...)
}

// designated says why the evaluation of j is not by a designated person, or nil.
func (j Justified) designated() error {
	if j.Designated == nil {
		return fmt.Errorf("assess: correction: it is not said who designated %q to evaluate", j.Evaluated.By)
	}
	return j.Designated.check(j.Evaluated.By, j.Evaluated.At)
}

// SaveCorrection keeps c in its drawer, in an act of its own. Whoever reports,
// justifies or evaluates writes that himself; what is evaluated stood in the ledger
// before; and what was decided is not lost (ErrHistory).
func SaveCorrection(ctx context.Context, l *store.Ledger, by store.By, c Correction, refs ...store.Ref) error {
	if err := c.Check(); err != nil {
		return err
	}
	return l.Do(ctx, by, func(tx *store.Tx) error {
		before, err := CorrectionDecisions.Get(tx, c.Key())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if before.ID != "" && (!c.Initiated.Equal(before.Initiated) || c.Finding != before.Finding || c.What != before.What || c.Removal != before.Removal) {
			return fmt.Errorf("%w: what was corrected, or when %q began", ErrHistory, c.ID)
		}
		if before.Reported != nil && !same(c.Reported, before.Reported) ||
			before.Justified != nil && before.Justified.Evaluated != nil && !same(c.Justified, before.Justified) {
			return fmt.Errorf("%w: what was decided of correction %q", ErrHistory, c.ID)
		}
		himself := func(what, who string, at time.Time) error {
			switch {
			case who != by.Who:
				return fmt.Errorf("assess: correction %q: %s by %q and is written by %q", c.ID, what, who, by.Who)
			case at.After(tx.At()):
				return fmt.Errorf("assess: correction %q tells of %s, which is after it is written", c.ID, at.Format(time.RFC3339))
			}
			return nil
		}
		if c.Reported != nil && before.Reported == nil {
			if err := himself("reported", c.Reported.By, c.Reported.At); err != nil {
				return err
			}
		}
		if j := c.Justified; j != nil {
			had := before.Justified
			if had == nil || !same(had.Step, j.Step) {
				if err := himself("justified", j.By, j.At); err != nil {
					return err
				}
				if j.Evaluated != nil {
					return fmt.Errorf("assess: correction %q is evaluated, and its justification is not in the ledger: %w", c.ID, ErrNotProposed)
				}
			} else if j.Evaluated != nil && had.Evaluated == nil {
				if err := himself("evaluated", j.Evaluated.By, j.Evaluated.At); err != nil {
					return err
				}
				if err := j.designated(); err != nil {
					return err
				}
			}
		}
		_, err = CorrectionDecisions.PutIfChanged(tx, c, refs...)
		return err
	})
}

// Undecided returns the ids of corrections that were begun and of which decided
// has no decision, in the order of begun.
func Undecided(begun []string, decided []Correction) []string {
	ready := map[string]bool{}
	for _, c := range decided {
		if c.Check() == nil && c.Decided() {
			ready[c.ID] = true
		}
	}
	var out []string
	for _, id := range begun {
		if !ready[id] {
			out = append(out, id)
		}
	}
	return out
}
