package patch

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/internal/canon"
	"github.com/open-postmarket/postmarket/store"
)

// Changes is the drawer of the ledger that holds them.
const Changes store.Kind[Change] = "patch.change"

// ChangeSchema is the version of the shape in which a Change is begun. One of
// version 1 has a key without its remedy, and keeps it.
const ChangeSchema = 2

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
	// Schema is the version of the shape in which it was begun.
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
	// Supersedes are the keys of the changes of this branch whose place it takes:
	// those of an earlier plan, when a decision was opened again. A control that
	// goes before a patch is not superseded by it.
	Supersedes []string `json:"supersedes,omitempty"`
	// Steps are what was done, in the order in which it was recorded.
	Steps []Step `json:"steps,omitempty"`
}

// Key returns the finding, the branch, the kind of the remedy, and what tells the
// remedy and its plan from others: "… @2.1 patch 0f3a…". So a control, the patch
// after it and the patch of the next plan are changes of their own.
func (c Change) Key() string {
	if c.Schema == 1 {
		return c.where()
	}
	text, err := json.Marshal(c.Remedy)
	if err != nil {
		text = []byte(err.Error()) // a year that JSON cannot write; wrong says so
	}
	sum := canon.Sum("postmarket change 2", func(w *canon.Writer) { w.Text(c.Plan); w.Bytes(text) })
	return fmt.Sprintf("%s %s %s", c.where(), c.Remedy.Kind, hex.EncodeToString(sum[:8]))
}

// where is the finding and the branch.
func (c Change) where() string { return c.Finding + " @" + c.Branch }

// SchemaVersion is the version that the ledger keeps with each entry.
func (c Change) SchemaVersion() int { return ChangeSchema }

// Upcast reads a change of version 1, which goes on under the key it has.
func (c *Change) Upcast(version int, body []byte) error {
	if err := json.Unmarshal(body, c); err != nil {
		return err
	}
	if version != 1 || c.Schema != 1 {
		return fmt.Errorf("patch: change of version %d in an entry of version %d", c.Schema, version)
	}
	return nil
}

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

// A Proof is evidence for one need. The digest is required, since a link alone says
// nothing of what stands there; neither may stand for another need already.
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

// A Signoff approves a gate in a role. Whether who signs has that role is for the
// ledger's Authorize.
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
// is DefaultGates. superseded are changes of the same finding and branch whose place
// it takes.
func Begin(p Plan, remedy int, branch string, markets []string, g *Gates, by string, at time.Time, superseded ...Change) (Change, error) {
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
		Schema: ChangeSchema, Finding: p.Finding, Branch: branch, Product: p.Product, Plan: content, Class: p.Class, Response: p.Response,
		Remedy: p.Remedies[remedy], Markets: slices.Clone(markets), Outcomes: g.Outcomes(), Begun: Proposed{By: by, At: instant(at)},
	}
	c.Gates = g.of(c.Remedy.Kind)
	for _, old := range superseded {
		if old.where() != c.where() {
			return Change{}, fmt.Errorf("patch: change %q: it does not take the place of %q, which is of another finding or branch", c.Key(), old.Key())
		}
		c.Supersedes = append(c.Supersedes, old.Key())
	}
	slices.Sort(c.Supersedes)
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
	if c.Schema != 1 && c.Schema != ChangeSchema || blank(c.Finding) || blank(c.Plan) || !c.Class.Valid() || c.Begun.At.IsZero() {
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
	if !slices.IsSorted(c.Supersedes) || len(slices.Compact(slices.Clone(c.Supersedes))) != len(c.Supersedes) || slices.Contains(c.Supersedes, c.Key()) || slices.ContainsFunc(c.Supersedes, blank) {
		fail("what it supersedes is not in order, named twice, or itself")
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
		if again, err = again.do(s, c.Schema < ChangeSchema); err != nil {
			return fmt.Errorf("patch: change %q: step %d: %w", c.Key(), i+1, err)
		}
	}
	return nil
}
