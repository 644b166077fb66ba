package patch

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/internal/canon"
	"github.com/open-postmarket/postmarket/store"
)

// Corrections returns what has to be decided under 21 CFR 806, as the ledger has it at
// at: every remedy of a risk that is not controlled, so that none is missed because
// nobody listed it. Whether it is reported is for a person to decide.
//
//   - A change is one, under its key. Initiated is when it first went out: by our
//     approvals, by what was recorded to have happened, by a ring that was opened or a
//     report of a release that carries it. It is zero, so that the decision cannot be
//     filed, while it is only begun; one that is superseded by then is none.
//   - A remedy of an approved plan that can be had (AvailableFrom) and is under no
//     change control is one too, since then.
//
// They come by id. What is wrong in one record is an error.
func Corrections(ctx context.Context, l *store.Ledger, at time.Time) ([]assess.Correction, error) {
	var changes []Change
	for c, err := range Changes.All(ctx, l, "") {
		if err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	plans := map[string]Plan{}
	for p, err := range Plans.All(ctx, l, "") {
		if err != nil {
			return nil, err
		}
		plans[p.Finding] = p
	}
	out, err := wentOut(ctx, l, at)
	if err != nil {
		return nil, err
	}
	var list []assess.Correction
	add := func(id, finding, where string, r Remedy, initiated time.Time) {
		list = append(list, assess.Correction{
			Schema: assess.CorrectionSchema, ID: id, Finding: finding, What: fmt.Sprintf("%s%s: %s", r.Kind, where, r.Text), Initiated: initiated,
		})
	}
	now := standing(changes)
	under := func(finding string, r Remedy) bool {
		return slices.ContainsFunc(changes, func(c Change) bool { return c.Finding == finding && c.Remedy.Kind == r.Kind && c.Remedy.Text == r.Text })
	}
	for _, c := range changes {
		if !c.Class.open() && !plans[c.Finding].Class.open() || c.Begun.At.After(at) {
			continue
		}
		when := earliest(out[c.Key()], c.outAt(at))
		if when.IsZero() && !slices.ContainsFunc(now, func(o Change) bool { return o.Key() == c.Key() }) {
			continue
		}
		add(c.Key(), c.Finding, " on "+c.Branch, c.Remedy, when)
	}
	for _, p := range plans {
		for _, r := range p.Remedies {
			if !p.Class.open() || p.Approved == nil || r.AvailableFrom.IsZero() || r.AvailableFrom.After(at) || under(p.Finding, r) {
				continue
			}
			text, err := json.Marshal(r)
			if err != nil {
				return nil, fmt.Errorf("patch: plan for %q: %w", p.Finding, err)
			}
			sum := canon.Sum("postmarket remedy 1", func(w *canon.Writer) { w.Bytes(text) })
			add(fmt.Sprintf("%s %s %s", p.Finding, r.Kind, hex.EncodeToString(sum[:8])), p.Finding, "", r, r.AvailableFrom)
		}
	}
	slices.SortFunc(list, func(a, b assess.Correction) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// CorrectionIDs returns the ids of list, as assess.Undecided takes them.
func CorrectionIDs(list []assess.Correction) []string {
	ids := make([]string, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	return ids
}

// open reports whether plans of this class are of a risk that is not controlled.
func (c Class) open() bool { return c == OutOfCycle || c == Undetermined }

// earliest is the first instant that is not zero.
func earliest(all ...time.Time) time.Time {
	var out time.Time
	for _, t := range all {
		if !t.IsZero() && (out.IsZero() || t.Before(out)) {
			out = t
		}
	}
	return out
}

// outAt is when c first went out as it says itself, up to at; zero is not yet. A
// reopening takes nothing back.
func (c Change) outAt(at time.Time) time.Time {
	var when time.Time
	again := c
	for i, s := range c.Steps {
		if s.At.After(at) {
			break
		}
		again.Steps = c.Steps[:i+1]
		if h := s.Happened; h != nil && place(h.State) >= place(Distributed) {
			when = earliest(when, h.When)
		}
		if place(again.reached(again.live())) >= place(Distributed) {
			when = earliest(when, s.At)
		}
	}
	return when
}

// wentOut says when the changes first went out with a release, up to at: when its
// first ring was opened, or the first report on it came.
func wentOut(ctx context.Context, l *store.Ledger, at time.Time) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	for r, err := range Releases.All(ctx, l, "") {
		if err != nil {
			return nil, err
		}
		var when time.Time
		for o, err := range Rollouts.All(ctx, l, r.Key()) {
			if err != nil {
				return nil, err
			}
			for _, s := range o.Steps {
				if o.Release == r.Key() && s.Open != "" && !s.At.After(at) {
					when = earliest(when, s.At)
				}
			}
		}
		for one, err := range Reports.All(ctx, l, r.Key()+" ") {
			if err != nil {
				return nil, err
			}
			if one.Release == r.Key() && !one.At.After(at) {
				when = earliest(when, one.At)
			}
		}
		for _, key := range r.Changes {
			out[key] = earliest(out[key], when)
		}
	}
	return out, nil
}
