package advisory

import (
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/patch"
)

// Update drafts the next revision of a, which must be final, out of in; change
// says what is new in it. The id, the kind and the revisions are those of a.
func (a Advisory) Update(in Input, change string, at time.Time) (Advisory, error) {
	if a.Status != StatusFinal {
		return Advisory{}, fmt.Errorf("advisory: %q is a draft, which is drafted again and not updated", a.ID)
	}
	in.ID, in.Kind, in.Earlier, in.Change = a.ID, a.Kind, slices.Clone(a.Revisions), change
	return Draft(in, at)
}

// Withdraw drafts a revision that takes back what a says: no version has a
// disposition any more, and so each is under investigation in every form; there
// are no scores, fixes and controls. It takes back nothing else: when a device
// turned out not to be affected, Update says so, which is more.
//
// The instructions are those for the time from now on, for each party.
func (a Advisory) Withdraw(by string, w Withdrawal, instructions []Instruction, at time.Time) (Advisory, error) {
	if a.Status != StatusFinal || a.Withdrawn != nil {
		return Advisory{}, fmt.Errorf("advisory: %q is a draft or is withdrawn already", a.ID)
	}
	a.Status, a.SignOffs, a.Withdrawn = StatusDraft, nil, &w
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
