package assess

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/internal/canon"
	"github.com/open-postmarket/postmarket/vex"
)

// Valid reports whether r is one of the results; the zero value, undetermined,
// is none.
func (r Risk) Valid() bool { return slices.Contains([]Risk{Controlled, Uncontrolled, NoRisk}, r) }

// Valid reports whether i is one of the two; the zero value is not.
func (i Identity) Valid() bool { return i == NotVerified || i == Verified }

// Valid reports whether a is yes or no; the zero value is not.
func (a Answer) Valid() bool { return a == Yes || a == No }

// Propose returns a with a determination proposed. With an empty p.Risk it is
// what m (nil is DefaultMatrix) says of the level and the harm that were judged.
// Another risk overrides the matrix: p.Why must say why the matrix does not
// hold, and to call controlled what the matrix calls uncontrolled p must bring
// evidence, such as the documented controls. m must be the one that step 2 was
// judged with.
func (a Assessment) Propose(m *Matrix, p Proposal) (Assessment, error) {
	from := a.State()
	s, err := p.Step.check("determination")
	if err != nil {
		return a, err
	}
	if err := a.Lapsed(s.At); err != nil && from != Determined {
		return a, err
	}
	if from != Determined && a.Triage != nil && a.Triage.Result == NotAffected {
		if len(p.Controls) > 0 {
			return a, errors.New("assess: determination: what not affected rests on is said in the triage")
		}
		if p.Risk != "" && p.Risk != NoRisk {
			return a, &StateError{From: from, To: Proposed, Why: fmt.Sprintf("triage says not affected, the proposal %q", p.Risk)}
		}
		a.Determination = &Determination{Risk: NoRisk, Proposed: s, Tripwires: a.unaffected()}
		return a, nil
	}
	if err := a.within(Proposed); err != nil {
		return a, err
	}
	if !a.walked() {
		return a, &StateError{From: from, To: Proposed, Why: "the four steps are not done"}
	}
	m, err = m.or()
	if err != nil {
		return a, err
	}
	if m.digest != a.Exploitability.Matrix {
		return a, fmt.Errorf("assess: determination: matrix %q is not the one of the exploitability step; do that step again", m.Name())
	}
	v, err := m.Verdict(a.Exploitability.Level, a.Impact.Harm)
	if err != nil {
		return a, err
	}
	d := Determination{Risk: p.Risk, Verdict: &v, Proposed: s}
	if d.Risk == "" {
		d.Risk = v.Risk
	}
	d.Override = d.Risk != v.Risk
	if d.Controls, err = controls(p.Controls, s.At); err != nil {
		return a, fmt.Errorf("assess: determination: %w", err)
	}
	if err := d.fit(); err != nil {
		return a, err
	}
	b := a
	b.Determination = &d
	if err := b.fitControls(); err != nil {
		return a, err
	}
	if d.Tripwires, err = b.tripwires(m, d.downward()); err != nil {
		return a, err
	}
	return b, nil
}

// fitControls says what is wrong in the controls of the determination of a beside
// the grounds of step 2.
func (a Assessment) fitControls() error {
	d := a.Determination
	var grounds []Ground
	if x := a.Exploitability; x != nil && x.Environment != nil {
		grounds = x.Environment.Grounds
	}
	for _, c := range d.Controls {
		if slices.ContainsFunc(grounds, func(g Ground) bool { return g.Name == c.ID }) {
			return fmt.Errorf("assess: determination: control %q is a ground of step 2 already", c.ID)
		}
	}
	if n := len(grounds) + len(d.Controls); n > maxGrounds {
		return fmt.Errorf("assess: determination: %d grounds and controls are more than %d", n, maxGrounds)
	}
	_, err := controls(d.Controls, d.Proposed.At)
	return err
}

// unaffected are the tripwires of a triage that says not affected: it rests on
// the evidence, on what it names of the deployment and, where it is an obstacle and
// not the absence of the flaw, on nobody having overcome it.
func (a Assessment) unaffected() []Tripwire {
	out := []Tripwire{{Changes: []Change{{Fact: factEvidence, From: a.Digest, To: "other"}}}}
	if obstacle(vex.Justification(a.Triage.Justification)) && !a.Facts.exploited() {
		out = append(out, Tripwire{Changes: []Change{{Fact: factExploited, From: no, To: yes}}})
	}
	for _, g := range a.relied() {
		out = append(out, Tripwire{Changes: []Change{{Fact: groundPrefix + g.Name, From: holds, To: gone}}})
	}
	return out
}

// obstacle reports whether j says that the flaw is there and cannot be reached.
func obstacle(j vex.Justification) bool {
	return j == vex.InlineMitigationsHold || j == vex.CodeNotControllable
}

// walked reports whether all four steps are done.
func (a Assessment) walked() bool {
	return a.Triage != nil && a.Exploitability != nil && a.Impact != nil && a.Score != nil
}

// downward reports whether d calls controlled what the matrix does not.
func (d Determination) downward() bool {
	return d.Verdict != nil && d.Risk == Controlled && d.Verdict.Risk == Uncontrolled
}

// second reports whether d needs a further person: one who overrides a cell
// downward that does not itself ask for a justification.
func (d Determination) second() bool { return d.downward() && !d.Verdict.Justify }

// fit says what is wrong with d apart from its approvals.
func (d Determination) fit() error {
	switch {
	case d.Verdict == nil:
		if d.Risk != NoRisk {
			return fmt.Errorf("assess: determination: %q does not rest on a matrix", d.Risk)
		}
	case d.Risk != Controlled && d.Risk != Uncontrolled:
		return fmt.Errorf("assess: determination: %q is neither controlled nor uncontrolled", d.Risk)
	case d.Override != (d.Risk != d.Verdict.Risk):
		return errors.New("assess: determination: whether it overrides the matrix is told wrongly")
	case len(d.Controls) > 0 && !d.downward():
		return errors.New("assess: determination: only an override downward rests on controls of its own; others are grounds of step 2")
	case d.downward() && len(d.Proposed.Evidence) == 0:
		return errors.New("assess: determination: the matrix says uncontrolled; to call it controlled needs documented evidence")
	}
	return nil
}

// Settle returns a with the proposed determination approved. The approver is
// never the proposer. To override the matrix downward needs a second person
// besides, who is neither of them, unless the cell is one that asks for a
// justification: there the approver alone documents, by Why and the evidence of
// the proposal, why it is controlled. That an override upward needs no second
// person is our own convention.
//
// Save wants each person to write: the proposal is kept first, then the second
// person's approval (see Countersign), then this one.
func (a Assessment) Settle(approval Approval, second ...Approval) (Assessment, error) {
	if a.State() != Proposed {
		return a, &StateError{From: a.State(), To: Determined, Why: "no determination is proposed"}
	}
	if len(second) > 1 {
		return a, errors.New("assess: determination: more than one second person")
	}
	d := *a.Determination
	d.Approved = &approval
	if len(second) > 0 {
		d.Second = &second[0]
	}
	d, at, err := d.approved()
	if err != nil {
		return a, err
	}
	judged, err := a.judged()
	if err != nil {
		return a, err
	}
	d.Approved.Digest = judged
	if len(second) > 0 {
		d.Second.Digest = judged
	}
	b := a
	b.Determination = &d
	b.Instants.Determined = at
	if err := b.Lapsed(at); err != nil {
		return a, err
	}
	if err := b.checkDetermination(); err != nil {
		return a, err
	}
	return b, nil
}

// Countersign returns a with the approval of the second person, who agrees with
// the proposed determination before it is settled. It has no force alone.
func (a Assessment) Countersign(second Approval) (Assessment, error) {
	if a.State() != Proposed {
		return a, &StateError{From: a.State(), To: Determined, Why: "no determination is proposed"}
	}
	d := *a.Determination
	p, err := second.Check("determination: second person", d.Proposed.At, d.Proposed.By)
	if err != nil {
		return a, err
	}
	if err := a.Lapsed(p.At); err != nil {
		return a, err
	}
	if p.Digest, err = a.judged(); err != nil {
		return a, err
	}
	d.Second = &p
	a.Determination = &d
	return a, nil
}

// judged is the digest of what a determination of a says and rests on: all but
// its approvals, the answer whether to leave it, and the moves of Learned.
func (a Assessment) judged() (string, error) {
	a.Leave, a.Renewed = nil, nil
	i := &a.Instants
	i.Learned, i.LearnedWhy, i.Moved, i.Pending, i.Determined = time.Time{}, "", nil, nil, time.Time{}
	if a.Determination != nil {
		d := *a.Determination
		d.Approved, d.Second = nil, nil
		a.Determination = &d
	}
	return digest("postmarket assessment 1", a)
}

// digest is the lower-case hex SHA-256 of v as it is kept; label says of what.
func digest(label string, v any) (string, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("assess: %w", err)
	}
	sum := canon.Sum(label, func(w *canon.Writer) { w.Bytes(body) })
	return hex.EncodeToString(sum[:]), nil
}

// approved checks the approvals of d and returns it with them as they are kept,
// and when the last one was given.
func (d Determination) approved() (Determination, time.Time, error) {
	const what = "determination"
	ap, err := d.Approved.check(what, d.Proposed.At, d.Proposed.By)
	if err != nil {
		return d, time.Time{}, err
	}
	d.Approved = &ap
	at := ap.At
	if d.Second == nil {
		if d.second() {
			return d, at, errors.New("assess: determination: overriding the matrix needs a second person")
		}
		return d, at, nil
	}
	second, err := d.Second.check(what+": second person", d.Proposed.At, d.Proposed.By, ap.By)
	if err != nil {
		return d, at, err
	}
	d.Second = &second
	if second.At.After(at) {
		at = second.At
	}
	return d, at, nil
}

// Check returns p as it is kept: UTC, and NotVerified when nothing was said of
// the identity. It is an error when something is missing, when it was given
// before the thing was proposed, and a *SamePersonError when it is by one of
// others, who proposed or approved it already. what names the thing.
func (p Approval) Check(what string, proposed time.Time, others ...string) (Approval, error) {
	s, err := Step{By: p.By, At: p.At, Why: p.Why}.check(what + ": approval")
	if err != nil {
		return p, err
	}
	p.At = s.At
	if p.Identity == "" {
		p.Identity = NotVerified
	}
	if !p.Identity.Valid() {
		return p, fmt.Errorf("assess: %s: approval: identity %q is not known", what, p.Identity)
	}
	for _, o := range others {
		if SamePerson(o, p.By) {
			return p, &SamePersonError{What: what, Who: p.By}
		}
	}
	if p.At.Before(proposed.Truncate(time.Microsecond)) {
		return p, fmt.Errorf("assess: %s: approved at %s, before it was proposed", what, p.At.Format(time.RFC3339))
	}
	return p, nil
}

func (p *Approval) check(what string, proposed time.Time, others ...string) (Approval, error) {
	if p == nil {
		return Approval{}, fmt.Errorf("assess: %s: there is no approval", what)
	}
	return p.Check(what, proposed, others...)
}

// WithLeave returns a with the answer whether the controlled risk is acceptable
// to leave. It may be answered again; the ledger keeps both.
func (a Assessment) WithLeave(l Leave) (Assessment, error) {
	if a.Risk() != Controlled {
		return a, &StateError{From: a.State(), To: Determined, Why: fmt.Sprintf("only a controlled risk can be left as it is; this is %s", a.word())}
	}
	s, err := Step{By: l.By, At: l.At, Why: l.Why}.check("acceptable to leave")
	if err != nil {
		return a, err
	}
	if err := a.Lapsed(s.At); err != nil {
		return a, err
	}
	if !l.Acceptable.Valid() {
		return a, fmt.Errorf("assess: acceptable to leave: answer %q is neither yes nor no", l.Acceptable)
	}
	l.At = s.At
	a.Leave = &l
	return a, nil
}

func (a Assessment) word() string {
	if a.Undetermined() {
		return "undetermined"
	}
	return string(a.Risk())
}
