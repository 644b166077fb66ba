package patch

import (
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/rule"
)

// A Policy is what the maker has laid down for all plans.
type Policy struct {
	// Calendar is the one that days are counted by. Required.
	Calendar rule.Calendar
	// Rules hold fda-pm-30 and fda-pm-60. Nil means rule.Default.
	Rules *rule.Book
	// Duties are the duties of each class. Nil means DefaultDuties.
	Duties []Duty
	// Matrix is the one that assessments are judged by. Nil means
	// assess.DefaultMatrix.
	Matrix *assess.Matrix
	// Responses say how fast a finding is answered. Nil means
	// assess.DefaultResponses.
	Responses *assess.Responses
	// Cycle is the maker's regular cycle; nil is none set, which is an open gap
	// and never a number of ours.
	Cycle *Cycle
	// Owner is who has to act on the clocks; empty is nobody yet.
	Owner string
}

// A Cycle is the maker's own regular cycle of releases. Section 524B(b)(2)(A)
// asks for a reasonably justified one and gives no number of days.
type Cycle struct {
	// First is the first release day and Every the days from one to the next; or
	// Dates are the release days. One of the two.
	First rule.Date   `json:"first,omitzero"`
	Every int         `json:"every_days,omitempty"`
	Dates []rule.Date `json:"dates,omitempty"`
	// Justification says why the cycle is as long as it is; ProposedBy who set it
	// and Approved who approved it. Required.
	Justification string          `json:"justification"`
	ProposedBy    string          `json:"proposed_by"`
	Approved      assess.Approval `json:"approved"`
}
