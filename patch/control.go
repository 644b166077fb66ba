package patch

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
)

// Changes is the drawer of the ledger that holds them.
const Changes store.Kind[Change] = "patch.change"

// The states of a [Change], in order. They are computed, never stored: one is
// reached when every gate that leads to it is passed. After the tests come the
// documents, then the release.
const (
	Planned     State = "planned"
	Reproduced  State = "reproduced"
	Developed   State = "fix-developed"
	Tested      State = "tested"
	Documented  State = "documented"
	Released    State = "released"
	Distributed State = "distributed"
	Deployed    State = "deployed"
	Verified    State = "verified"
)

// Deferred is the state of a change that an approved deferral stops.
const Deferred State = "deferred"

var order = []State{Planned, Reproduced, Developed, Tested, Documented, Released, Distributed, Deployed, Verified}

// place is where s comes in the order, or -1.
func place(s State) int { return slices.Index(order, s) }

// A Change is the work that carries one remedy of a plan to one branch of the
// product in the field, under change control. Begin makes it, Do takes it
// further, and each returns a new value. It is the list of what was done: what
// state that gives is worked out anew each time, so none is there that its own
// steps do not give. Its zero value is of no use.
type Change struct {
	// Schema is the version of this shape.
	Schema  int    `json:"schema"`
	Finding string `json:"finding"`
	// Branch is the version in the field that is changed ("2.1").
	Branch  string `json:"branch"`
	Product string `json:"product,omitempty"`
	// Plan is the digest of the plan's content, which its approval holds too.
	Plan     string       `json:"plan"`
	Class    Class        `json:"class"`
	Response assess.Class `json:"response,omitempty"`
	Remedy   Remedy       `json:"remedy"`
	// Markets are those in which the device is on the market; each needs its own
	// regulatory determination.
	Markets []string `json:"markets"`
	// Gates and Outcomes are those that it began with: the file may change, they
	// do not.
	Gates    []Gate    `json:"gates"`
	Outcomes []Outcome `json:"outcomes"`
	Begun    Proposed  `json:"begun"`
	// Steps are what was done, in the order in which it was recorded.
	Steps []Step `json:"steps,omitempty"`
}

// Key returns the finding and the branch.
func (c Change) Key() string { return c.Finding + " @" + c.Branch }

// SchemaVersion is the version that the ledger keeps with each entry.
func (c Change) SchemaVersion() int { return Schema }

// A Step is one thing that one person does or records. By, At and exactly one of
// the fields after Why are required. At is when it is recorded; steps are in its
// order.
type Step struct {
	By  string    `json:"by"`
	At  time.Time `json:"at"`
	Why string    `json:"why,omitempty"`

	// Approval is that of the plan, for a change begun before it was given.
	Approval *assess.Approval `json:"approval,omitempty"`
	Proof    *Proof           `json:"proof,omitempty"`
	// Happened records what is so already, late and in any order; no gate stands
	// before it.
	Happened   *Happened   `json:"happened,omitempty"`
	Regulatory *Regulatory `json:"regulatory,omitempty"`
	// Sign approves a gate in one role.
	Sign *Signoff `json:"sign,omitempty"`
	// Ask asks for an exception, and has no force; Grant is the name of the one
	// that is granted, by another person. Both need Why.
	Ask   *Exception `json:"ask,omitempty"`
	Grant string     `json:"grant,omitempty"`
	// Reopen takes the change back to an earlier state; needs Why. What was
	// signed and shown after that state counts no more.
	Reopen State `json:"reopen,omitempty"`
}

// A Proof is evidence for one need. A digest or a link is required, and neither
// may stand for another need already.
type Proof struct {
	Need string `json:"need"`
	Text string `json:"text,omitempty"`
	// Digest is the lower-case hex SHA-256 of the document.
	Digest string `json:"digest,omitempty"`
	// Link says where it is, in the host's words; see Resolve.
	Link string `json:"link,omitempty"`
}

// Happened says that a state was reached at an instant, whoever approved it. It
// gives no approval.
type Happened struct {
	State State     `json:"state"`
	When  time.Time `json:"when"`
	How   string    `json:"how"`
}

// A Regulatory is what a person determined about the change in one market. The
// library records it and judges nothing.
type Regulatory struct {
	Market string `json:"market"`
	// Outcome is the id of one of the change's outcomes for that market.
	Outcome   string `json:"outcome"`
	Rationale string `json:"rationale"`
	// Since names the last clearance, approval or certificate, and Cumulative
	// every change since then that was looked at together with this one. None
	// must be said by NoneSince.
	Since      string   `json:"since"`
	Cumulative []string `json:"cumulative,omitempty"`
	NoneSince  bool     `json:"none_since,omitempty"`
}

// A Signoff approves a gate in a role.
type Signoff struct {
	Gate string `json:"gate"`
	Role string `json:"role"`
}

// ExceptionKind says what sort of exception it is. The zero value is not said.
type ExceptionKind string

// The kinds of exceptions.
const (
	// Waive lets a whole gate be skipped that may be.
	Waive ExceptionKind = "waive"
	// Postpone has one need of a gate shown later, by a due date; an emergency's
	// only.
	Postpone ExceptionKind = "postpone"
	// Defer leaves the branch to a later release.
	Defer ExceptionKind = "defer"
)

// An Exception is what one person asks for and another grants.
type Exception struct {
	Kind ExceptionKind `json:"kind"`
	// Gate is for Waive, Need for Postpone.
	Gate string `json:"gate,omitempty"`
	Need string `json:"need,omitempty"`
	// Due is by when a postponed need is shown, or the deferred release comes.
	Due time.Time `json:"due,omitzero"`
	// Release is the one that a deferral leaves it to; Meanwhile says whether
	// devices shipped before get it, Reach how long it takes to reach devices
	// (FDA premarket guidance V.C), and Interim what protects patients until
	// then. Defer needs all.
	Release   string `json:"release,omitempty"`
	Meanwhile string `json:"meanwhile,omitempty"`
	Reach     string `json:"reach,omitempty"`
	Interim   string `json:"interim,omitempty"`
}

// Name returns what a Grant names it by: "postpone vex".
func (e Exception) Name() string {
	return strings.TrimSpace(string(e.Kind) + " " + cmp.Or(e.Gate, e.Need, e.Release))
}

// Begin begins the change of one branch by the remedy p.Remedies[remedy]. A plan
// that is not approved yet can be begun; nothing is signed before it is. g nil
// is DefaultGates.
func Begin(p Plan, remedy int, branch string, markets []string, g *Gates, by string, at time.Time) (Change, error) {
	var errs []error
	if p.State() == "" || remedy < 0 || remedy >= len(p.Remedies) {
		errs = append(errs, &StateError{From: p.State(), To: Planned, Why: fmt.Sprintf("the plan has no remedy %d", remedy)})
	}
	if err := p.wrong(); err != nil {
		errs = append(errs, err)
	}
	if g == nil {
		var err error
		if g, err = DefaultGates(); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Change{}, err
	}
	content, err := p.content()
	if err != nil {
		return Change{}, err
	}
	c := Change{
		Schema: Schema, Finding: p.Finding, Branch: branch, Product: p.Product, Plan: content, Class: p.Class, Response: p.Response,
		Remedy: p.Remedies[remedy], Markets: slices.Clone(markets), Outcomes: g.Outcomes(), Begun: Proposed{By: by, At: instant(at)},
	}
	for _, one := range g.Gates() {
		if len(one.Remedies) == 0 || slices.Contains(one.Remedies, c.Remedy.Kind) {
			c.Gates = append(c.Gates, one)
		}
	}
	if c.Begun.At.Before(p.Proposed.At) {
		return Change{}, fmt.Errorf("patch: change %q: it is begun before the plan is proposed", c.Key())
	}
	if err := c.wrong(); err != nil {
		return Change{}, err
	}
	if p.Approved != nil {
		a := *p.Approved
		if a.At.After(c.Begun.At) {
			return Change{}, fmt.Errorf("patch: change %q: the plan is approved after it is begun", c.Key())
		}
		return c.Do(Step{By: by, At: c.Begun.At, Approval: &a})
	}
	return c, nil
}

func instant(at time.Time) time.Time { return at.UTC().Truncate(time.Microsecond) }

// wrong is everything in c, its steps apart, that is missing or wrong.
func (c Change) wrong() error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("patch: change %q: "+format, append([]any{c.Key()}, args...)...))
	}
	if c.Schema != Schema || blank(c.Finding) || blank(c.Plan) || !c.Class.Valid() || c.Begun.At.IsZero() {
		fail("schema, finding, plan, class, or when it was begun, is missing")
	}
	if blank(c.Branch) || strings.TrimSpace(c.Branch) != c.Branch {
		fail("the branch %q that is changed is missing or has spaces around it", c.Branch)
	}
	if err := assess.CheckPerson(c.Begun.By); err != nil {
		fail("%w", err)
	}
	if !c.Remedy.Kind.Valid() {
		fail("kind of remedy %q is not known", c.Remedy.Kind)
	}
	if len(c.Markets) == 0 {
		fail("no market is named")
	}
	for i, m := range c.Markets {
		if blank(m) || slices.Contains(c.Markets[:i], m) {
			fail("market %q is empty or named twice", m)
		}
	}
	if err := checkGates(c.Gates, c.Outcomes); err != nil {
		fail("%w", err)
	}
	return errors.Join(errs...)
}

// Check says what is wrong in c, or nil: it does every step again.
func (c Change) Check() error {
	if err := c.wrong(); err != nil {
		return err
	}
	again := c
	again.Steps = nil
	for i, s := range c.Steps {
		var err error
		if again, err = again.Do(s); err != nil {
			return fmt.Errorf("patch: change %q: step %d: %w", c.Key(), i+1, err)
		}
	}
	return nil
}

// Do returns c with s done. What is not allowed is a *StateError that lists what
// is missing, or an error that says what is wrong in s; c comes back then.
func (c Change) Do(s Step) (Change, error) {
	s.At = instant(s.At)
	if err := c.admit(s); err != nil {
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
func (c Change) admit(s Step) error {
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
		return c.admitProof(l, *s.Proof, bad)
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
	case s.Reopen != "":
		if now := c.reached(l); place(s.Reopen) < 0 || place(s.Reopen) > place(now) {
			return &StateError{From: c.State(), To: s.Reopen, Why: "a change is taken back to a state it has reached"}
		}
	}
	return nil
}

func (c Change) admitProof(l live, p Proof, bad func(string, ...any) error) error {
	g, n, ok := c.need(p.Need)
	switch {
	case !ok:
		return bad("no gate needs %q", p.Need)
	case blank(p.Digest) && blank(p.Link):
		return bad("the evidence for %q is empty: it has neither digest nor link", p.Need)
	case p.Digest != "" && !isDigest(p.Digest):
		return bad("the evidence for %q: %q is not a lower-case hex SHA-256", p.Need, p.Digest)
	}
	for need, other := range l.proofs {
		if p.Digest != "" && p.Digest == other.Proof.Digest || p.Link != "" && p.Link == other.Proof.Link {
			return bad("the evidence for %q is repeated: it stands for %q already", p.Need, need)
		}
	}
	_, shown := l.proofs[p.Need]
	if len(l.signed[g.ID]) > 0 && (shown || !n.Deferrable) {
		return &StateError{From: c.State(), To: g.To, Why: fmt.Sprintf("the gate %q is signed; reopen it to show other evidence", g.ID)}
	}
	return nil
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

// live is what counts of the steps: not what a reopening took away.
type live struct {
	approved   bool
	proofs     map[string]Step              // by need
	signed     map[string]map[string]string // by gate and role: who
	regulatory map[string]Step              // by market
	asked      map[string]Step              // by name
	granted    map[string]Step              // by name: the asking step
}

func (c Change) live() live {
	l := live{proofs: map[string]Step{}, signed: map[string]map[string]string{}, regulatory: map[string]Step{}, asked: map[string]Step{}, granted: map[string]Step{}}
	for _, s := range c.Steps {
		switch {
		case s.Approval != nil:
			l.approved = true
		case s.Proof != nil:
			l.proofs[s.Proof.Need] = s
		case s.Regulatory != nil:
			l.regulatory[s.Regulatory.Market] = s
		case s.Sign != nil:
			if l.signed[s.Sign.Gate] == nil {
				l.signed[s.Sign.Gate] = map[string]string{}
			}
			l.signed[s.Sign.Gate][s.Sign.Role] = s.By
		case s.Ask != nil:
			l.asked[s.Ask.Name()] = s
		case s.Grant != "":
			l.granted[s.Grant] = l.asked[s.Grant]
		case s.Reopen != "":
			c.forget(l, s.Reopen)
		}
	}
	return l
}

// forget takes from l what belongs to the states after s, and every deferral.
func (c Change) forget(l live, s State) {
	gone := map[string]bool{}
	for _, g := range c.Gates {
		if place(g.To) <= place(s) {
			continue
		}
		delete(l.signed, g.ID)
		gone[Exception{Kind: Waive, Gate: g.ID}.Name()] = true
		for _, n := range g.Needs {
			delete(l.proofs, n.ID)
			gone[Exception{Kind: Postpone, Need: n.ID}.Name()] = true
		}
		if g.Regulatory {
			clear(l.regulatory)
		}
	}
	for _, m := range []map[string]Step{l.asked, l.granted} {
		for name, a := range m {
			if gone[name] || a.Ask.Kind == Defer {
				delete(m, name)
			}
		}
	}
}

// passed reports whether g is signed by all its roles, or waived.
func (l live) passed(g Gate) bool {
	if _, ok := l.granted[Exception{Kind: Waive, Gate: g.ID}.Name()]; ok {
		return true
	}
	return len(l.signed[g.ID]) == len(g.Roles)
}

// lacks is what g itself still needs, its signatures apart.
func (c Change) lacks(l live, g Gate) []Gap {
	var gaps []Gap
	if !l.approved {
		gaps = append(gaps, Gap{What: "plan", Why: "it is not approved"})
	}
	for _, n := range g.Needs {
		_, shown := l.proofs[n.ID]
		_, later := l.granted[Exception{Kind: Postpone, Need: n.ID}.Name()]
		if !shown && !later {
			gaps = append(gaps, Gap{What: n.ID, Why: n.Text})
		}
	}
	if g.Regulatory {
		for _, m := range c.Markets {
			if _, ok := l.regulatory[m]; !ok {
				gaps = append(gaps, Gap{What: "regulatory determination " + m, Why: "nobody has recorded one for this market"})
			}
		}
	}
	if g.To == Documented && len(c.Remedy.Risks) == 0 {
		gaps = append(gaps, Gap{What: "risks of the remedy", Why: "the plan does not say which the remedy itself brings"})
	}
	if g.To == Verified {
		for _, e := range c.late(l) {
			gaps = append(gaps, Gap{What: e.Need, Why: "it was postponed to " + e.Due.Format(time.DateOnly) + " and is not shown"})
		}
	}
	return gaps
}

// late are the postponed needs that nobody has shown, in the order of the gates.
func (c Change) late(l live) []Exception {
	var out []Exception
	for _, g := range c.Gates {
		for _, n := range g.Needs {
			a, later := l.granted[Exception{Kind: Postpone, Need: n.ID}.Name()]
			if _, shown := l.proofs[n.ID]; later && !shown {
				out = append(out, *a.Ask)
			}
		}
	}
	return out
}

// before is what has to be passed before g: the gates of every earlier state.
func (c Change) before(l live, g Gate) []Gap {
	var gaps []Gap
	for _, one := range c.Gates {
		if place(one.To) < place(g.To) && !l.passed(one) {
			gaps = append(gaps, c.open(l, one)...)
		}
	}
	return gaps
}

// open is everything that g still needs, signatures included.
func (c Change) open(l live, g Gate) []Gap {
	gaps := c.lacks(l, g)
	for _, r := range g.Roles {
		if _, ok := l.signed[g.ID][r]; !ok {
			gaps = append(gaps, Gap{What: g.ID, Why: "not signed by " + r + ": " + g.Title})
		}
	}
	return gaps
}

// reached is the furthest state all of whose gates, and those before, are passed.
func (c Change) reached(l live) State {
	at := Planned
	if !l.approved {
		return at
	}
	for _, s := range order[1:] {
		for _, g := range c.Gates {
			if g.To == s && !l.passed(g) {
				return at
			}
		}
		at = s
	}
	return at
}

// State returns how far our own approvals have brought c; Deferred while a
// deferral is granted. It says nothing of what happened: see Facts.
func (c Change) State() State {
	if c.Schema == 0 {
		return ""
	}
	l := c.live()
	for _, a := range l.granted {
		if a.Ask != nil && a.Ask.Kind == Defer {
			return Deferred
		}
	}
	return c.reached(l)
}

// Missing lists everything that keeps c from the state to; none when it is there.
func (c Change) Missing(to State) []Gap {
	l := c.live()
	var gaps []Gap
	seen := map[Gap]bool{}
	for _, g := range c.Gates {
		if place(g.To) <= place(to) && !l.passed(g) {
			for _, gap := range c.open(l, g) {
				if !seen[gap] {
					gaps = append(gaps, gap)
				}
				seen[gap] = true
			}
		}
	}
	return gaps
}

// Late are the exceptions whose due date is past at at: evidence that was
// postponed and is not shown, and a deferral whose release did not come. The
// least recent comes first.
func (c Change) Late(at time.Time) []Exception {
	l := c.live()
	all := c.late(l)
	for _, a := range l.granted {
		if a.Ask.Kind == Defer {
			all = append(all, *a.Ask)
		}
	}
	all = slices.DeleteFunc(all, func(e Exception) bool { return !at.After(e.Due) })
	slices.SortFunc(all, func(a, b Exception) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Name(), b.Name())) })
	return all
}

// Facts are what was recorded to have happened, the earliest first.
func (c Change) Facts() []Happened {
	var out []Happened
	for _, s := range c.Steps {
		if s.Happened != nil {
			out = append(out, *s.Happened)
		}
	}
	slices.SortStableFunc(out, func(a, b Happened) int { return a.When.Compare(b.When) })
	return out
}

// Unapproved are the facts that our approvals have not caught up with: it was
// distributed, say, and the release is not approved. Nothing hides them.
func (c Change) Unapproved() []Happened {
	have := c.reached(c.live())
	return slices.DeleteFunc(c.Facts(), func(h Happened) bool { return place(h.State) <= place(have) })
}

// Citations are the sources of the gates and of the outcomes that were
// determined, each once.
func (c Change) Citations() []rule.Citation {
	var out []rule.Citation
	add := func(x rule.Citation) {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	for _, g := range c.Gates {
		add(g.Citation)
	}
	for _, s := range c.Steps {
		if s.Regulatory != nil {
			if o, ok := outcome(c.Outcomes, s.Regulatory.Market, s.Regulatory.Outcome); ok {
				add(o.Citation)
			}
		}
	}
	return out
}

// String returns the change in one line.
func (c Change) String() string {
	text := fmt.Sprintf("%s: %s, %s", c.Key(), c.Remedy.Kind, c.State())
	if n := len(c.Unapproved()); n > 0 {
		text += fmt.Sprintf(", %d happened without approval", n)
	}
	return text
}

// CumulativeSince returns the keys of the changes of product that were approved
// for release after since and are not c, for the list of a [Regulatory]. It does
// not say which of them count.
func CumulativeSince(c Change, since time.Time, all ...Change) []string {
	var out []string
	for _, o := range all {
		if o.Product == c.Product && o.Key() != c.Key() && o.releasedAt().After(since) {
			out = append(out, o.Key())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// releasedAt is when the last signature of the release came; zero while it is
// not released.
func (c Change) releasedAt() time.Time {
	again := c
	var at time.Time
	for i, s := range c.Steps {
		again.Steps = c.Steps[:i+1]
		if place(again.State()) >= place(Released) {
			if at.IsZero() {
				at = s.At
			}
		} else {
			at = time.Time{}
		}
	}
	return at
}

// Unserved lists the versions in the field that no change answers, by a remedy or
// by a granted deferral. versions says which version a device.Product is in;
// a product that it does not know is told too.
func Unserved(versions map[string]string, fielded []device.Fielded, changes ...Change) []Gap {
	var gaps []Gap
	tallies := device.Tallies(fielded...)
	for _, product := range slices.Sorted(maps.Keys(tallies)) {
		t := tallies[product]
		if t.Sites == 0 {
			continue
		}
		count := fmt.Sprintf("%d units at %d sites, %d of them without a count", t.Units, t.Sites, t.Unknown)
		v, known := versions[product]
		if !known {
			gaps = append(gaps, Gap{What: product, Why: "which version it is in is not known: " + count})
		} else if !slices.ContainsFunc(changes, func(c Change) bool { return c.Branch == v }) {
			gaps = append(gaps, Gap{What: v, Why: "no change and no deferral is for this branch: " + count})
		}
	}
	return gaps
}
