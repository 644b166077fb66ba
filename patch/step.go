package patch

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
)

// Do returns c with s done. What is not allowed is a *StateError that lists what
// is missing, or an error that says what is wrong in s; c comes back then.
func (c Change) Do(s Step) (Change, error) { return c.do(s, false) }

// do is Do. kept says that the ledger held s before evidence needed a digest and
// exceptions were looked at again when they are granted: that is not asked then.
func (c Change) do(s Step, kept bool) (Change, error) {
	s.At = instant(s.At)
	if err := c.admit(s, kept); err != nil {
		return c, err
	}
	if s.Happened != nil {
		h := *s.Happened
		h.When = instant(h.When)
		s.Happened = &h
	}
	if s.Ask != nil {
		e := *s.Ask
		if !e.Due.IsZero() {
			e.Due = instant(e.Due)
		}
		s.Ask = &e
	}
	if s.Regulatory != nil {
		r := *s.Regulatory
		r.Cumulative = slices.Clone(r.Cumulative)
		s.Regulatory = &r
	}
	c.Steps = append(slices.Clip(c.Steps), s)
	return c, nil
}

// admit says why s may not be done to c, or nil.
func (c Change) admit(s Step, kept bool) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("patch: change %q: "+format, append([]any{c.Key()}, args...)...)
	}
	last := c.Begun.At
	if n := len(c.Steps); n > 0 {
		last = c.Steps[n-1].At
	}
	if s.At.IsZero() || s.At.Before(last) {
		return bad("a step at %s is before the one that was recorded last, at %s", s.At.Format(time.RFC3339), last.Format(time.RFC3339))
	}
	if err := assess.CheckPerson(s.By); err != nil {
		return bad("%w", err)
	}
	n := 0
	for _, is := range []bool{s.Approval != nil, s.Proof != nil, s.Happened != nil, s.Regulatory != nil, s.Sign != nil, s.Ask != nil, s.Grant != "", s.Reopen != ""} {
		if is {
			n++
		}
	}
	if n != 1 {
		return bad("a step is one thing, this is %d", n)
	}
	if (s.Ask != nil || s.Grant != "" || s.Reopen != "") && blank(s.Why) {
		return bad("an exception and a reopening say why")
	}
	l := c.live()
	switch {
	case s.Approval != nil:
		if s.Approval.Digest != c.Plan {
			return bad("the approval is of another plan")
		}
		if l.approved {
			return &StateError{From: c.State(), To: c.State(), Why: "the plan is approved already"}
		}
		if _, err := s.Approval.Check("plan", time.Time{}); err != nil {
			return bad("%w", err)
		}
	case s.Proof != nil:
		return c.admitProof(l, *s.Proof, kept, bad)
	case s.Happened != nil:
		h := *s.Happened
		if place(h.State) < 1 || h.When.IsZero() || blank(h.How) {
			return bad("what happened names a state after %q, when it was, and how that is known", Planned)
		}
		if h.When.After(s.At) {
			return bad("%q is recorded before it happened", h.State)
		}
	case s.Regulatory != nil:
		return c.admitRegulatory(l, *s.Regulatory, bad)
	case s.Sign != nil:
		return c.admitSign(l, *s.Sign, s.By, bad)
	case s.Ask != nil:
		return c.admitAsk(l, *s.Ask, s.At, bad)
	case s.Grant != "":
		a, asked := l.asked[s.Grant]
		if !asked {
			return bad("nobody asked for the exception %q", s.Grant)
		}
		if _, granted := l.granted[s.Grant]; granted {
			return bad("the exception %q is granted already", s.Grant)
		}
		if assess.SamePerson(a.By, s.By) {
			return &assess.SamePersonError{What: "exception " + s.Grant, Who: s.By}
		}
		if !a.Ask.Due.IsZero() && !a.Ask.Due.After(s.At) {
			return bad("the exception %q is granted after it was due", s.Grant)
		}
		if !kept {
			return c.admitAsk(l, *a.Ask, s.At, bad)
		}
	case s.Reopen != "":
		if now := c.reached(l); place(s.Reopen) < 0 || place(s.Reopen) > place(now) {
			return &StateError{From: c.State(), To: s.Reopen, Why: "a change is taken back to a state it has reached"}
		}
	}
	return nil
}

func (c Change) admitProof(l live, p Proof, kept bool, bad func(string, ...any) error) error {
	g, n, ok := c.need(p.Need)
	switch {
	case !ok:
		return bad("no gate needs %q", p.Need)
	case blank(p.Digest) && blank(p.Link):
		return bad("the evidence for %q is empty: it has neither digest nor link", p.Need)
	case p.Digest == "" && !kept:
		return bad("the evidence for %q has no digest: a link alone says nothing of what stands there", p.Need)
	case p.Digest != "" && !isDigest(p.Digest):
		return bad("the evidence for %q: %q is not a lower-case hex SHA-256", p.Need, p.Digest)
	case p.Digest == nothing && !kept:
		return bad("the evidence for %q is the digest of nothing", p.Need)
	}
	for need, other := range l.proofs {
		if p.Digest != "" && p.Digest == other.Proof.Digest || !blank(p.Link) && linked(p.Link) == linked(other.Proof.Link) {
			return bad("the evidence for %q is repeated: it stands for %q already", p.Need, need)
		}
	}
	_, shown := l.proofs[p.Need]
	if len(l.signed[g.ID]) > 0 && (shown || !n.Deferrable) {
		return &StateError{From: c.State(), To: g.To, Why: fmt.Sprintf("the gate %q is signed; reopen it to show other evidence", g.ID)}
	}
	return nil
}

// nothing is the SHA-256 of no bytes.
const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// linked is a link without what can be written in more ways than one.
func linked(link string) string {
	if blank(link) {
		return ""
	}
	return path.Clean(strings.ReplaceAll(strings.TrimSpace(link), `\`, "/"))
}

func isDigest(s string) bool {
	return len(s) == 64 && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) })
}

func (c Change) admitRegulatory(l live, r Regulatory, bad func(string, ...any) error) error {
	switch _, known := outcome(c.Outcomes, r.Market, r.Outcome); {
	case !slices.Contains(c.Markets, r.Market):
		return bad("the device is not on the market %q", r.Market)
	case !known:
		return bad("the market %q has no outcome %q", r.Market, r.Outcome)
	case blank(r.Rationale) || blank(r.Since):
		return bad("a regulatory determination says why, and since which clearance changes were added up")
	case len(r.Cumulative) == 0 != r.NoneSince || slices.ContainsFunc(r.Cumulative, blank):
		return bad("a regulatory determination lists the changes since the last clearance, or says that there are none")
	}
	for _, g := range c.Gates {
		if g.Regulatory && len(l.signed[g.ID]) > 0 {
			return &StateError{From: c.State(), To: g.To, Why: fmt.Sprintf("the gate %q is signed; reopen it to determine anew", g.ID)}
		}
	}
	return nil
}

func (c Change) admitSign(l live, s Signoff, by string, bad func(string, ...any) error) error {
	i := slices.IndexFunc(c.Gates, func(g Gate) bool { return g.ID == s.Gate })
	if i < 0 {
		return bad("there is no gate %q for this remedy", s.Gate)
	}
	g := c.Gates[i]
	if !slices.Contains(g.Roles, s.Role) {
		return bad("the gate %q is not signed by the role %q", g.ID, s.Role)
	}
	if _, done := l.signed[g.ID][s.Role]; done {
		return bad("the gate %q is signed by the role %q already", g.ID, s.Role)
	}
	if c.State() == Deferred {
		return &StateError{From: Deferred, To: g.To, Why: "the branch is left to a later release; reopen it first"}
	}
	missing := c.before(l, g)
	missing = append(missing, c.lacks(l, g)...)
	if len(missing) > 0 {
		return &StateError{From: c.State(), To: g.To, Why: fmt.Sprintf("the gate %q is not signed yet", g.ID), Missing: missing}
	}
	for _, who := range l.signed[g.ID] {
		if assess.SamePerson(who, by) {
			return &assess.SamePersonError{What: "gate " + g.ID, Who: by}
		}
	}
	for _, n := range g.Needs {
		if p, ok := l.proofs[n.ID]; ok && assess.SamePerson(p.By, by) {
			return &assess.SamePersonError{What: "evidence " + n.ID, Who: by}
		}
	}
	if g.Regulatory {
		for _, r := range l.regulatory {
			if assess.SamePerson(r.By, by) {
				return &assess.SamePersonError{What: "regulatory determination", Who: by}
			}
		}
	}
	return nil
}

func (c Change) admitAsk(l live, e Exception, at time.Time, bad func(string, ...any) error) error {
	if _, granted := l.granted[e.Name()]; granted {
		return bad("the exception %q is granted already", e.Name())
	}
	if e.Kind != Waive && !e.Due.After(at) {
		return bad("the exception %q needs a due date after it is asked for", e.Name())
	}
	switch e.Kind {
	case Waive:
		i := slices.IndexFunc(c.Gates, func(g Gate) bool { return g.ID == e.Gate })
		if i < 0 || !c.Gates[i].Waivable || e.Need != "" || !e.Due.IsZero() {
			return bad("the gate %q is not one that may be skipped", e.Gate)
		}
	case Postpone:
		_, n, ok := c.need(e.Need)
		if !ok || !n.Deferrable || e.Gate != "" {
			return bad("the evidence %q is not one that may come later", e.Need)
		}
		if c.Response != assess.Emergency {
			return &StateError{From: c.State(), To: c.State(), Why: fmt.Sprintf("only an emergency has evidence come later, this is %q", c.Response)}
		}
	case Defer:
		if e.Gate != "" || e.Need != "" || blank(e.Release) || blank(e.Meanwhile) || blank(e.Reach) || blank(e.Interim) {
			return bad("a deferral names the release, what devices shipped meanwhile get, how long it takes to reach devices, and what protects until then")
		}
		if now := c.State(); now == Deferred || place(now) >= place(Released) {
			return &StateError{From: now, To: Deferred, Why: "only what is not released is left to a later release"}
		}
	default:
		return bad("kind of exception %q is not known", e.Kind)
	}
	return nil
}

// need finds a need and its gate.
func (c Change) need(id string) (Gate, Need, bool) {
	for _, g := range c.Gates {
		for _, n := range g.Needs {
			if n.ID == id {
				return g, n, true
			}
		}
	}
	return Gate{}, Need{}, false
}
