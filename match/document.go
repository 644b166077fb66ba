package match

import (
	"slices"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
)

// A Document is the JSON form of what was found in one or more SBOM files: one
// row for every affected place, and one for every component and source.
type Document struct {
	SBOMs    []SBOMRow     `json:"sboms"`
	Findings []FindingRow  `json:"findings"`
	Coverage []CoverageRow `json:"coverage"`
	// Undecided are the questions that only a person can answer. A component with
	// one is not free of what it asks about.
	Undecided []UndecidedRow `json:"undecided"`
	// Mute counts, by source, the records that say nothing that can be compared.
	Mute map[string]int `json:"mute,omitempty"`
}

// UndecidedRow is a Candidate without an answer, with its file.
type UndecidedRow struct {
	SBOM string `json:"sbom"`
	Candidate
}

// SBOMRow is one file.
type SBOMRow struct {
	File string `json:"file"`
	// Components counts nested ones too, and the root not.
	Components int `json:"components"`
	// Error is why the file could not be read; empty when it could.
	Error string `json:"error"`
}

// FindingRow is one vulnerability on one component where it stands.
type FindingRow struct {
	SBOM      string      `json:"sbom"`
	Component Component   `json:"component"`
	IDs       []feeds.ID  `json:"ids"`
	Sources   []string    `json:"sources"`
	Evidence  EvidenceRow `json:"evidence"`
	// Ruling is what decisions say of it; absent when none is about it. A row that is
	// hidden is still a row.
	Ruling *Ruling `json:"ruling,omitempty"`
}

// EvidenceRow is what a FindingRow rests on.
type EvidenceRow struct {
	Vulnerability feeds.ID        `json:"vulnerability"`
	Coordinate    sbom.Coordinate `json:"coordinate"`
	Matches       []Evidence      `json:"matches"`
	// Against are the records that say otherwise.
	Against     []Against          `json:"against,omitempty"`
	Confidence  float64            `json:"confidence"`
	Parts       []sbom.Part        `json:"parts"`
	Fixed       []string           `json:"fixed,omitempty"`
	Scores      []Score            `json:"scores,omitempty"`
	Exploited   *feeds.Exploited   `json:"exploited,omitempty"`
	Probability *feeds.Probability `json:"probability,omitempty"`
	SSVC        *feeds.SSVC        `json:"ssvc,omitempty"`
}

// CoverageRow is a Coverage with its file.
type CoverageRow struct {
	SBOM string `json:"sbom"`
	Coverage
}

// NewDocument returns an empty Document, whose lists are empty and not null.
func NewDocument() *Document {
	return &Document{SBOMs: []SBOMRow{}, Findings: []FindingRow{}, Coverage: []CoverageRow{}, Undecided: []UndecidedRow{}}
}

// Add adds a file that was read and matched.
func (d *Document) Add(file string, bom sbom.BOM, r Result) {
	d.SBOMs = append(d.SBOMs, SBOMRow{File: file, Components: len(bom.Components)})
	for _, f := range r.Findings {
		for _, i := range f.Instances {
			confidence, parts := i.Confidence(nil)
			d.Findings = append(d.Findings, FindingRow{
				SBOM: file, Component: i.Component, IDs: f.IDs, Sources: i.Sources(), Ruling: i.Ruling,
				Evidence: EvidenceRow{
					Vulnerability: f.Vulnerability, Coordinate: f.Coordinate, Matches: i.Evidence, Against: i.Against, Confidence: confidence,
					Parts: parts, Fixed: f.Fixed(), Scores: f.Scores, Exploited: f.Exploited, Probability: f.Probability, SSVC: f.SSVC,
				},
			})
		}
	}
	for _, c := range r.Coverage {
		d.Coverage = append(d.Coverage, CoverageRow{file, c})
	}
	if len(r.Mute) > 0 {
		d.Mute = r.Mute
	}
	for _, c := range r.Undecided {
		d.Undecided = append(d.Undecided, UndecidedRow{file, c})
	}
}

// AddError adds a file that could not be read.
func (d *Document) AddError(file string, err error) {
	d.SBOMs = append(d.SBOMs, SBOMRow{File: file, Error: err.Error()})
}

// Sources lists the sources that say it of this very place, sorted.
func (i Instance) Sources() []string {
	var out []string
	for _, e := range i.Evidence {
		if !slices.Contains(out, e.Source) {
			out = append(out, e.Source)
		}
	}
	slices.Sort(out)
	return out
}
