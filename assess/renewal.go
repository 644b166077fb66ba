package assess

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/store"
)

// A Renewal says that a control on which a judgment counts was verified anew. It
// changes nothing of what was judged, and keeps the judgment from lapsing.
type Renewal struct {
	Step
	// Control is the control as it then was, with its new verification.
	Control device.Control `json:"control"`
}

// A LapsedError says that a judgment counts on a control that is not verified any
// more: it is shown anew (see Assessment.Renew), or judged anew without it.
type LapsedError struct {
	Finding string
	Why     string
}

// Error names the finding and the control.
func (e *LapsedError) Error() string {
	return fmt.Sprintf("assess: %q counts on a control that is not in force: %s", e.Finding, e.Why)
}

// relied are the grounds on which a counts: those of the environment, then the
// controls of an override, then what a triage that says not affected rests on.
func (a Assessment) relied() []Ground {
	var out []Ground
	if x := a.Exploitability; x != nil && x.Environment != nil {
		out = append(out, x.Environment.Grounds...)
	}
	control := func(c device.Control) { out = append(out, Ground{Name: c.ID, Control: &c}) }
	if d := a.Determination; d != nil {
		for _, c := range d.Controls {
			control(c)
		}
	}
	if t := a.Triage; t != nil {
		if t.Network != "" {
			out = append(out, Ground{Name: device.NetworkControl, Network: t.Network})
		}
		for _, c := range t.Controls {
			control(c)
		}
	}
	return out
}

// Lapsed returns a *LapsedError when a counts on a control whose verification, as
// far as a knows it, is not in force at the given instant; else nil.
func (a Assessment) Lapsed(at time.Time) error {
	if why := a.lapse(at); why != "" {
		return &LapsedError{Finding: a.Finding, Why: why}
	}
	return nil
}

// lapse says why a lapsed, or nothing.
func (a Assessment) lapse(at time.Time) string {
	for _, g := range a.relied() {
		if g.Control == nil {
			continue
		}
		if ok, why := a.newest(*g.Control, at).InForce(at); !ok {
			return why
		}
	}
	return ""
}

// newest is c as it was verified last, as far as was recorded by at.
func (a Assessment) newest(c device.Control, at time.Time) device.Control {
	for _, r := range a.Renewed {
		if r.Control.ID == c.ID && !r.At.After(at) && r.Control.Expires.After(c.Expires) {
			c = r.Control
		}
	}
	return c
}

// Renew returns a with the controls that d says were verified anew, and are in
// force at s.At. A control that now does something else, or is kept by another
// party, is not the one that was counted on. Nothing to renew is an error.
func (a Assessment) Renew(d device.Deployment, s Step) (Assessment, error) {
	s, err := s.check("renewal")
	if err != nil {
		return a, err
	}
	kept := slices.Clone(a.Renewed)
	for _, g := range a.relied() {
		if g.Control == nil {
			continue
		}
		had := a.newest(*g.Control, s.At)
		i := slices.IndexFunc(d.Controls, func(c device.Control) bool {
			return c.ID == had.ID && c.What == had.What && c.Operator == had.Operator && c.Expires.After(had.Expires)
		})
		if i < 0 {
			continue
		}
		c := d.Controls[i]
		c.At, c.Expires = micro(c.At), micro(c.Expires)
		if ok, _ := c.InForce(s.At); ok {
			kept = append(kept, Renewal{Step: s, Control: c})
		}
	}
	if len(kept) == len(a.Renewed) {
		return a, fmt.Errorf("assess: renewal: no control on which %q counts was verified anew", a.Finding)
	}
	a.Renewed = kept
	return a, nil
}

// checkRenewed says what is wrong in the renewals of a.
func (a Assessment) checkRenewed() error {
	var errs []error
	for i, r := range a.Renewed {
		if _, err := r.Step.check("renewal"); err != nil {
			errs = append(errs, err)
		}
		if ok, why := r.Control.InForce(r.At); !ok {
			errs = append(errs, fmt.Errorf("assess: renewal %d: %s", i+1, why))
		}
		if !slices.ContainsFunc(a.relied(), func(g Ground) bool {
			return g.Control != nil && g.Control.ID == r.Control.ID && g.Control.What == r.Control.What && g.Control.Operator == r.Control.Operator
		}) {
			errs = append(errs, fmt.Errorf("assess: renewal %d: %q is no control on which %q counts", i+1, r.Control.ID, a.Finding))
		}
	}
	return errors.Join(errs...)
}

// RenewAll renews, in one act of by, what the deployment of p says was verified anew
// of the controls on which judgments of p count. It returns the keys of those.
func RenewAll(ctx context.Context, l *store.Ledger, by store.By, p device.Product) ([]string, error) {
	var done []string
	err := l.Do(ctx, by, func(tx *store.Tx) error {
		done = nil
		for a, err := range Assessments.All(ctx, l, productPrefix(p.ID)) {
			if err != nil {
				return err
			}
			s := Step{By: by.Who, At: tx.At(), Why: "a control was verified anew"}
			if _, err := a.Renew(p.Deployment, s); err != nil {
				continue
			}
			now, err := Assessments.Get(tx, a.Key())
			if err != nil {
				return err
			}
			again, err := now.Renew(p.Deployment, s)
			if err != nil {
				continue // it was changed meanwhile
			}
			if _, err := Assessments.PutIfChanged(tx, again); err != nil {
				return err
			}
			done = append(done, a.Key())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

// productPrefix begins the keys of all assessments of one product.
func productPrefix(product string) string {
	return strings.TrimSuffix(match.Key(product, "", ""), " ")
}
