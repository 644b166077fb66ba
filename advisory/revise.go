package advisory

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/tlp"
)

// Update drafts the next revision of a, which must be final, out of in; change
// says what is new in it. The id, the kind and the revisions are those of a, and so
// are the roles that sign off and the audiences unless in names others. To need a
// role less, or to reach an audience more, takes a reason: Input.Eased.
func (a Advisory) Update(in Input, change string, at time.Time) (Advisory, error) {
	if a.Status != StatusFinal {
		return Advisory{}, fmt.Errorf("advisory: %q is a draft, which is drafted again and not updated", a.ID)
	}
	in.ID, in.Kind, in.Earlier, in.Change = a.ID, a.Kind, slices.Clone(a.Revisions), change
	if len(in.Needs) == 0 && blank(in.Eased) {
		in.Needs = a.Needs
	}
	if len(in.Audience) == 0 && blank(in.Eased) {
		in.Audience = a.Audience
	}
	b, err := Draft(in, at)
	if err != nil {
		return Advisory{}, err
	}
	if err := b.eases(a); err != nil {
		return Advisory{}, err
	}
	return b, nil
}

// eases returns an error when a asks less than before did and does not say why.
func (a Advisory) eases(before Advisory) error {
	if !hollow(a.Eased) {
		return nil
	}
	var errs []error
	for _, role := range before.Needs {
		if !slices.ContainsFunc(a.Needs, func(o string) bool { return sameRole(o, role) }) {
			errs = append(errs, fmt.Errorf("advisory: %q drops the sign-off by %s without a reason", a.ID, role))
		}
	}
	// No audience at all leaves it to the gate alone.
	if len(before.Audience) > 0 && (len(a.Audience) == 0 ||
		slices.ContainsFunc(a.Audience, func(to tlp.Audience) bool { return !slices.Contains(before.Audience, to) })) {
		errs = append(errs, fmt.Errorf("advisory: %q goes from %v to %v without a reason", a.ID, before.Audience, a.Audience))
	}
	if a.Kind != before.Kind {
		errs = append(errs, fmt.Errorf("advisory: %q becomes %s and was %s, without a reason", a.ID, a.Kind, before.Kind))
	}
	if before.Status == StatusDraft && !blank(before.Eased) {
		errs = append(errs, fmt.Errorf("advisory: %q no longer says why it was eased", a.ID))
	}
	return errors.Join(errs...)
}

// Withdraw drafts a revision that takes back what a says: no version has a
// disposition any more, and so each is under investigation in every form; there
// are no scores, fixes and controls, no clinical impact, no word on exploitation, and
// of an action in the field neither its urgency nor its units. It takes back nothing else: when a device
// turned out not to be affected, Update says so, which is more.
//
// The instructions are those for the time from now on, for each party.
func (a Advisory) Withdraw(by string, w Withdrawal, instructions []Instruction, at time.Time) (Advisory, error) {
	if a.Status != StatusFinal || a.Withdrawn != nil {
		return Advisory{}, fmt.Errorf("advisory: %q is a draft or is withdrawn already", a.ID)
	}
	a.Status, a.SignOffs, a.Withdrawn, a.Eased = StatusDraft, nil, &w, ""
	a.Proposed = patch.Proposed{By: by, At: instant(at)}
	a.Revisions = append(slices.Clone(a.Revisions), Revision{Number: len(a.Revisions) + 1, Summary: "Withdrawn. " + w.Why})
	a.Summary = w.words()
	a.Remedies, a.Notice, a.Availability = nil, nil, ""
	a.Action = a.Action.withdrawn()
	a.Instructions = slices.Clone(instructions)
	a.Next = Next{Text: "No further one is planned unless something changes."}
	// What is taken back rests on no record but this one.
	a.Rests, a.Cites = nil, nil
	a.Vulnerabilities = slices.Clone(a.Vulnerabilities)
	for i := range a.Vulnerabilities {
		v := &a.Vulnerabilities[i]
		v.Exploited, v.Exploitation, v.Published, v.Rated, v.ClinicalImpact = nil, "", nil, "", ""
		v.Dispositions = slices.Clone(v.Dispositions)
		for j, d := range v.Dispositions {
			v.Dispositions[j] = Disposition{Version: d.Version, Status: UnderInvestigation}
		}
	}
	if err := a.Validate(); err != nil {
		return Advisory{}, err
	}
	if _, err := document(a); err != nil {
		return Advisory{}, err
	}
	return a, nil
}
