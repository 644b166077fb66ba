package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/open-postmarket/postmarket"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/kev"
	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/feeds/osv"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/read"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/sqlite"
	"github.com/open-postmarket/postmarket/tlp"
)

// options are what a run works on.
type options struct {
	out, db string
	data    fs.FS
	now     func() time.Time
	print   io.Writer
}

// database is what both stores are.
type database interface {
	store.Driver
	store.Vault
	feeds.Mirror
}

// run is one walk under way.
type run struct {
	options
	ctx     context.Context
	program *postmarket.Program
	bom     sbom.BOM
	result  match.Result
	// assessments and plans are of the findings, in their order.
	assessments []assess.Assessment
	plans       []patch.Plan
}

func (r *run) say(format string, args ...any) { fmt.Fprintf(r.print, format+"\n", args...) }

// walk goes the whole way once.
func walk(ctx context.Context, o options) (err error) {
	r := &run{options: o, ctx: ctx}
	r.say("%s\n", fiction)
	var db database = memory.New()
	if o.db != "" {
		if db, err = sqlite.Open(o.db); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"reading the SBOM", r.read},
		{"opening the ledger", func() error { return r.open(db) }},
		{"looking for vulnerabilities", r.look},
		{"assessing what they mean for a patient", r.assess},
		{"planning", r.plan},
		{"drafting and signing off an advisory", r.advise},
		{"verifying and writing the ledger", r.finish},
	} {
		r.say("… %s", step.name)
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	r.summary()
	return nil
}

func (r *run) read() error {
	f, err := r.data.Open("device.cdx.json")
	if err != nil {
		return err
	}
	defer f.Close()
	if r.bom, err = read.Read(f, nil); err != nil {
		return fmt.Errorf("device.cdx.json: %w", err)
	}
	r.say("  %d components", len(r.bom.Components))
	return nil
}

func (r *run) open(db database) error {
	sub := func(name string) fs.FS {
		s, err := fs.Sub(r.data, name)
		if err != nil { // the names here are valid
			return r.data
		}
		return s
	}
	var err error
	r.program, err = postmarket.New(postmarket.Config{
		Store: db, Mirror: db, Vault: db, Gate: tlp.LabelsOnly, Now: r.now,
		Sources: []feeds.Source{
			kev.New(&kev.Options{FS: sub("kev")}), nvd.New(&nvd.Options{FS: sub("nvd")}), osv.New(&osv.Options{FS: sub("osv")}),
		},
		Notify: notify.Func(func(_ context.Context, m notify.Message) error {
			r.say("  notified: %s", m.Subject)
			return nil
		}),
	})
	if err != nil {
		return err
	}
	return r.program.Add(r.ctx, store.By{Who: quality, Why: "release 2.1 is in the field (invented)"}, product(), r.bom)
}

func (r *run) look() error {
	checked, err := r.program.Check(r.ctx)
	if err != nil {
		return err
	}
	for _, s := range checked.Sources {
		r.say("  %s: %d records", s.Source, s.Records)
	}
	r.result, err = r.program.Look(r.ctx, product().ID)
	return err
}

// assess walks the four steps of every finding that the setting judges. The
// others are opened and stay open: that stops no clock.
func (r *run) assess() error {
	all := judgments()
	for _, f := range r.result.Findings {
		kept, _, err := assess.Assessments.Latest(r.ctx, r.program.Ledger(), f.Key())
		switch {
		case err == nil && !kept.Stale(f):
			r.assessments = append(r.assessments, kept)
			continue
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return err
		}
		j, judged := all[f.Vulnerability]
		a, err := r.judge(f, j, judged, kept)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Vulnerability, err)
		}
		r.assessments = append(r.assessments, a)
	}
	return nil
}

// judge assesses one finding and keeps it: what is proposed under the name of
// who proposes, what is settled under the name of who settles.
func (r *run) judge(f match.Finding, j judgment, judged bool, kept assess.Assessment) (assess.Assessment, error) {
	at := r.now()
	step := func(by, why string, on ...assess.Evidence) assess.Step {
		return assess.Step{By: by, At: at, Why: why, Evidence: on}
	}
	// What the steps rest on: the deployment as the ledger has it, and a hazard
	// analysis that is invented.
	deployment := assess.Evidence{Text: "deployment facts of the product", Ref: store.Ref{System: "ledger", ID: "device.product/" + f.Product}}
	hazards := assess.Evidence{Text: "hazard analysis (invented)", Ref: store.Ref{System: "example-quality-system", ID: "HA-7"}}
	save := func(by, why string, a assess.Assessment) error {
		return assess.Save(r.ctx, r.program.Ledger(), store.By{Who: by, Why: why}, a)
	}
	a, err := assess.Open(f, time.Time{}, analyst, at)
	if kept.Finding != "" {
		a, err = kept.Reopen(f, step(analyst, "the evidence changed"))
	}
	if err != nil {
		return a, err
	}
	if !judged {
		return a, save(analyst, "opened; nobody has judged it yet", a)
	}
	for _, do := range []func(assess.Assessment) (assess.Assessment, error){
		func(a assess.Assessment) (assess.Assessment, error) {
			return a.WithTriage(assess.Triage{Step: step(analyst, j.triage, a.Facts.Records...), Result: assess.Affected})
		},
		func(a assess.Assessment) (assess.Assessment, error) {
			return a.WithExploitability(step(analyst, j.exploitability, deployment), j.answers, nil)
		},
		func(a assess.Assessment) (assess.Assessment, error) {
			return a.WithImpact(assess.Impact{Step: step(safety, j.safety, hazards), Harm: j.harm, Statement: j.impact})
		},
		func(a assess.Assessment) (assess.Assessment, error) {
			return a.WithScore(step(analyst, j.score, deployment), j.answers, nil)
		},
		func(a assess.Assessment) (assess.Assessment, error) {
			return a.Propose(nil, assess.Proposal{Step: step(analyst, "as the matrix says")})
		},
	} {
		if a, err = do(a); err != nil {
			return a, err
		}
	}
	if err := save(analyst, "four steps done, determination proposed", a); err != nil {
		return a, err
	}
	if a, err = a.Settle(assess.Approval{By: safety, At: at, Why: j.approval}); err != nil {
		return a, err
	}
	if j.leave != nil {
		leave := *j.leave
		leave.At = at
		if a, err = a.WithLeave(leave); err != nil {
			return a, err
		}
	}
	return a, save(safety, "determination approved (DEMONSTRATION)", a)
}

// plan proposes what follows from each assessment.
func (r *run) plan() error {
	policy, err := policy()
	if err != nil {
		return err
	}
	all := judgments()
	for _, a := range r.assessments {
		kept, _, err := patch.Plans.Latest(r.ctx, r.program.Ledger(), a.Key())
		switch {
		case err == nil && kept.Digest == a.Digest:
			r.plans = append(r.plans, kept)
			continue
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return err
		}
		p, err := r.propose(a, policy, all[a.Vulnerability])
		if err != nil {
			return fmt.Errorf("%s: %w", a.Vulnerability, err)
		}
		r.plans = append(r.plans, p)
	}
	return nil
}

func (r *run) propose(a assess.Assessment, policy patch.Policy, j judgment) (patch.Plan, error) {
	at := r.now()
	p, err := patch.Propose(a, policy, engineer, at)
	if err != nil {
		return p, err
	}
	details := j.details
	if details.Acceptance != nil {
		accepted := *details.Acceptance
		accepted.Review = policy.Calendar.Date(at).Add(180)
		details.Acceptance = &accepted
	}
	if p, err = p.With(details); err != nil {
		return p, err
	}
	save := func(by, why string) error {
		return patch.Save(r.ctx, r.program.Ledger(), store.By{Who: by, Why: why}, p)
	}
	if err := save(engineer, "plan proposed"); err != nil || len(p.Gaps) > 0 || p.Class == patch.Undetermined {
		return p, err
	}
	if p, err = p.Approve(assess.Approval{By: quality, At: at, Why: "the plan fits the determination (invented)"}); err != nil {
		return p, err
	}
	return p, save(quality, "plan approved (DEMONSTRATION)")
}
