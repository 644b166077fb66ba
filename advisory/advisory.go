package advisory

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// Advisories is the drawer of the ledger that holds them. Write to it by Save.
const Advisories store.Kind[Advisory] = "advisory.advisory"

// Schema is the version of the shape in which an Advisory is written.
const Schema = 1

// Kind says what sort of communication it is. A person chooses it: a letter
// about an uncontrolled risk may be a recall communication or a field safety
// notice, and there is no default. The zero value is not said, which is an error.
type Kind string

// The kinds.
const (
	SecurityNotice    Kind = "security-notice"
	Correction        Kind = "806-correction"         // a correction under 21 CFR Part 806
	FieldSafetyNotice Kind = "eu-field-safety-notice" // under Regulation (EU) 2017/745
)

// Valid reports whether k is one of the kinds; the zero value is not.
func (k Kind) Valid() bool { return k == SecurityNotice || k == Correction || k == FieldSafetyNotice }

// Status says whether an Advisory was signed off. The zero value is not said.
type Status string

// The statuses.
const (
	StatusDraft Status = "draft"
	StatusFinal Status = "final"
)

// VersionStatus is what is known of one version of a device and one
// vulnerability, in the words of VEX. The zero value is not said and is never
// stored: a version of which nothing is known is under investigation.
type VersionStatus string

// The statuses of a version.
const (
	Affected           VersionStatus = "affected"
	NotAffected        VersionStatus = "not_affected"
	Fixed              VersionStatus = "fixed"
	UnderInvestigation VersionStatus = "under_investigation"
)

// An Advisory is one communication to customers. Draft makes it; every change
// returns a new value. It holds what a reader is told and the keys of what that
// rests on, not those things themselves. Its zero value is of no use.
type Advisory struct {
	// Schema is the version of this shape.
	Schema int `json:"schema"`
	// ID is the maker's own, the same through all revisions; key of the record.
	ID     string `json:"id"`
	Kind   Kind   `json:"kind"`
	Status Status `json:"status"`
	// Lang is the language of all texts, as BCP 47 names it; some English.
	Lang  string `json:"lang"`
	Maker Maker  `json:"maker"`
	// Mark says how far it may travel: the strictest of what the maker chose and
	// of all records it rests on.
	Mark tlp.Mark `json:"mark"`
	// Revisions are numbered from 1, oldest first; the last one is this.
	Revisions []Revision `json:"revisions"`
	// Versions are the device versions it speaks of.
	Versions []Version `json:"versions"`
	// NoFleet says why the versions do not come from the records of all devices in
	// the field; empty when they do, and in records of before it was asked.
	NoFleet string `json:"no_fleet,omitempty"`
	// Excluded are products of which it does not speak on purpose.
	Excluded []Exclusion `json:"excluded,omitempty"`
	// Vulnerabilities it speaks of, none twice.
	Vulnerabilities []Vulnerability `json:"vulnerabilities"`
	// Instructions say what each party does now.
	Instructions []Instruction `json:"instructions"`
	Remedies     []Remedy      `json:"remedies,omitempty"`
	Texts
	// Action is what it says of a correction in the field; nil for a letter that
	// says nothing of it.
	Action *FieldAction `json:"action,omitempty"`
	// Rules are those of its kind as it was drafted; nil for a kind that asks for
	// nothing, and in records of before there were any: then the default ones hold.
	Rules *KindRules `json:"rules,omitempty"`
	// Audience are those it is meant for; Release gives it to nobody else. Empty
	// leaves that to the gate alone.
	Audience []tlp.Audience `json:"audience,omitempty"`
	// Needs are the roles of which each has to sign off before it is released,
	// beside those that the policy of the Press demands for the Kind.
	Needs []string `json:"needs,omitempty"`
	// Eased is why this revision needs fewer roles, may go to more audiences or is
	// of another kind than the one before; empty is that it does not.
	Eased string `json:"eased,omitempty"`
	// Learned is when the maker learned of it, the earliest of all: it starts the
	// 30 days of the notice. Zero is not known.
	Learned time.Time `json:"learned,omitzero"`
	// TranslatedFrom is the text that this one translates; nil for an original.
	TranslatedFrom *Translation `json:"translated_from,omitempty"`
	// Withdrawn is set in a revision that takes all of it back.
	Withdrawn *Withdrawal `json:"withdrawn,omitempty"`
	// Rests are the records it was made from, sorted.
	Rests []Basis `json:"rests"`
	// Cites are further ones, for words of a person.
	Cites []Cite `json:"cites,omitempty"`
	// Proposed says who drafted it, and when.
	Proposed patch.Proposed `json:"proposed"`
	// SignOffs are by people other than who drafted it, oldest first.
	SignOffs []SignOff `json:"sign_offs,omitempty"`
}

// A Translation names the revision that was translated. Its ID is that of another
// advisory: each language has an id and revisions of its own.
type Translation struct {
	ID       string `json:"id"`
	Revision int    `json:"revision"`
	Lang     string `json:"lang"`
}

// A Withdrawal says why an advisory was taken back, and the id of the one that
// holds in its place, if there is one.
type Withdrawal struct {
	Why        string `json:"why"`
	ReplacedBy string `json:"replaced_by,omitempty"`
}

// A Maker is who speaks.
type Maker struct {
	Name string `json:"name"`
	// Namespace is an http(s) URL that is the maker's own; CSAF names publishers
	// by it.
	Namespace string `json:"namespace"`
	// Canonical is the https URL of the folder in which the maker publishes its CSAF
	// documents: each then refers to itself there (CSAF 2.0, 6.2.11). Empty is none.
	Canonical string `json:"canonical,omitempty"`
}

// Texts are the words of a person that stand for the advisory as a whole. Plain
// text: markup in them is shown as it is written. A blank line begins a new
// paragraph.
type Texts struct {
	Title   string `json:"title"`
	Summary string `json:"summary"`
	// Availability says whether there is a fix and how to get it. Required when
	// a version is affected.
	Availability string `json:"availability,omitempty"`
	// Next says when the next update of this advisory comes.
	Next Next `json:"next"`
	// Contact says how to reach the maker's support.
	Contact string `json:"contact"`
	// Reporting says how to report adverse events. See MedWatch and Vigilance.
	Reporting string `json:"reporting"`
	// Notice holds the four statements about an uncontrolled risk; required then.
	Notice  *Notice  `json:"notice,omitempty"`
	Credits []Credit `json:"credits,omitempty"`
}

// MedWatch is a suggestion of ours for Texts.Reporting in the United States. It
// is not text of FDA's; whoever uses it makes sure that it fits.
const MedWatch = "Report any adverse event or product problem to us at the contact given in this notice. In the United States, adverse events and quality problems may also be reported to FDA through its MedWatch program (https://www.fda.gov/medwatch)."

// Vigilance is a suggestion of ours for Texts.Reporting in the European Union. It is
// not text of any authority's; whoever uses it makes sure that it fits.
const Vigilance = "Report any incident or suspected incident with the device to us at the contact given in this notice, and where your Member State asks for it to its competent authority for medical devices."

// Next says when readers hear again. One of the two is required.
type Next struct {
	On   rule.Date `json:"on,omitzero"`
	Text string    `json:"text,omitempty"`
}

// A Notice holds what a communication about an uncontrolled risk says at the
// least within 30 days of learning (FDA, Postmarket Management of Cybersecurity
// in Medical Devices, 28 December 2016, VII.B; guidance). All are required.
type Notice struct {
	// Impact (a) describes the vulnerability with an impact assessment on current
	// understanding.
	Impact string `json:"impact"`
	// Efforts (b) states that efforts are under way to address the risk of
	// patient harm as fast as possible.
	Efforts string `json:"efforts"`
	// Controls (c) describes compensating controls, or says that there are none.
	Controls string `json:"controls"`
	// Fix (d) states that a fix or defense in depth is worked on and that its
	// availability will be communicated.
	Fix string `json:"fix"`
}

// A Credit thanks who found or reported it.
type Credit struct {
	Names        []string `json:"names,omitempty"`
	Organization string   `json:"organization,omitempty"`
	Summary      string   `json:"summary,omitempty"`
}

// A Revision is one issue of the advisory.
type Revision struct {
	Number int `json:"number"`
	// Date is when it was signed off; zero while it is a draft.
	Date    time.Time `json:"date,omitzero"`
	Summary string    `json:"summary"`
}

// A Version is one model of a device in one version.
type Version struct {
	// ID names it within the advisory.
	ID string `json:"id"`
	// Product is the key of its device.Product; empty for a version that only a
	// plan names.
	Product      string `json:"product,omitempty"`
	Name         string `json:"name"`
	Model        string `json:"model"`
	Version      string `json:"version"`
	Manufacturer string `json:"manufacturer"`
	UDIDI        string `json:"udi_di,omitempty"`
	// Stage is what the maker does for it, and Ended the day on which support
	// ended; empty is not said.
	Stage device.Stage `json:"stage,omitempty"`
	Ended string       `json:"ended,omitempty"`
}

// An Exclusion says why an advisory does not speak of a product that one would look
// for in it, such as that another advisory does. Readers are told. Product, the key of
// its device.Product, and Why are required.
type Exclusion struct {
	Product string `json:"product"`
	// Name is what readers are told. In an Input, empty takes that of the product.
	Name string `json:"name"`
	Why  string `json:"why"`
}

// A Vulnerability is what is said about one.
type Vulnerability struct {
	// ID is the CVE id, or the least id when there is none; IDs are all.
	ID  feeds.ID   `json:"id"`
	IDs []feeds.ID `json:"ids"`
	// Title, CWE and Exploitation may be empty; Description and ClinicalImpact
	// are required. All are in the maker's own words.
	Title       string `json:"title,omitempty"`
	Description string `json:"description"`
	CWE         string `json:"cwe,omitempty"`
	// ClinicalImpact says in plain words what could happen to the patient.
	ClinicalImpact string `json:"clinical_impact"`
	// Exploitation says what is known beyond Exploited.
	Exploitation string `json:"exploitation,omitempty"`
	// Exploited is set when a loaded source lists it as exploited in the wild.
	Exploited *feeds.Exploited `json:"exploited,omitempty"`
	// Published are the scores that others gave.
	Published []PublishedScore `json:"published,omitempty"`
	// Rated is the highest rating among the scores of others when it was drafted; empty
	// in records of before it was kept.
	Rated cvss.Severity `json:"rated,omitempty"`
	// Dispositions has one for each of the advisory's versions, in that order.
	Dispositions []Disposition `json:"dispositions"`
}

// A PublishedScore is a CVSS vector as its source published it.
type PublishedScore struct {
	Source string  `json:"source"`
	By     string  `json:"by,omitempty"` // who scored, if the source says
	Vector string  `json:"vector"`
	Base   float64 `json:"base,omitempty"` // 0: none was published
}

// A Disposition is the status of one version, and what was determined.
type Disposition struct {
	Version string        `json:"version"` // its ID
	Status  VersionStatus `json:"status"`
	// Risk is the worst that was determined and approved; empty is undetermined.
	Risk assess.Risk `json:"risk,omitempty"`
	// Score is the one derived for this device; nil when there is none.
	Score *Score `json:"score,omitempty"`
	// Justification is the VEX token of why it is not affected, and Why says so in
	// words; one of the two is required then.
	Justification string `json:"justification,omitempty"`
	Why           string `json:"why,omitempty"`
	// Class is the road of the plan; empty when there is no plan.
	Class patch.Class `json:"class,omitempty"`
	// StatedBy is who stated it when no assessment says it.
	StatedBy string `json:"stated_by,omitempty"`
	// Findings are the keys of the assessments it rests on.
	Findings []string `json:"findings,omitempty"`
	// From are the records that say it where no assessment of this version does: the
	// plan or the release of a fix, and what a statement cites. Empty in records of
	// before it was kept.
	From []Basis `json:"from,omitempty"`
}

// A Score is the CVSS base score of a vulnerability on this device, derived from
// answers about it and not published by others.
type Score struct {
	Vector cvss.Vector `json:"vector"`
	Base   float64     `json:"base"`
	// Extended are the rubric's answers behind it.
	Extended string `json:"extended,omitempty"`
	// Label must be shown wherever the score is.
	Label string `json:"label"`
}

// An Instruction is one thing that one party does now. A regulator receives and
// observes, and is no party.
type Instruction struct {
	Party patch.Party `json:"party"`
	Text  string      `json:"text"`
	// For are the vulnerabilities, Versions the IDs of the versions it is about;
	// empty is all.
	For      []feeds.ID `json:"for,omitempty"`
	Versions []string   `json:"versions,omitempty"`
}

// A Remedy is a fix or a control, from a plan or from who drafted.
type Remedy struct {
	Kind  patch.RemedyKind `json:"kind"`
	Party patch.Party      `json:"party"`
	Text  string           `json:"text"`
	// SideEffects says what it could break.
	SideEffects string `json:"side_effects,omitempty"`
	FixedIn     string `json:"fixed_in,omitempty"`
	// AvailableFrom is when it can be had, zero when that is not known. Available
	// says whether that was so when the advisory was drafted.
	AvailableFrom time.Time `json:"available_from,omitzero"`
	Available     bool      `json:"available,omitempty"`
	// For are the vulnerabilities, Versions the IDs of the versions it is for.
	For      []feeds.ID `json:"for"`
	Versions []string   `json:"versions"`
}

// A Basis is a record that the advisory rests on, as it was then.
type Basis struct {
	Kind   string `json:"kind"`
	Key    string `json:"key"`
	Digest string `json:"digest"` // SHA-256 of its JSON; of a finding, its own digest
}

// Key returns the ID.
func (a Advisory) Key() string { return a.ID }

// SchemaVersion is the version that the ledger keeps with each entry.
func (Advisory) SchemaVersion() int { return Schema }

// Demonstration reports whether any sign-off was made by an example.
func (a Advisory) Demonstration() bool {
	for _, s := range a.SignOffs {
		if s.Demonstration {
			return true
		}
	}
	return false
}

// Uncontrolled reports whether the risk of any version was determined so.
func (a Advisory) Uncontrolled() bool {
	for _, v := range a.Vulnerabilities {
		for _, d := range v.Dispositions {
			if d.Risk == assess.Uncontrolled {
				return true
			}
		}
	}
	return false
}

// Digest is the lower-case hex SHA-256 of everything but the sign-offs and what
// they set: the status and the date of the last revision. It is what is signed.
func (a Advisory) Digest() string {
	a.Status, a.SignOffs = "", nil
	if n := len(a.Revisions); n > 0 {
		a.Revisions = append([]Revision(nil), a.Revisions...)
		a.Revisions[n-1].Date = time.Time{}
	}
	return digest(a)
}

// revision is the present one, with the time that readers are told: that of the
// sign-off, or of the draft.
func (a Advisory) revision() Revision {
	if len(a.Revisions) == 0 {
		return Revision{Date: a.Proposed.At}
	}
	r := a.Revisions[len(a.Revisions)-1]
	if r.Date.IsZero() {
		r.Date = a.Proposed.At
	}
	return r
}

func (a Advisory) version(id string) Version {
	for _, v := range a.Versions {
		if v.ID == id {
			return v
		}
	}
	return Version{ID: id}
}

func (a Advisory) ids() []string {
	var ids []string
	for _, v := range a.Vulnerabilities {
		for _, id := range v.IDs {
			ids = append(ids, string(id))
		}
	}
	return ids
}

// with are the IDs of the versions that have one of these statuses.
func (v Vulnerability) with(of ...VersionStatus) []string {
	var ids []string
	for _, s := range of {
		for _, d := range v.Dispositions {
			if d.Status == s {
				ids = append(ids, d.Version)
			}
		}
	}
	return ids
}

// others are v's ids but the first.
func (v Vulnerability) others() []feeds.ID {
	var out []feeds.ID
	for _, id := range v.IDs {
		if id != v.ID {
			out = append(out, id)
		}
	}
	return out
}

// has reports whether v goes by id.
func (v Vulnerability) has(id feeds.ID) bool {
	for _, x := range v.IDs {
		if x == id {
			return true
		}
	}
	return v.ID == id
}

// digest hashes v's JSON, which for the types here cannot fail: an error would
// be a value that no ledger could hold either, and gives a digest of its own.
func digest(v any) string {
	body, err := json.Marshal(v)
	if err != nil {
		body = []byte(err.Error())
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
