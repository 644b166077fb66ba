package assess

import (
	"time"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
)

// A Step says who did a step, when, why, and on what evidence. By, At and Why
// are required, and of the four steps the evidence too.
type Step struct {
	By       string     `json:"by"`
	At       time.Time  `json:"at"` // UTC, whole microseconds
	Why      string     `json:"why"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// Evidence is a piece of what a step rests on. Text or Ref is required.
type Evidence struct {
	// Text says in words what it shows.
	Text string `json:"text,omitempty"`
	// Ref points at it: a record of a source (System is the source's name, ID the
	// item), a record of the ledger (System "ledger", ID "kind/key"), or a
	// document of the host.
	Ref store.Ref `json:"ref,omitzero"`
	// Digest is that of the record or document as it was then; may be empty.
	Digest string `json:"digest,omitempty"`
}

// TriageResult says whether the product is affected. The zero value is not said.
type TriageResult string

// The triage results, named as the statuses of VEX are.
const (
	Affected           TriageResult = "affected"
	NotAffected        TriageResult = "not_affected"
	UnderInvestigation TriageResult = "under_investigation"
)

// Triage is step 1: is the product affected?
type Triage struct {
	Step
	Result TriageResult `json:"result"`
	// Justification is the VEX token of why it is not affected; required then,
	// and empty otherwise. One of the five of OpenVEX 0.2.0 and CSAF 2.0.
	Justification string `json:"justification,omitempty"`
	// Network and Controls are what of the deployment the result not affected rests
	// on: a network no wider than that, and controls that are in force. Each falls
	// with the deployment, and opens the result again. Empty is that it rests on
	// nothing of the deployment.
	Network  device.Network   `json:"network,omitempty"`
	Controls []device.Control `json:"controls,omitempty"`
}

// Level is a level of exploitability. The zero value is not said.
type Level string

// The levels, the lowest first.
const (
	Low    Level = "low"
	Medium Level = "medium"
	High   Level = "high"
)

// Exploitability is step 2: how readily can it be exploited on this product?
type Exploitability struct {
	Step
	// Extended are the rubric's answers; Vector is derived from them and
	// Subscore is its exploitability subscore, not rounded.
	Extended string      `json:"extended"`
	Vector   cvss.Vector `json:"vector"`
	Subscore float64     `json:"subscore"`
	// Band is the level that the subscore gives; Level the one that counts: the
	// highest of the band, which is that of Environment where the deployment was
	// judged, and all Raises. Nothing lowers a raise.
	Band   Level   `json:"band"`
	Raises []Raise `json:"raises,omitempty"`
	Level  Level   `json:"level"`
	// Derived says in words how the level came about.
	Derived string `json:"derived"`
	// Bands cites where the limits of the bands come from; Matrix is the digest
	// of the matrix that has them.
	Bands  rule.Citation `json:"bands"`
	Matrix string        `json:"matrix"`
	// Environment is what the deployment takes away; nil when it was not judged,
	// and then nothing is taken away.
	Environment *Environment `json:"environment,omitempty"`
}

// A Raise lifts the level of exploitability to at least To.
type Raise struct {
	To  Level  `json:"to"`
	Why string `json:"why"`
}

// Harm is the severity of harm to the patient if it is exploited: that of the
// hazards of the device. The zero value is not said.
type Harm = device.Harm

// The levels of harm, the least first.
const (
	Negligible   = device.Negligible
	Minor        = device.Minor
	Serious      = device.Serious
	Critical     = device.Critical
	Catastrophic = device.Catastrophic
)

// Impact is step 3: what would happen to the patient?
type Impact struct {
	Step
	Harm Harm `json:"harm"`
	// Statement says it in plain words, as it may stand in an advisory.
	Statement string `json:"statement"`
	// Functions are the names of those that it reaches, Hazards the ids of the
	// hazards that hang on them; see WithHazards. Harm is never less than theirs.
	Functions []string `json:"functions,omitempty"`
	Hazards   []Hazard `json:"hazards,omitempty"`
	// Security says what it does to confidentiality, integrity and availability,
	// which is no patient harm by itself (FDA 2016, IV.F); empty is not said.
	Security string `json:"security,omitempty"`
	// Lines answer the horizontal question, for every product line, and Parts the
	// vertical one, for the other parts of the device (FDA 2016, X.B.v).
	Lines []Answered `json:"lines,omitempty"`
	Parts []Answered `json:"parts,omitempty"`
}

// A Hazard is one of the risk file as it was when it was relied on.
type Hazard = device.Hazard

// Answered says whether one product line or one part of the device is affected.
type Answered struct {
	// What is the id of the line or the name of the part.
	What   string       `json:"what"`
	Result TriageResult `json:"result"`
	Why    string       `json:"why"`
}

// Score is step 4: the rubric's answers, the vector they give, and the
// published ones beside it for comparison.
type Score struct {
	Step
	Extended string      `json:"extended"`
	Vector   cvss.Vector `json:"vector"`
	Base     float64     `json:"base"`
	// Severity is the qualitative rating of Base.
	Severity cvss.Severity `json:"severity"`
	// Open are the questions answered Unknown: scored as the worst, and to be
	// answered.
	Open []string `json:"open,omitempty"`
	// Label must be shown wherever the vector is.
	Label     string      `json:"label"`
	Published []Published `json:"published,omitempty"`
	// Confirmed are the answers that were proposed by facts or by a published vector
	// and that a person confirmed; see WithConfirmed. The others the step's author gave.
	Confirmed []rubric.Confirmed `json:"confirmed,omitempty"`
}

// Published is a published score held against ours.
type Published struct {
	match.Score
	// Differ are the base metrics that differ from ours, in the order of the
	// vector; nil when none does. Compared is false when the published vector
	// could not be read or has metrics of another version.
	Compared bool     `json:"compared"`
	Differ   []string `json:"differ,omitempty"`
}
