package assess

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/store"
)

// Inconsistencies is the drawer of the ledger that holds them.
const Inconsistencies store.Kind[Inconsistency] = "assess.inconsistency"

// InconsistencySchema is the version of the shape in which one is written.
const InconsistencySchema = 1

// An Inconsistency is an item for a reviewer: the same flaw was judged in
// equivalent deployments, and not alike, across products or authors. It says
// nothing of who is right.
type Inconsistency struct {
	Schema        int      `json:"schema"`
	Vulnerability feeds.ID `json:"vulnerability"`
	// Deployment is the digest of what the deployments have in common.
	Deployment string `json:"deployment"`
	// Judged are the judgments, by key of their finding; Differ says in what they
	// differ: "risk", "exploitability", "harm".
	Judged []Judged `json:"judged"`
	Differ []string `json:"differ"`
	// Reviewed is the decision of a reviewer who is the author of none of them; nil
	// while it is open.
	Reviewed *Approval `json:"reviewed,omitempty"`
	// Ended is when the judgments were found alike again; zero while they differ.
	Ended time.Time `json:"ended,omitzero"`
}

// Judged is one judgment of an Inconsistency.
type Judged struct {
	Finding        string `json:"finding"`
	Product        string `json:"product,omitempty"`
	By             string `json:"by"` // who proposed it
	Risk           Risk   `json:"risk"`
	Exploitability Level  `json:"exploitability,omitempty"`
	Harm           Harm   `json:"harm,omitempty"`
	// Digest is that of what was judged, as its approvals hold it.
	Digest string    `json:"digest"`
	At     time.Time `json:"at"`
}

// Key returns the vulnerability and the digest of the deployment.
func (i Inconsistency) Key() string { return string(i.Vulnerability) + " " + i.Deployment }

// SchemaVersion is the version that the ledger keeps with each entry.
func (i Inconsistency) SchemaVersion() int { return InconsistencySchema }

// Compare holds determinations that stand against each other and returns those
// that differ although the flaw is the same and the deployments are equivalent,
// by key. A flaw is the same under any of its ids, and two CVE ids are never one. The
// deployment of an assessment is that of its environment, else that of
// its product in deployments; one without either is not compared. What makes
// deployments equivalent is our own convention: see Environment.Deployment.
func Compare(list []Assessment, deployments map[string]device.Deployment) []Inconsistency {
	type group struct {
		Inconsistency
		of []Assessment
	}
	var groups []group
	for _, a := range list {
		if a.State() != Determined {
			continue
		}
		var at string
		if x := a.Exploitability; x != nil && x.Environment != nil {
			at = x.Environment.Deployment
		} else if d, ok := deployments[a.Product]; ok {
			at = deploymentDigest(d)
		} else {
			continue
		}
		d := a.Determination
		one := Judged{Finding: a.Finding, Product: a.Product, By: d.Proposed.By, Risk: d.Risk, Digest: d.Approved.Digest, At: a.Instants.Determined}
		if d.Verdict != nil {
			one.Exploitability, one.Harm = d.Verdict.Exploitability, d.Verdict.Harm
		}
		i := slices.IndexFunc(groups, func(g group) bool {
			return g.Deployment == at && slices.ContainsFunc(g.of, func(o Assessment) bool { return o.shares(a.Vulnerability, a.IDs) })
		})
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{Inconsistency: Inconsistency{Schema: InconsistencySchema, Vulnerability: a.Vulnerability, Deployment: at}})
		}
		g := &groups[i]
		if v := a.Vulnerability; v.CVE() && !g.Vulnerability.CVE() || v.CVE() == g.Vulnerability.CVE() && v < g.Vulnerability {
			g.Vulnerability = v
		}
		g.Judged, g.of = append(g.Judged, one), append(g.of, a)
	}
	var out []Inconsistency
	for _, found := range groups {
		g := found.Inconsistency
		slices.SortFunc(g.Judged, func(x, y Judged) int { return cmp.Compare(x.Finding, y.Finding) })
		differs := func(same func(x, y Judged) bool) bool {
			return slices.ContainsFunc(g.Judged, func(j Judged) bool { return !same(g.Judged[0], j) })
		}
		if differs(func(x, y Judged) bool { return x.Risk == y.Risk }) {
			g.Differ = append(g.Differ, "risk")
		}
		if differs(func(x, y Judged) bool { return x.Exploitability == y.Exploitability }) {
			g.Differ = append(g.Differ, "exploitability")
		}
		if differs(func(x, y Judged) bool { return x.Harm == y.Harm }) {
			g.Differ = append(g.Differ, "harm")
		}
		if len(g.Differ) > 0 {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(x, y Inconsistency) int { return cmp.Compare(x.Key(), y.Key()) })
	return out
}

// Open reports whether i waits for a reviewer.
func (i Inconsistency) Open() bool { return i.Reviewed == nil && i.Ended.IsZero() }

// String says in one line what differs.
func (i Inconsistency) String() string {
	var all []string
	for _, j := range i.Judged {
		all = append(all, fmt.Sprintf("%s (%s, by %s)", j.Product, j.Risk, j.By))
	}
	return fmt.Sprintf("%s in equivalent deployments differs in %s: %s", i.Vulnerability, strings.Join(i.Differ, ", "), strings.Join(all, "; "))
}

// Review returns i with the decision of a reviewer, who is the author of none of
// the judgments. It changes none of them: one that is wrong is re-opened.
func (i Inconsistency) Review(p Approval) (Inconsistency, error) {
	var authors []string
	var last time.Time
	for _, j := range i.Judged {
		authors = append(authors, j.By)
		if j.At.After(last) {
			last = j.At
		}
	}
	p, err := p.Check("inconsistency", last, authors...)
	if err != nil {
		return i, err
	}
	what := i
	what.Reviewed, what.Ended = nil, time.Time{}
	if p.Digest, err = digest("postmarket inconsistency 1", what); err != nil {
		return i, err
	}
	i.Reviewed = &p
	return i, nil
}

// Check says what is wrong in i, all at once, or nil.
func (i Inconsistency) Check() error {
	var errs []error
	if i.Schema != InconsistencySchema || i.Vulnerability == "" || i.Deployment == "" || len(i.Judged) < 2 || len(i.Differ) == 0 {
		errs = append(errs, errors.New("assess: inconsistency: schema, vulnerability, deployment, judgments or what differs is missing"))
	}
	if i.Reviewed != nil {
		again, err := i.Review(*i.Reviewed)
		if err != nil {
			errs = append(errs, err)
		} else if again.Reviewed.Digest != i.Reviewed.Digest {
			errs = append(errs, fmt.Errorf("assess: inconsistency: %q reviewed another one", i.Reviewed.By))
		}
	}
	return errors.Join(errs...)
}

// SaveInconsistency keeps i in its drawer, in an act of its own, unless the same
// judgments are there already: what was reviewed stays so until one of them
// changes. Who reviews writes that himself.
func SaveInconsistency(ctx context.Context, l *store.Ledger, by store.By, i Inconsistency, refs ...store.Ref) error {
	if err := i.Check(); err != nil {
		return err
	}
	return l.Do(ctx, by, func(tx *store.Tx) error {
		_, err := i.put(tx, by, refs...)
		return err
	})
}

// put keeps i in the act tx of by, and reports whether that says anything new.
func (i Inconsistency) put(tx *store.Tx, by store.By, refs ...store.Ref) (bool, error) {
	before, err := Inconsistencies.Get(tx, i.Key())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	alike := same(before.Judged, i.Judged)
	if i.Reviewed == nil && alike && before.Ended.IsZero() && i.Ended.IsZero() {
		return false, nil
	}
	if r := i.Reviewed; r != nil && !same(r, before.Reviewed) {
		switch {
		case !alike:
			return false, fmt.Errorf("assess: inconsistency %q is reviewed, and not in the ledger as it is: %w", i.Key(), ErrNotProposed)
		case r.By != by.Who:
			return false, fmt.Errorf("assess: inconsistency %q: reviewed by %q and is written by %q", i.Key(), r.By, by.Who)
		case r.At.After(tx.At()):
			return false, fmt.Errorf("assess: inconsistency %q tells of %s, which is after it is written", i.Key(), r.At.Format(time.RFC3339))
		}
	}
	return Inconsistencies.PutIfChanged(tx, i, refs...)
}

// Reconcile holds all determinations of l against each other, as [Compare] does
// with the deployments of the products that l holds, and keeps in one act of by what
// differs anew and, with Ended, what no longer does. also, if not nil, is called in
// the act with what differs anew, so that reviewers can be told in it. It returns
// that.
func Reconcile(ctx context.Context, l *store.Ledger, by store.By, also func(*store.Tx, []Inconsistency) error) ([]Inconsistency, error) {
	var list []Assessment
	for a, err := range Assessments.All(ctx, l, "") {
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	deployments := map[string]device.Deployment{}
	for p, err := range device.Products.All(ctx, l, "") {
		if err != nil {
			return nil, err
		}
		deployments[p.ID] = p.Deployment
	}
	differ := Compare(list, deployments)
	var ended []Inconsistency
	for i, err := range Inconsistencies.All(ctx, l, "") {
		if err != nil {
			return nil, err
		}
		if i.Ended.IsZero() && !slices.ContainsFunc(differ, func(d Inconsistency) bool { return d.Key() == i.Key() }) {
			ended = append(ended, i)
		}
	}
	if len(differ)+len(ended) == 0 {
		return nil, nil
	}
	var fresh []Inconsistency
	err := l.Do(ctx, by, func(tx *store.Tx) error {
		fresh = nil
		for _, i := range differ {
			wrote, err := i.put(tx, by)
			if err != nil {
				return err
			}
			if wrote {
				fresh = append(fresh, i)
			}
		}
		for _, i := range ended {
			now, err := Inconsistencies.Get(tx, i.Key())
			if err != nil {
				return err
			}
			if !same(now, i) {
				continue // it was changed meanwhile; the next call sees it
			}
			now.Ended = tx.At()
			if _, err := now.put(tx, by); err != nil {
				return err
			}
		}
		if also == nil || len(fresh) == 0 {
			return nil
		}
		return also(tx, fresh)
	})
	if err != nil {
		return nil, err
	}
	return fresh, nil
}
