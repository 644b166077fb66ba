package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
)

// report is what a run found.
type report struct {
	looked []looked
}

// looked is one SBOM.
type looked struct {
	file   string
	bom    sbom.BOM
	err    error
	result match.Result
}

// The document of -format json.
type (
	page struct {
		SBOMs    []sheet    `json:"sboms"`
		Findings []finding  `json:"findings"`
		Coverage []coverage `json:"coverage"`
	}
	sheet struct {
		File       string `json:"file"`
		Components int    `json:"components"` // nested ones too, the root not
		Error      string `json:"error"`
	}
	finding struct {
		SBOM      string          `json:"sbom"`
		Component match.Component `json:"component"`
		IDs       []feeds.ID      `json:"ids"`
		Sources   []string        `json:"sources"`
		Evidence  evidence        `json:"evidence"`
	}
	evidence struct {
		Vulnerability feeds.ID         `json:"vulnerability"`
		Coordinate    sbom.Coordinate  `json:"coordinate"`
		Matches       []match.Evidence `json:"matches"`
		Scores        []match.Score    `json:"scores,omitempty"`
		Exploited     *feeds.Exploited `json:"exploited,omitempty"`
	}
	coverage struct {
		SBOM      string          `json:"sbom"`
		Component match.Component `json:"component"`
		Source    string          `json:"source"`
		Verdict   match.Verdict   `json:"verdict"`
		Why       string          `json:"why"`
		Detail    string          `json:"detail,omitempty"`
	}
)

func document(w io.Writer, r report) error {
	p := page{SBOMs: []sheet{}, Findings: []finding{}, Coverage: []coverage{}}
	for _, l := range r.looked {
		s := sheet{File: l.file, Components: len(l.bom.Components)}
		if l.err != nil {
			s.Error = l.err.Error()
		}
		p.SBOMs = append(p.SBOMs, s)
		for _, f := range l.result.Findings {
			for _, i := range f.Instances {
				p.Findings = append(p.Findings, finding{
					SBOM: l.file, Component: i.Component, IDs: f.IDs, Sources: told(i),
					Evidence: evidence{f.Vulnerability, f.Coordinate, i.Evidence, f.Scores, f.Exploited},
				})
			}
		}
		for _, c := range l.result.Coverage {
			p.Coverage = append(p.Coverage, coverage{l.file, c.Component, c.Source, c.Verdict, c.Why, c.Detail})
		}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(p)
}

// told lists the sources that say it of this very place.
func told(i match.Instance) []string {
	var out []string
	for _, e := range i.Evidence {
		if !slices.Contains(out, e.Source) {
			out = append(out, e.Source)
		}
	}
	slices.Sort(out)
	return out
}

func table(w io.Writer, r report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SBOM\tCOMPONENT\tVERSION\tVULNERABILITY\tSOURCES\tWHY")
	for _, l := range r.looked {
		file := filepath.Base(l.file)
		for _, f := range l.result.Findings {
			for _, i := range f.Instances {
				why := i.Evidence[0].Leaf
				if f.Exploited != nil {
					why = "EXPLOITED; " + why
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", file, i.Component.Name, i.Component.Version,
					strings.Join(texts(f.IDs), " "), strings.Join(told(i), " "), why)
			}
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, l := range r.looked {
		if l.err != nil {
			fmt.Fprintf(w, "\n%s: not read: %v\n", l.file, l.err)
			continue
		}
		components, evaluated := l.result.Seen()
		fmt.Fprintf(w, "\n%s: %d of %d components evaluated, %d findings, %d undecided\n",
			l.file, evaluated, components, len(l.result.Findings), len(l.result.Undecided))
		for _, reason := range reasons(l.result) {
			fmt.Fprintf(w, "  %s\n", reason)
		}
		for _, lead := range l.result.Leads {
			fmt.Fprintf(w, "  lead: %s is named like the product of %s in %s: a person has to look\n",
				lead.Component.Name, strings.Join(texts(lead.IDs), " "), lead.Source)
		}
	}
	return nil
}

// reasons counts why components were not evaluated, by source.
func reasons(r match.Result) []string {
	count := map[string]int{}
	for _, c := range r.Coverage {
		if c.Verdict == match.NotEvaluable {
			count[c.Source+": "+c.Why]++
		}
	}
	var out []string
	for reason, n := range count {
		out = append(out, fmt.Sprintf("%d not evaluable by %s", n, reason))
	}
	slices.Sort(out)
	return out
}

func texts(ids []feeds.ID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}
