package patch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/store"
)

// Complete returns s, which is of assess.Summarize, with what is done about the
// vulnerability as of s.At: for each product its plan, the changes with who signed
// what, the releases and how far they have come in the field, each with the entries of
// the ledger that hold it.
//
//	s, err := assess.Summarize(ctx, l, nil, cal, "CVE-2022-25640", at)
//	s, err = patch.Complete(ctx, l, s)
func Complete(ctx context.Context, l *store.Ledger, s assess.Summary) (assess.Summary, error) {
	s.Products = slices.Clone(s.Products)
	begun, err := Corrections(ctx, l, s.At)
	if err != nil {
		return s, err
	}
	for i := range s.Products {
		one := &s.Products[i]
		one.Sections = slices.Clone(one.Sections)
		w := sections{ctx: ctx, l: l, at: s.At}
		for _, do := range []func(string) error{w.plan, w.changes} {
			if err := do(one.Finding); err != nil {
				return s, fmt.Errorf("patch: summary of %q: %w", one.Finding, err)
			}
		}
		for _, c := range begun {
			if c.Finding == one.Finding && len(assess.Undecided([]string{c.ID}, one.Corrections)) > 0 {
				w.gap(&w.out[0], "whether it is reported under 21 CFR Part 806 is not decided of: %s", c.What)
			}
		}
		for _, section := range w.out {
			if len(section.Lines)+len(section.Gaps) > 0 {
				one.Sections = append(one.Sections, section)
			}
		}
	}
	return s, nil
}

// sections are written for one finding.
type sections struct {
	ctx context.Context
	l   *store.Ledger
	at  time.Time
	out []assess.Section
}

func (w *sections) section(title string) *assess.Section {
	w.out = append(w.out, assess.Section{Title: title})
	return &w.out[len(w.out)-1]
}

func (w *sections) say(s *assess.Section, format string, args ...any) {
	s.Lines = append(s.Lines, fmt.Sprintf(format, args...))
}

func (w *sections) gap(s *assess.Section, format string, args ...any) {
	s.Gaps = append(s.Gaps, fmt.Sprintf(format, args...))
}

// entries adds every entry of a record to s.
func (w *sections) entries(s *assess.Section, kind, key string) error {
	for e, err := range w.l.Trail(w.ctx, 0, store.Name{Kind: kind, Key: key}) {
		if err != nil {
			return err
		}
		s.Records = append(s.Records, assess.Of(e))
	}
	return nil
}

func (w *sections) plan(finding string) error {
	s := w.section("Plan")
	p, _, err := Plans.Latest(w.ctx, w.l, finding)
	if errors.Is(err, store.ErrNotFound) {
		w.gap(s, "nothing is planned")
		return nil
	}
	if err != nil {
		return err
	}
	w.say(s, "%s: %s", p.Class, p.Why)
	who := fmt.Sprintf("proposed by %s on %s", p.Proposed.By, p.Proposed.At.Format(time.RFC3339))
	if a := p.Approved; a != nil {
		who += fmt.Sprintf("; approved by %s on %s: %s (%s)", a.By, a.At.Format(time.RFC3339), a.Why, a.Identity)
	} else {
		w.gap(s, "the plan is not approved")
	}
	w.say(s, "%s", who)
	for _, c := range p.Clocks {
		as := ""
		if p.Class == Undetermined {
			as = "as if it were uncontrolled, since nothing is determined: "
		}
		w.say(s, "%s%s: by the end of %s in %s (%s)", as, c.Title, c.Day, c.Zone, c.Label)
	}
	if !p.Due.IsZero() {
		w.say(s, "next release of the regular cycle: %s in %s", p.Day, p.Zone)
	}
	for _, r := range p.Remedies {
		line := fmt.Sprintf("%s by the %s: %s", r.Kind, r.Party, r.Text)
		if r.FixedIn != "" {
			line += fmt.Sprintf(" In version %s.", r.FixedIn)
		}
		if len(r.Risks) > 0 {
			line += " Risks it brings: " + strings.TrimSuffix(strings.Join(r.Risks, "; "), ".") + "."
		}
		w.say(s, "%s", line)
	}
	if a := p.Acceptance; a != nil {
		w.say(s, "left as it is: %s To be looked at again by %s, or when: %s", a.Justification, a.Review, strings.Join(a.Reopen, "; "))
	}
	for _, a := range p.Actions {
		s.Actions = append(s.Actions, assess.Action(a))
	}
	for _, g := range p.Gaps {
		w.gap(s, "plan: %s: %s", g.What, g.Why)
	}
	return w.entries(s, string(Plans), finding)
}

func (w *sections) changes(finding string) error {
	s := w.section("Changes")
	keys := map[string]bool{}
	for c, err := range Changes.All(w.ctx, w.l, finding+" @") {
		if err != nil {
			return err
		}
		keys[c.Key()] = true
		w.change(s, c)
		if err := w.entries(s, string(Changes), c.Key()); err != nil {
			return err
		}
	}
	if len(keys) == 0 {
		return nil
	}
	s = w.section("Releases and how far they have come")
	for r, err := range Releases.All(w.ctx, w.l, "") {
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(r.Changes, func(k string) bool { return keys[k] }) {
			continue
		}
		if err := w.release(s, r); err != nil {
			return err
		}
	}
	return nil
}

func (w *sections) change(s *assess.Section, c Change) {
	w.say(s, "%s, %s; on version %s, for %s: %s", c.Remedy.Kind, strings.TrimSuffix(c.Remedy.Text, "."), c.Branch, strings.Join(c.Markets, ", "), c.State())
	l := c.live()
	for _, g := range c.Gates {
		var signed []string
		for _, role := range slices.Sorted(maps.Keys(l.signed[g.ID])) {
			signed = append(signed, fmt.Sprintf("%s (%s)", l.signed[g.ID][role], role))
		}
		if len(signed) > 0 {
			w.say(s, "%s, gate %s: signed by %s", c.Remedy.Kind, g.ID, strings.Join(signed, ", "))
		}
	}
	for _, market := range slices.Sorted(maps.Keys(l.regulatory)) {
		r := l.regulatory[market]
		w.say(s, "%s, %s: %s determined %q: %s", c.Remedy.Kind, market, r.By, r.Regulatory.Outcome, r.Regulatory.Rationale)
	}
	for _, name := range slices.Sorted(maps.Keys(l.granted)) {
		a := l.granted[name]
		w.say(s, "%s, exception %q asked for by %s: %s", c.Remedy.Kind, name, a.By, a.Why)
	}
	for _, e := range c.Late(w.at) {
		w.gap(s, "%s: %s was due on %s", c.Remedy.Kind, e.Name(), e.Due.Format(time.DateOnly))
	}
	for _, h := range c.Unapproved() {
		w.gap(s, "%s: %q happened on %s without our approval: %s", c.Remedy.Kind, h.State, h.When.Format(time.DateOnly), h.How)
	}
}

func (w *sections) release(s *assess.Section, r Release) error {
	line := fmt.Sprintf("version %s (sequence %d of %s)", r.Version, r.Sequence, r.Product)
	switch e, _, err := Envelopes.Latest(w.ctx, w.l, "release "+r.Key()); {
	case err == nil:
		line += fmt.Sprintf(", signed by %d of %d trusted keys; %d needed", len(e.Envelope.Signatures), len(e.Keys), e.Threshold)
		if err := w.entries(s, string(Envelopes), "release "+r.Key()); err != nil {
			return err
		}
	case errors.Is(err, store.ErrNotFound):
		w.gap(s, "version %s is not signed", r.Version)
	default:
		return err
	}
	w.say(s, "%s", line)
	if err := w.entries(s, string(Releases), r.Key()); err != nil {
		return err
	}
	o, _, err := Rollouts.Latest(w.ctx, w.l, r.Key())
	if errors.Is(err, store.ErrNotFound) {
		w.gap(s, "no rollout of version %s is planned", r.Version)
		return nil
	}
	if err != nil {
		return err
	}
	p, err := o.Tally(Reports.All(w.ctx, w.l, r.Key()+" "), w.at)
	if err != nil {
		return err
	}
	w.say(s, "rollout %s: %s", o.State(), p)
	if t := p.Total; t.Done() < t.Units || t.Uncounted > 0 {
		var open []string
		for _, site := range slices.SortedFunc(maps.Keys(p.Sites), cmp.Compare) {
			if c := p.Sites[site]; c.Done() < c.Units || c.Uncounted > 0 {
				open = append(open, fmt.Sprintf("%s (%d of %d)", site, c.Done(), c.Units))
			}
		}
		w.gap(s, "version %s has not reached every device: %d of %d have it; open at %s", r.Version, t.Done(), t.Units, strings.Join(open, ", "))
	}
	for _, c := range p.Conflicts {
		w.gap(s, "unit %s at %s: %s", c.Unit, strings.Join(c.Sites, ", "), c.Why)
	}
	return w.entries(s, string(Rollouts), r.Key())
}
