package assess

import (
	"time"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/rule"
)

// Risk is what is determined: FDA's two words (Postmarket Management of
// Cybersecurity in Medical Devices, IV and VI.C), or that the product is not
// affected, for which there is nothing to determine. The zero value is
// undetermined, which is a state and not a result.
type Risk string

// The results.
const (
	Controlled   Risk = "controlled"
	Uncontrolled Risk = "uncontrolled"
	// NoRisk is the result of a triage that says not affected, once approved. It
	// is ours; it is neither of FDA's two words.
	NoRisk Risk = "not-affected"
)

// A Verdict is what a matrix says of one pair of level and harm.
type Verdict struct {
	Exploitability Level `json:"exploitability"`
	Harm           Harm  `json:"harm"`
	Risk           Risk  `json:"risk"`
	// Justify marks a cell that is uncontrolled until a named approver documents
	// why it is not.
	Justify bool `json:"justify,omitempty"`
	// Matrix is the name of the matrix, Digest that of its file.
	Matrix   string        `json:"matrix"`
	Digest   string        `json:"digest"`
	Label    string        `json:"label"`
	Citation rule.Citation `json:"citation"`
}

// A Proposal proposes a determination.
type Proposal struct {
	Step
	// Risk is the proposed one; empty means what the matrix says.
	Risk Risk
	// Controls are the compensating controls of the deployment on which an override
	// downward rests, besides the grounds of step 2. Each must be in force; each falls
	// with the deployment, opens the determination again, and does not count at a site
	// that does not have it.
	Controls []device.Control
}

// A Determination is proposed by one person and has force once another one
// approved it.
type Determination struct {
	Risk Risk `json:"risk"`
	// Verdict is what the matrix said; nil when triage says not affected.
	Verdict *Verdict `json:"verdict,omitempty"`
	// Override is true when Risk is not what the matrix said.
	Override bool `json:"override,omitempty"`
	// Controls are those on which an override downward rests; empty is that it rests
	// on none.
	Controls []device.Control `json:"controls,omitempty"`
	// Tripwires are the smallest sets of changes that flip what the matrix said.
	// While the determination stands they are armed: see Changes and Tripped.
	Tripwires []Tripwire `json:"tripwires,omitempty"`
	// Proposed says who proposed it and why; for an override, why the matrix does
	// not hold.
	Proposed Step `json:"proposed"`
	// Approved is nil until it is settled.
	Approved *Approval `json:"approved,omitempty"`
	// Second is a further person, needed to override the matrix downward.
	Second *Approval `json:"second,omitempty"`
	// Ended says who gave the determination up, and why; nil while it stands.
	Ended *Step `json:"ended,omitempty"`
}

// An Approval is the named decision of one person on what another proposed. By,
// At and Why are required.
type Approval struct {
	By  string    `json:"by"`
	At  time.Time `json:"at"`
	Why string    `json:"why"`
	// Digest is that of what was approved, lower-case hex SHA-256. Who takes the
	// approval fills it in, so that nothing else can stand under it later.
	Digest string `json:"digest,omitempty"`
	// Identity says what is known of who By is. Not said becomes NotVerified.
	Identity Identity `json:"identity"`
}

// Identity says whether somebody made sure who an approver is. It is text that
// is shown with the approval.
type Identity string

// What can be known of an approver.
const (
	NotVerified Identity = "identity not verified by host"
	Verified    Identity = "identity verified by host" // the host's Authorize looked at the act
)

// Answer is what a person answered to a yes-or-no question. The zero value is
// not answered, which is an open gap and never a no.
type Answer string

// The answers.
const (
	Yes Answer = "yes"
	No  Answer = "no"
)

// Leave is a person's answer to whether a controlled risk is acceptable to
// leave as it is (section 524B(b)(2)(A): known unacceptable vulnerabilities are
// fixed on a regular cycle).
type Leave struct {
	Acceptable Answer    `json:"acceptable"`
	By         string    `json:"by"`
	Why        string    `json:"why"`
	At         time.Time `json:"at"`
}
