package main

import (
	"cmp"
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

func document(w io.Writer, r report) error {
	d := match.NewDocument()
	for _, l := range r.looked {
		if l.err != nil {
			d.AddError(l.file, l.err)
		} else {
			d.Add(l.file, l.bom, l.result)
		}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
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
				switch d := i.Ruling; {
				case d != nil && d.Reopened != "":
					why = "REOPENED: " + d.Reopened + "; " + why
				case d != nil:
					why = fmt.Sprintf("HIDDEN, %s by %s: %s; %s", cmp.Or(string(d.Status), "suppressed"), d.Author, d.Reason, why)
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", file, i.Component.Name, i.Component.Version,
					strings.Join(texts(f.IDs), " "), strings.Join(i.Sources(), " "), why)
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
		if len(l.result.Coverage) == 0 {
			components = len(l.bom.Components) // no source that says what is affected
		}
		fmt.Fprintf(w, "\n%s: %d of %d components evaluated, %d findings, %d undecided\n",
			l.file, evaluated, components, len(l.result.Findings), len(l.result.Undecided))
		if len(l.result.Coverage) == 0 {
			fmt.Fprintln(w, "  no feed was given that says what is affected: nothing could be evaluated")
		}
		for _, q := range l.result.Questions() {
			fmt.Fprintf(w, "  asked (%s) of %s, on which %d vulnerabilities hang: %s\n", q.Ask, q.Component.Name, len(q.IDs), q.Why)
		}
		for source, n := range l.result.Mute {
			fmt.Fprintf(w, "  %d records of %s state nothing that can be compared: only their words were searched\n", n, source)
		}
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
