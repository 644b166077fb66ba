package main

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
)

// sumUp writes the risk summary of each vulnerability that the ledger holds a
// judgment of, for an auditor.
func (r *run) sumUp() error {
	policy, err := policy()
	if err != nil {
		return err
	}
	r.summaries = map[feeds.ID]assess.Summary{}
	for id := range judgments() {
		s, err := assess.Summarize(r.ctx, r.program.Ledger(), nil, policy.Calendar, id, r.now())
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err == nil {
			s, err = patch.Complete(r.ctx, r.program.Ledger(), s)
		}
		if err != nil {
			return err
		}
		data, err := s.JSON()
		if err == nil {
			err = r.write(filepath.Join("summary", string(id)+".json"), data)
		}
		if err == nil {
			err = r.write(filepath.Join("summary", string(id)+".md"), []byte(s.Markdown()))
		}
		if err != nil {
			return err
		}
		r.summaries[id] = s
	}
	return nil
}

// An act is what one person did at once, as the ledger has it.
type act struct {
	store.Entry // the first of the act
	states      []string
}

// story is every act about one vulnerability, in order, read from the ledger alone:
// its judgment and plan, the changes, what was released, and how that spread.
func (r *run) story(id feeds.ID) ([]act, error) {
	names, err := r.records(id)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	var acts []act
	last := map[store.Name]string{}
	for e, err := range r.program.Ledger().Trail(r.ctx, 0, names...) {
		if err != nil {
			return nil, err
		}
		state, err := reached(e)
		if err != nil {
			return nil, err
		}
		if n := len(acts); n == 0 || acts[n-1].Act != e.Act {
			acts = append(acts, act{Entry: e})
		}
		if last[e.Name] != state {
			a := &acts[len(acts)-1]
			a.states = append(a.states, state)
		}
		last[e.Name] = state
	}
	return acts, nil
}

// records names the records of the ledger that are about id. Each is found by what
// an earlier one says: the finding, its changes, their release.
func (r *run) records(id feeds.ID) ([]store.Name, error) {
	l := r.program.Ledger()
	var names []store.Name
	add := func(kind, key string) { names = append(names, store.Name{Kind: kind, Key: key}) }
	changes, controls, products := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for a, err := range assess.Assessments.All(r.ctx, l, "") {
		if err != nil {
			return nil, err
		}
		if a.Vulnerability != id {
			continue
		}
		products[a.Product] = true
		for _, key := range append(slices.Clone(a.From), a.Finding) {
			add(string(assess.Assessments), key)
			add(string(patch.Plans), key)
			add(string(assess.Discretions), key)
		}
		for c, err := range patch.Changes.All(r.ctx, l, a.Finding+" @") {
			if err != nil {
				return nil, err
			}
			changes[c.Key()] = true
			add(string(patch.Changes), c.Key())
			add(string(assess.CorrectionDecisions), c.Key())
		}
		if x := a.Exploitability; x != nil && x.Environment != nil {
			for _, g := range x.Environment.Grounds {
				controls[a.Product+" "+g.Name] = true
			}
		}
	}
	for a, err := range device.Attestations.All(r.ctx, l, "") {
		if err != nil {
			return nil, err
		}
		if controls[a.Product+" "+a.Control] {
			add(string(device.Attestations), a.Key())
		}
	}
	if len(changes) == 0 {
		return names, nil
	}
	for f, err := range device.Counts.All(r.ctx, l, "") {
		if err != nil {
			return nil, err
		}
		if products[f.Product] {
			add(string(device.Counts), f.Key())
		}
	}
	for made, err := range patch.Releases.All(r.ctx, l, "") {
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(made.Changes, func(key string) bool { return changes[key] }) {
			continue
		}
		add(string(patch.Releases), made.Key())
		add(string(patch.Envelopes), "release "+made.Key())
		add(string(patch.Rollouts), made.Key())
		for one, err := range patch.Reports.All(r.ctx, l, made.Key()+" ") {
			if err != nil {
				return nil, err
			}
			add(string(patch.Reports), one.Key())
		}
		add(string(patch.Tables), "")
	}
	return names, nil
}

// reached says which state the record of e has from e on.
func reached(e store.Entry) (string, error) {
	switch e.Kind {
	case string(assess.Assessments):
		a, err := assess.Assessments.Decode(e)
		text := "assessment " + string(a.State())
		if err == nil && a.Risk() != "" {
			text += ": " + strings.ToUpper(string(a.Risk()))
		}
		return text, err
	case string(assess.Discretions):
		d, err := assess.Discretions.Decode(e)
		return fmt.Sprintf("%d of the conditions on record", len(d.Facts)), err
	case string(assess.CorrectionDecisions):
		c, err := assess.CorrectionDecisions.Decode(e)
		word := "justified"
		if c.Decided() {
			word = "decided"
		}
		return "correction " + word, err
	case string(patch.Plans):
		p, err := patch.Plans.Decode(e)
		return fmt.Sprintf("plan %s: %s", p.State(), p.Class), err
	case string(patch.Changes):
		c, err := patch.Changes.Decode(e)
		return fmt.Sprintf("%s %s", c.Remedy.Kind, c.State()), err
	case string(patch.Releases):
		made, err := patch.Releases.Decode(e)
		return fmt.Sprintf("release %s stated", made.Version), err
	case string(patch.Envelopes):
		s, err := patch.Envelopes.Decode(e)
		if err == nil {
			_, err = patch.OpenRelease(s.Envelope, trust())
		}
		return "release signed", err
	case string(patch.Rollouts):
		out, err := patch.Rollouts.Decode(e)
		return fmt.Sprintf("%s %s", out.State(), strings.Join(out.Opened(), ", ")), err
	case string(patch.Reports):
		one, err := patch.Reports.Decode(e)
		return fmt.Sprintf("%s %s", one.Unit, one.Uptake), err
	case string(device.Counts):
		f, err := device.Counts.Decode(e)
		units := "some"
		if f.Units != nil {
			units = fmt.Sprint(*f.Units)
		}
		return fmt.Sprintf("%s %s × %s", f.Site, units, f.Product), err
	case string(device.Attestations):
		a, err := device.Attestations.Decode(e)
		return fmt.Sprintf("%s %s %s", a.Site, a.Holds, a.Control), err
	}
	return "", nil
}

// tell prints the walk of each vulnerability that was judged, one act a line.
func (r *run) tell() error {
	for _, id := range slices.Sorted(maps.Keys(r.summaries)) {
		acts, err := r.story(id)
		if err != nil {
			return err
		}
		r.say("\nFrom the ledger: the walk of %s, %d acts (place, when, who: why → what that reached)", id, len(acts))
		for _, a := range acts {
			arrow := ""
			if text := strings.Trim(strings.Join(a.states, ", "), ", "); text != "" {
				arrow = " → " + text
			}
			r.say("  %4d  %s  %s: %s%s", a.Seq, a.At.Format("2006-01-02 15:04:05"), a.Who, a.Why, arrow)
		}
	}
	return nil
}
