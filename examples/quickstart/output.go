package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

const advisoryID = "EXAMPLE-2026-0001"

// advise drafts one advisory about all that was judged, signs it off as a
// demonstration, and writes what the gate lets out. What an earlier run wrote is
// taken away first: it may no longer be so.
func (r *run) advise() error {
	stem := filepath.Join(r.out, "advisory", strings.TrimSuffix(csaf.Filename(advisoryID), ".json"))
	for _, ext := range []string{".json", ".html", ".md"} {
		if err := os.Remove(stem + ext); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	in := r.input()
	if len(in.Assessments) == 0 {
		r.say("  nothing was judged: no advisory")
		return nil
	}
	policy, err := advisory.DefaultPolicy()
	if err != nil {
		return err
	}
	in.Needs = policy.Needs(in.Kind)
	a, err := r.draft(in)
	if err != nil {
		return err
	}
	if a, err = r.sign(a); err != nil {
		return err
	}
	by := store.By{Who: release, Why: "signed off (DEMONSTRATION)"}
	released, err := advisory.Release(r.ctx, r.program.Ledger(), by, tlp.LabelsOnly, a, tlp.Customer, r.now())
	if err != nil {
		return err
	}
	for _, f := range released.Files {
		if err := r.write(filepath.Join("advisory", f.Name), f.Bytes); err != nil {
			return err
		}
	}
	return nil
}

// draft is the advisory as it was kept, signed off or not, if in still says the
// same; else a new draft, after the revisions that were issued.
func (r *run) draft(in advisory.Input) (advisory.Advisory, error) {
	l := r.program.Ledger()
	kept, _, err := advisory.Advisories.Latest(r.ctx, l, in.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return kept, err
	}
	if last := len(kept.Revisions) - 1; last >= 0 {
		in.Earlier, in.Change = kept.Revisions[:last], kept.Revisions[last].Summary
		if again, err := advisory.Draft(in, kept.Proposed.At); err == nil && again.Digest() == kept.Digest() {
			return kept, nil
		}
		if kept.Status == advisory.StatusFinal {
			in.Earlier = kept.Revisions
		}
		if len(in.Earlier) > 0 {
			in.Change = "What is known or planned has changed since the revision before."
		}
	}
	a, err := advisory.Draft(in, r.now())
	if err != nil {
		return a, err
	}
	return a, advisory.Save(r.ctx, l, store.By{Who: editor, Why: "drafted"}, a)
}

// sign has each role of the policy that has not signed yet do so.
func (r *run) sign(a advisory.Advisory) (advisory.Advisory, error) {
	for _, role := range a.Missing() {
		who, ok := map[string]string{"product security": security, "product safety": safety}[role]
		if !ok {
			return a, fmt.Errorf("nobody signs as %s", role)
		}
		var err error
		if a, err = a.SignOff(advisory.SignOff{
			By: who, Role: role, At: r.now(), Why: "a demonstration of the sign-off", Demonstration: true,
		}); err != nil {
			return a, err
		}
		if err := advisory.Save(r.ctx, r.program.Ledger(), store.By{Who: who, Why: "signed off (DEMONSTRATION)"}, a); err != nil {
			return a, err
		}
	}
	return a, nil
}

// input gathers what the judged findings say. Plans that are not approved are
// nobody's to promise.
func (r *run) input() advisory.Input {
	in := advisory.Input{
		ID: advisoryID, Kind: advisory.SecurityNotice, Lang: "en", By: editor,
		Maker: advisory.Maker{Name: product().Manufacturer, Namespace: "https://example.com"},
		Mark:  tlp.Marked(tlp.Clear, "maker"), Products: []device.Product{r.device},
		NoFleet: "This is a demonstration with one device, in the version that was judged.",
		Texts: advisory.Texts{
			Title:        "TLS library of the example bedside therapy device (DEMONSTRATION)",
			Summary:      "The device uses wolfSSL 4.8.1, which has known vulnerabilities. Those judged so far are told here, with what to do now.",
			Availability: "Device software 2.2 is being built; it will be offered to every customer when it is tested.",
			Next:         advisory.Next{Text: "When version 2.2 can be had, or within 30 days, whichever comes first."},
			Contact:      "security@example.com",
			Reporting:    advisory.MedWatch,
			Notice: &advisory.Notice{
				Impact:   "Therapy settings can be changed by somebody on the device's network; a patient could receive too much or too little therapy.",
				Efforts:  "We are working to take this risk away as fast as can be done safely.",
				Controls: "Let only the clinicians' stations reach the settings port, and compare settings with the prescription at every check.",
				Fix:      "Device software 2.2 with a corrected library is being built; we will tell every customer when it can be had.",
			},
		},
	}
	all := judgments()
	uncontrolled := false
	for i, a := range r.assessments {
		j, judged := all[a.Vulnerability]
		if !judged {
			continue
		}
		uncontrolled = uncontrolled || a.Risk() == assess.Uncontrolled
		in.Assessments = append(in.Assessments, a)
		for _, f := range r.result.Findings {
			if f.Key() == a.Finding {
				in.Findings = append(in.Findings, f)
			}
		}
		if i < len(r.plans) && r.plans[i].Approved != nil {
			in.Plans = append(in.Plans, r.plans[i])
		}
		in.Vulnerabilities = append(in.Vulnerabilities, advisory.VulnerabilityText{
			ID: a.Vulnerability, Title: j.title, Description: j.description, CWE: j.cwe,
		})
	}
	if !uncontrolled {
		in.Notice = nil
	}
	return in
}

// findings is findings.json: the shape that scan prints, and what was not found.
type findings struct {
	*match.Document
	Rejected []rejected   `json:"rejected"`
	Leads    []match.Lead `json:"leads"`
}

type rejected struct {
	Component match.Component `json:"component"`
	IDs       []feeds.ID      `json:"ids"`
	Why       string          `json:"why"`
}

// judged is one entry of assessments.json.
type judged struct {
	Assessment assess.Assessment `json:"assessment"`
	Plan       patch.Plan        `json:"plan"`
}

// finish verifies the ledger against a checkpoint of itself, and writes all files
// but the advisory.
func (r *run) finish() error {
	l := r.program.Ledger()
	head, err := l.Checkpoint(r.ctx)
	if err != nil {
		return err
	}
	if err := l.Verify(r.ctx, head); err != nil {
		return err
	}
	r.say("  %d entries, each sealed to the one before; head %s", head.Seq, head)
	doc := findings{Document: match.NewDocument(), Rejected: []rejected{}, Leads: append([]match.Lead{}, r.result.Leads...)}
	doc.Add("device.cdx.json", r.bom, r.result)
	for _, c := range r.result.Rejected {
		doc.Rejected = append(doc.Rejected, rejected{c.Component, c.IDs, c.Why + " (" + c.Leaf + ")"})
	}
	if err := r.writeJSON("findings.json", doc); err != nil {
		return err
	}
	list := []judged{}
	for i, a := range r.assessments {
		list = append(list, judged{a, r.plans[i]})
	}
	if err := r.writeJSON("assessments.json", list); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(r.out, "ledger.jsonl"))
	if err != nil {
		return err
	}
	return errors.Join(l.Export(r.ctx, f), f.Close())
}

func (r *run) writeJSON(name string, v any) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	return r.write(name, []byte(b.String()))
}

func (r *run) write(name string, data []byte) error {
	path := filepath.Join(r.out, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// summary prints what a reader wants to know first: what is uncontrolled and what
// was done about it, what may stay, what is open, how it came to that, and what was
// not looked at.
func (r *run) summary() error {
	r.say("\nFound:")
	for _, first := range []assess.Risk{assess.Uncontrolled, assess.Controlled, ""} {
		for i, a := range r.assessments {
			if a.Risk() != first {
				continue
			}
			if err := r.found(a, r.plans[i]); err != nil {
				return err
			}
		}
	}
	if err := r.spread(); err != nil {
		return err
	}
	if err := r.tell(); err != nil {
		return err
	}
	r.unseen()
	r.say("\nWritten to %s: findings.json, assessments.json, advisory/, evidence/, summary/, ledger.jsonl", r.out)
	return nil
}

// found prints one finding: what it means here, and what follows.
func (r *run) found(a assess.Assessment, p patch.Plan) error {
	r.say("  %s on %s %s", a.Vulnerability, a.Facts.Components[0].Name, a.Facts.Components[0].Version)
	if a.Score == nil {
		r.say("    not judged yet; FDA's marks run from the day it was learned")
		r.say("    %s", p)
		return nil
	}
	r.say("    score on this device %.1f (%s), exploitability %s, harm %s: %s", a.Score.Base, a.Score.Vector, a.Exploitability.Level, a.Impact.Harm, strings.ToUpper(string(a.Risk())))
	if e := a.Exploitability.Environment; e != nil {
		for _, g := range e.Grounds {
			if c := g.Control; c != nil {
				r.say("    assumed: %s; kept by the %s, verified on %s by %s, until %s", c.What, c.Operator, c.At.Format(time.DateOnly), c.Verification, c.Expires.Format(time.DateOnly))
			}
		}
	}
	if a.Risk() == assess.Uncontrolled {
		if err := r.sites(a); err != nil {
			return err
		}
	}
	r.say("    %s", p)
	if acc := p.Acceptance; acc != nil {
		r.say("    left as it is until %s: %s", acc.Review, acc.Justification)
		for _, why := range acc.Reopen {
			r.say("    opened again when %s", why)
		}
		for _, t := range a.Determination.Tripwires {
			r.say("    tripwire: %s makes it %s", t, strings.ToUpper(string(t.Risk)))
		}
	}
	for _, d := range p.Duties {
		r.say("    %s (%s, %s)", d.Text, d.Citation.Clause, d.Citation.Force)
	}
	for _, c := range p.Clocks {
		r.say("    by %s: %s (%s)", c.Day, c.Title, c.Label)
	}
	for _, g := range p.Gaps {
		r.say("    open: %s: %s", g.What, g.Why)
	}
	return nil
}

// spread prints how far what was released has come.
func (r *run) spread() error {
	looks, out, err := r.curve()
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	r.say("\nRollout of version 2.2 (the weeks it takes pass within this run):")
	for _, l := range looks {
		r.say("  %-20s %s", l.when+":", words(l.Total))
	}
	now := looks[len(looks)-1]
	for _, place := range out.Fleet {
		if c := now.Sites[place.Site]; c.Verified < c.Units {
			r.say("  still open at %s: %s; followed up every %d days after %s", place.Site, words(c), out.FollowUp, out.Day60.Format(time.DateOnly))
		}
	}
	return nil
}

// unseen prints what was rejected, and what was not looked at.
func (r *run) unseen() {
	r.say("\nLooked at and rejected:")
	for _, c := range r.result.Rejected {
		r.say("  %s on %s: %s (%s)", c.Vulnerability, c.Component.Name, c.Why, c.Leaf)
	}
	components, evaluated := r.result.Seen()
	r.say("\n%d of %d components could be evaluated. About the other %d nothing is known from these records:", evaluated, components, components-evaluated)
	reasons := map[string]int{}
	for _, c := range r.result.Coverage {
		if c.Verdict == match.NotEvaluable {
			reasons[c.Source+": "+c.Why]++
		}
	}
	var lines []string
	for reason, n := range reasons {
		lines = append(lines, fmt.Sprintf("  %3d by %s", n, reason))
	}
	slices.Sort(lines)
	r.say("%s", strings.Join(lines, "\n"))
	for _, l := range r.result.Leads {
		r.say("  lead: %s %s has the name of a product in the list of exploited vulnerabilities (%s); a person has to look", l.Component.Name, l.Component.Version, l.IDs[0])
	}
}
