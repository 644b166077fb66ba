package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/open-postmarket/postmarket"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
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
	out   string
	store func() (database, error)
	data  fs.FS
	now   func() time.Time
	print io.Writer
}

// keep opens the SQLite file, or a store in memory when none is named.
func keep(file string) func() (database, error) {
	return func() (database, error) {
		if file == "" {
			return memory.New(), nil
		}
		return sqlite.Open(file)
	}
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
	mirror  feeds.Mirror
	device  device.Product
	bom     sbom.BOM
	result  match.Result
	// assessments and plans are of the findings, in their order.
	assessments []assess.Assessment
	plans       []patch.Plan
	// summaries are of the vulnerabilities that the ledger holds a judgment of.
	summaries map[feeds.ID]assess.Summary
}

func (r *run) say(format string, args ...any) { fmt.Fprintf(r.print, format+"\n", args...) }

// walk goes the whole way once.
func walk(ctx context.Context, o options) (err error) {
	r := &run{options: o, ctx: ctx}
	r.say("%s\n", fiction)
	db, err := o.store()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"reading the SBOM", r.read},
		{"opening the ledger", func() error { return r.open(db) }},
		{"filing product lines, sites and what they attest", r.file},
		{"looking for vulnerabilities", r.look},
		{"assessing what they mean for a patient", r.assess},
		{"planning", r.plan},
		{"drafting and signing off an advisory", r.advise},
		{"taking the remedies through change control, and rolling out", r.remedy},
		{"recording what bears on reporting", r.reporting},
		{"summing up each vulnerability", r.sumUp},
		{"verifying and writing the ledger", r.finish},
	} {
		r.say("… %s", step.name)
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	if err := r.summary(); err != nil {
		return fmt.Errorf("telling it: %w", err)
	}
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
	r.mirror = db
	if r.device, err = r.deployed(); err != nil {
		return err
	}
	return r.program.Add(r.ctx, store.By{Who: quality, Why: "release 2.1 is in the field (invented)"}, r.device, r.bom)
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
// others are opened and stay open: that stops no clock. Each goes on from where
// the ledger has it, so that a run which was interrupted can be run again.
func (r *run) assess() error {
	all := judgments()
	for _, f := range r.result.Findings {
		a, err := r.begin(f)
		if j, judged := all[f.Vulnerability]; judged && err == nil {
			a, err = r.judge(a, j)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Vulnerability, err)
		}
		r.assessments = append(r.assessments, a)
	}
	return nil
}

// begin is the assessment of f as it was kept: opened, opened again, or carried
// over from another id of its vulnerability if need be.
func (r *run) begin(f match.Finding) (assess.Assessment, error) {
	found, err := assess.Find(r.ctx, r.program.Ledger(), f)
	if err != nil {
		return assess.Assessment{}, err
	}
	var a assess.Assessment
	var why string
	switch at := r.now(); {
	case len(found) == 0:
		why = "opened"
		a, err = assess.Open(f, time.Time{}, analyst, at)
	case found[0].Finding != f.Key():
		why = "the vulnerability got another id"
		a, err = found[0].Renamed(f, assess.Step{By: analyst, At: at, Why: why}, found[1:]...)
	case found[0].Stale(f):
		why = "the evidence changed"
		a, err = found[0].Reopen(f, assess.Step{By: analyst, At: at, Why: why})
	default:
		return found[0], nil
	}
	if err != nil {
		return a, err
	}
	return a, r.saveAssessment(analyst, why, a)
}

func (r *run) saveAssessment(by, why string, a assess.Assessment) error {
	return assess.Save(r.ctx, r.program.Ledger(), store.By{Who: by, Why: why}, a)
}

// judge takes a the rest of its way: each step is kept under the name of who did it,
// the proposal under that of who proposes, and it is settled by somebody else.
func (r *run) judge(a assess.Assessment, j judgment) (assess.Assessment, error) {
	for _, s := range r.steps(j) {
		if a.State() != s.from || s.from == assess.ExploitabilityJudged && s.environment != (a.Exploitability.Environment == nil) {
			continue
		}
		step := assess.Step{By: s.who, At: r.now(), Why: s.why, Evidence: s.on}
		if s.from == assess.Opened {
			step.Evidence = a.Facts.Records
		}
		next, err := s.do(a, step)
		if err != nil {
			return a, err
		}
		if err := r.saveAssessment(s.who, s.name, next); err != nil {
			return a, err
		}
		a = next
	}
	return a, nil
}

// A judging is one step: where it goes on from, by whom, why, and on what evidence.
type judging struct {
	from        assess.State
	environment bool // the second half of step 2
	name, who   string
	why         string
	on          []assess.Evidence
	do          func(assess.Assessment, assess.Step) (assess.Assessment, error)
}

// steps are the four steps, the proposal, and its approval.
func (r *run) steps(j judgment) []judging {
	// What the steps rest on: the deployment as the ledger has it, and a hazard
	// analysis that is invented.
	deployment := []assess.Evidence{{Text: "deployment facts of the product", Ref: store.Ref{System: "ledger", ID: "device.product/" + r.device.ID}}}
	hazards := []assess.Evidence{{Text: "hazard analysis (invented)", Ref: store.Ref{System: "example-quality-system", ID: "HA-7"}}}
	return []judging{
		{from: assess.Opened, name: "step 1, triage", who: analyst, why: j.triage,
			do: func(a assess.Assessment, s assess.Step) (assess.Assessment, error) {
				return a.WithTriage(assess.Triage{Step: s, Result: assess.Affected})
			}},
		{from: assess.Triaged, name: "step 2, exploitability", who: analyst, why: j.exploitability, on: deployment,
			do: func(a assess.Assessment, s assess.Step) (assess.Assessment, error) {
				return a.WithExploitability(s, j.answers, nil)
			}},
		{from: assess.ExploitabilityJudged, environment: true, name: "step 2, in the deployment", who: analyst, why: "as the deployment states it", on: deployment,
			do: func(a assess.Assessment, s assess.Step) (assess.Assessment, error) {
				return a.WithEnvironment(assess.Environment{Step: s, Privileges: j.privileges, Path: j.path, Grounds: j.grounds}, r.device.Deployment, nil)
			}},
		{from: assess.ExploitabilityJudged, name: "step 3, impact", who: safety, why: j.safety, on: hazards,
			do: func(a assess.Assessment, s assess.Step) (assess.Assessment, error) {
				i := assess.Impact{Step: s, Harm: j.harm, Statement: j.impact, Security: j.security, Lines: j.lines, Parts: j.parts}
				i, err := i.WithHazards(r.device.Deployment, j.function)
				if err != nil {
					return a, err
				}
				return a.WithImpact(i)
			}},
		{from: assess.ImpactJudged, name: "step 4, score", who: analyst, why: j.score, on: deployment,
			do: func(a assess.Assessment, s assess.Step) (assess.Assessment, error) {
				return a.WithScore(s, j.answers, nil)
			}},
		{from: assess.Scored, name: "determination proposed", who: analyst, why: "as the matrix says",
			do: func(a assess.Assessment, s assess.Step) (assess.Assessment, error) {
				return a.Propose(nil, assess.Proposal{Step: s})
			}},
		{from: assess.Proposed, name: "determination approved (DEMONSTRATION)", who: board, why: j.approval,
			do: func(a assess.Assessment, s assess.Step) (assess.Assessment, error) {
				a, err := a.Settle(assess.Approval{By: s.By, At: s.At, Why: s.Why})
				if err != nil || j.leave == nil {
					return a, err
				}
				leave := *j.leave
				leave.By, leave.At = s.By, s.At
				return a.WithLeave(leave)
			}},
	}
}

// plan proposes what follows from each assessment, and approves what has no gaps.
func (r *run) plan() error {
	policy, err := policy()
	if err != nil {
		return err
	}
	all := judgments()
	for _, a := range r.assessments {
		p, err := r.planned(a, policy, all[a.Vulnerability].details)
		if err != nil {
			return fmt.Errorf("%s: %w", a.Vulnerability, err)
		}
		r.plans = append(r.plans, p)
	}
	return nil
}

// planned is the plan for a as it was kept, if it still is what follows from a,
// else a new one.
func (r *run) planned(a assess.Assessment, policy patch.Policy, d patch.Details) (patch.Plan, error) {
	save := func(by, why string, p patch.Plan) error {
		return patch.Save(r.ctx, r.program.Ledger(), store.By{Who: by, Why: why}, p)
	}
	p, _, err := patch.Plans.Latest(r.ctx, r.program.Ledger(), a.Key())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return p, err
	}
	if err != nil || !follows(p, a, policy, d) {
		if p, err = propose(a, policy, d, r.now()); err != nil {
			return p, err
		}
		if err := save(engineer, "plan proposed", p); err != nil {
			return p, err
		}
	}
	if p.State() == patch.Approved || len(p.Gaps) > 0 || p.Class == patch.Undetermined {
		return p, nil
	}
	if p, err = p.Approve(assess.Approval{By: quality, At: r.now(), Why: "the plan fits the determination (invented)"}); err != nil {
		return p, err
	}
	return p, save(quality, "plan approved (DEMONSTRATION)", p)
}

// follows reports whether the kept plan is what would be proposed for a: the same
// risk and class, clocks and details.
func follows(kept patch.Plan, a assess.Assessment, policy patch.Policy, d patch.Details) bool {
	again, err := propose(a, policy, d, kept.Proposed.At)
	kept.Approved = nil
	return err == nil && same(kept, again)
}

// same reports whether two values are written alike.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func propose(a assess.Assessment, policy patch.Policy, d patch.Details, at time.Time) (patch.Plan, error) {
	p, err := patch.Propose(a, policy, engineer, at)
	if err != nil {
		return p, err
	}
	if d.Acceptance != nil {
		accepted := *d.Acceptance
		accepted.Review = policy.Calendar.Date(at).Add(180)
		d.Acceptance = &accepted
	}
	return p.With(d)
}
