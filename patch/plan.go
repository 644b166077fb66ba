package patch

import (
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
)

// Plans is the drawer of the ledger that holds them.
const Plans store.Kind[Plan] = "patch.plan"

// Schema is the version of the shape in which a Plan is written.
const Schema = 1

// Class says which road a plan takes. The zero value is not said.
type Class string

// The classes.
const (
	// OutOfCycle is for an uncontrolled risk: as soon as possible.
	OutOfCycle Class = "out-of-cycle"
	// RegularCycle is for a controlled risk that is not acceptable to leave, or
	// of which nobody has said yet whether it is.
	RegularCycle Class = "regular-cycle"
	// NoChange is for a controlled risk that is acceptable to leave.
	NoChange Class = "no-change"
	// Undetermined is no road: the risk is not determined, and FDA's marks run
	// meanwhile.
	Undetermined Class = "undetermined"
)

// A Plan is what will be done about one finding. Propose makes it; every change
// returns a new value. Its zero value is of no use.
type Plan struct {
	// Schema is the version of this shape.
	Schema int `json:"schema"`
	// Finding is the key of the match.Finding, of its assess.Assessment, and of
	// this record.
	Finding string `json:"finding"`
	Product string `json:"product,omitempty"`
	// Vulnerability and IDs are those of the assessment, as text.
	Vulnerability string   `json:"vulnerability"`
	IDs           []string `json:"ids"`
	// Digest is that of the evidence that was assessed.
	Digest string `json:"digest"`
	Class  Class  `json:"class"`
	// Risk is that of the assessment; empty is undetermined.
	Risk assess.Risk `json:"risk,omitempty"`
	// Why says how the class follows.
	Why string `json:"why"`
	// Response is how fast it is answered, as the assessment said when the plan
	// was proposed (assess.Response), and ResponseWhy says why. Empty in plans
	// from before it was kept.
	Response    assess.Class `json:"response,omitempty"`
	ResponseWhy string       `json:"response_why,omitempty"`

	// Duties are what the law or a guidance asks of this class, with its source.
	Duties []Duty `json:"duties"`
	// Clocks are FDA's 30- and 60-day marks. A controlled finding never has any.
	Clocks []rule.Clock `json:"clocks,omitempty"`
	// Zone is the maker's, by whose calendar days are counted.
	Zone string `json:"zone"`
	// Due is when the regular cycle has its next release, the end of Day in Zone,
	// UTC; zero for every other class, and while no cycle is set.
	Due time.Time `json:"due,omitzero"`
	Day rule.Date `json:"day,omitzero"`
	// Cycle is the one that Due was read from.
	Cycle *Cycle `json:"cycle,omitempty"`
	// Unanswered says that nobody has answered whether a controlled risk is
	// acceptable to leave; it is planned as if it is not.
	Unanswered bool `json:"unanswered,omitempty"`

	Remedies []Remedy `json:"remedies,omitempty"`
	Actions  []Action `json:"actions,omitempty"`
	// Acceptance is needed for NoChange, and nil otherwise.
	Acceptance *Acceptance `json:"acceptance,omitempty"`

	// Gaps are what is still open. A plan with gaps cannot be approved.
	Gaps []Gap `json:"gaps,omitempty"`
	// Notes are what a reader should know and nobody has to do anything about.
	Notes []string `json:"notes,omitempty"`

	Proposed Proposed `json:"proposed"`
	// Approved is nil until it is.
	Approved *assess.Approval `json:"approved,omitempty"`
}

// Key returns the finding's key.
func (p Plan) Key() string { return p.Finding }

// SchemaVersion is the version that the ledger keeps with each entry.
func (p Plan) SchemaVersion() int { return Schema }

// Proposed says who proposed a plan, and when.
type Proposed struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// A Gap is something that only a person can close.
type Gap struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// A Duty is what a rule without a number asks for.
type Duty struct {
	Class Class  `json:"class"`
	Text  string `json:"text"`
	// Label must be shown wherever the duty is; empty only for what binds.
	Label    string        `json:"label,omitempty"`
	Citation rule.Citation `json:"citation"`
}

// Party is who does something. A regulator receives and observes, and is no
// party. The zero value is not said.
type Party = device.Party

// The parties.
const (
	Manufacturer = device.Manufacturer
	Facility     = device.HealthSite
	User         = device.Operator
)

// An Action is one thing that one party does.
type Action struct {
	Party Party  `json:"party"`
	Text  string `json:"text"`
}

// RemedyKind says what sort of remedy it is. The zero value is not said.
type RemedyKind string

// The kinds.
const (
	Patch RemedyKind = "patch"
	// CompensatingControl is outside the device's design and employed by a user
	// in place of a designed-in control (FDA postmarket guidance IV.A).
	CompensatingControl RemedyKind = "compensating-control"
	FeatureDisable      RemedyKind = "feature-disable"
	Workaround          RemedyKind = "workaround"
)

// A Remedy is something that takes risk away.
type Remedy struct {
	Kind RemedyKind `json:"kind"`
	Text string     `json:"text"`
	// Party is who carries it out.
	Party Party `json:"party"`
	// FixedIn is the device version that has it; empty when it is not bound to
	// one. Required for a patch.
	FixedIn string `json:"fixed_in,omitempty"`
	// AvailableFrom is when it can be had; zero is not known yet.
	AvailableFrom time.Time `json:"available_from,omitzero"`
	// Risks are those that the remedy itself brings, in words; none is not said,
	// and change control asks for them ("none found" is an answer).
	Risks []string `json:"risks,omitempty"`
}

// An Acceptance says why nothing is changed, and when that is looked at again.
// All fields are required.
type Acceptance struct {
	Justification string `json:"justification"`
	// Review is the day by which it is looked at again.
	Review rule.Date `json:"review,omitzero"`
	// Reopen are the conditions under which it is looked at before that.
	Reopen []string `json:"reopen"`
}
