package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/advisory/pdf"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/tlp"
)

// walk holds what one step hands to the next.
type walk struct {
	ctx      context.Context
	out      string
	print    io.Writer
	now      time.Time
	ledger   *store.Ledger
	calendar rule.Calendar

	assessment assess.Assessment
	approved   patch.Plan
	advisory   advisory.Advisory
	released   advisory.Released
	deliveries []advisory.Delivery
	files      []indexed
}

func newWalk(ctx context.Context, out string, print io.Writer) *walk {
	w := &walk{ctx: ctx, out: out, print: print, now: start}
	// The clock of the example stands still but for the steps.
	w.ledger = store.New(memory.New(), &store.Options{Now: func() time.Time { return w.now }})
	return w
}

func (w *walk) later() time.Time {
	w.now = w.now.Add(time.Hour)
	return w.now
}

func by(who, why string) store.By { return store.By{Who: who, Why: why + " (DEMONSTRATION)"} }

// field records the maker's devices, as far as they are known.
func (w *walk) field() error {
	f := fleet()
	return w.ledger.Do(w.ctx, by(regulatory, "devices in the field"), func(tx *store.Tx) error {
		var errs []error
		for _, p := range f.Products {
			errs = append(errs, device.Products.Put(tx, p))
		}
		for _, l := range f.Lives {
			errs = append(errs, device.Lives.Put(tx, l))
		}
		for _, c := range f.Counts {
			errs = append(errs, device.Counts.Put(tx, c))
		}
		for _, c := range customers() {
			errs = append(errs, c.Validate(), advisory.Customers.Put(tx, c))
		}
		return errors.Join(errs...)
	})
}

// judge matches the component list of version 2.1 and assesses what is found.
func (w *walk) judge() error {
	found := match.Build(records(), nil).Find("pump-2.1", bom()).Findings
	if len(found) != 1 {
		return fmt.Errorf("%d findings instead of one", len(found))
	}
	f := found[0]
	f.Seen = w.now
	fmt.Fprintf(w.print, "finding: %s in %s\n", f.Vulnerability, f.Instances[0].Component.Name)
	at := w.later()
	a, err := assess.Open(f, time.Time{}, analyst, at)
	if err != nil {
		return err
	}
	step := func(who, why string) assess.Step {
		return assess.Step{By: who, At: at, Why: why, Evidence: []assess.Evidence{{Text: "design file (invented)"}}}
	}
	for _, do := range []func(assess.Assessment) (assess.Assessment, error){
		func(a assess.Assessment) (assess.Assessment, error) {
			return a.WithTriage(assess.Triage{Step: step(analyst, "the settings service is built from it"), Result: assess.Affected})
		},
		func(a assess.Assessment) (assess.Assessment, error) {
			return a.WithExploitability(step(analyst, "reached over the hospital's network"), answers(), nil)
		},
		func(a assess.Assessment) (assess.Assessment, error) {
			return a.WithImpact(assess.Impact{Step: step(safety, "hazard analysis (invented)"), Harm: assess.Serious, Statement: impact})
		},
		func(a assess.Assessment) (assess.Assessment, error) {
			return a.WithScore(step(analyst, "integrity of the settings"), answers(), nil)
		},
		func(a assess.Assessment) (assess.Assessment, error) {
			return a.Propose(nil, assess.Proposal{Step: step(analyst, "as the matrix says")})
		},
	} {
		if a, err = do(a); err != nil {
			return err
		}
	}
	if err := assess.Save(w.ctx, w.ledger, by(analyst, "four steps done"), a); err != nil {
		return err
	}
	if a, err = a.Settle(assess.Approval{By: safety, At: w.later(), Why: "no control brings it down (invented)"}); err != nil {
		return err
	}
	w.assessment = a
	fmt.Fprintf(w.print, "risk: %s\n", a.Risk())
	return assess.Save(w.ctx, w.ledger, by(safety, "determination approved"), a)
}

func (w *walk) plan() error {
	var err error
	if w.calendar, err = rule.NewCalendar("America/Chicago", rule.USFederal()); err != nil {
		return err
	}
	p, err := patch.Propose(w.assessment, patch.Policy{Calendar: w.calendar}, engineer, w.later())
	if err != nil {
		return err
	}
	if p, err = p.With(details(w.now)); err != nil {
		return err
	}
	if err := patch.Save(w.ctx, w.ledger, by(engineer, "plan proposed"), p); err != nil {
		return err
	}
	if p, err = p.Approve(assess.Approval{By: quality, At: w.later(), Why: "it fits the determination (invented)"}); err != nil {
		return err
	}
	w.approved = p
	return patch.Save(w.ctx, w.ledger, by(quality, "plan approved"), p)
}

// write drafts the advisory over the whole fleet, and has each role sign it off.
func (w *walk) write() error {
	f, err := advisory.ReadFleet(w.ctx, w.ledger)
	if err != nil {
		return err
	}
	policy, err := advisory.DefaultPolicy()
	if err != nil {
		return err
	}
	in := input()
	in.Fleet, in.Assessments, in.Plans = &f, []assess.Assessment{w.assessment}, []patch.Plan{w.approved}
	in.Needs = policy.Needs(in.Kind)
	a, err := advisory.Draft(in, w.later())
	if err != nil {
		return err
	}
	if err := advisory.Save(w.ctx, w.ledger, by(editor, "drafted"), a); err != nil {
		return err
	}
	for i, role := range in.Needs {
		who := []string{analyst, safety, regulatory}[i%3]
		a, err = a.SignOff(advisory.SignOff{By: who, Role: role, At: w.later(), Why: "read and agreed (invented)", Demonstration: true})
		if err != nil {
			return err
		}
		if err := advisory.Save(w.ctx, w.ledger, by(who, "signed off"), a); err != nil {
			return err
		}
	}
	w.advisory = a
	clocks, err := policy.Clocks(a, advisory.Setting{Calendar: w.calendar})
	if err != nil {
		return err
	}
	var lines []string
	for _, c := range clocks {
		lines = append(lines, c.String())
	}
	if err := w.text("clocks.txt", "By when customers are told", []byte(strings.Join(lines, "\n")+"\n")); err != nil {
		return err
	}
	return w.json("sources.json", "The records behind every sentence (internal)", advisory.Claims(a))
}

func (w *walk) release() error {
	press := advisory.Press{Also: []advisory.Form{advisory.Statements, pdf.Form(nil)}}
	r, err := press.Release(w.ctx, w.ledger, by("psirt-desk", "released"), tlp.LabelsOnly, w.advisory, tlp.Customer, w.later())
	if err != nil {
		return err
	}
	w.released = r
	for i, f := range r.Files {
		if err := w.text(f.Name, titles[i], f.Bytes); err != nil {
			return err
		}
		fmt.Fprintln(w.print, f.Name)
	}
	return nil
}

// send tells the customers; what is done by hand is recorded with its proof.
func (w *walk) send() error {
	told := 0
	mail := notify.Func(func(context.Context, notify.Message) error { told++; return nil })
	m := advisory.Mailing{
		Ledger: w.ledger, Gate: tlp.LabelsOnly, Routes: map[string]notify.Notifier{"mail": mail},
		Due: w.now.AddDate(0, 0, 14), By: by("mailer", "released"),
	}
	list, err := m.Send(w.ctx, w.advisory, w.released, customers(), advisory.Primary, w.later())
	if err != nil {
		return err
	}
	w.now = w.now.AddDate(0, 0, 3)
	if err := advisory.Record(w.ctx, w.ledger, by("desk", "reply"), list[0].Key(), func(d advisory.Delivery) (advisory.Delivery, error) {
		return d.Acknowledge(advisory.Proof{By: "desk", At: w.now, Proof: "reply form 14 (invented)"})
	}); err != nil {
		return err
	}
	if err := advisory.Record(w.ctx, w.ledger, by("desk", "letter sent"), list[1].Key(), func(d advisory.Delivery) (advisory.Delivery, error) {
		return d.With(advisory.Try{Channel: customers()[1].Channels[0], At: w.now, By: "desk", Proof: "registered letter 0017 (invented)"})
	}); err != nil {
		return err
	}
	for d, err := range advisory.Deliveries.All(w.ctx, w.ledger, "") {
		if err != nil {
			return err
		}
		w.deliveries = append(w.deliveries, d)
		fmt.Fprintf(w.print, "%s: %s\n", d.Key(), d.State())
	}
	fmt.Fprintf(w.print, "%d told by mail\n", told)
	for d, err := range advisory.OnwardList(w.ctx, w.ledger) {
		if err != nil {
			return err
		}
		fmt.Fprintf(w.print, "passed on by %s: %s\n", d.Customer, d.Onward)
	}
	for d, err := range advisory.OverdueList(w.ctx, w.ledger, w.now.AddDate(0, 1, 0)) {
		if err != nil {
			return err
		}
		fmt.Fprintf(w.print, "overdue a month later: %s\n", d.Customer)
	}
	return w.json("deliveries.json", "Who was told, and who confirmed it (internal)", w.deliveries)
}

// receive is what a facility does: the published file and its own inventory, and
// nothing else.
func (w *walk) receive() error {
	doc, err := csaf.Decode(bytes.NewReader(w.released.Files[0].Bytes))
	if err != nil {
		return err
	}
	devices, err := advisory.ReadInventory(strings.NewReader(inventory))
	if err != nil {
		return err
	}
	answers, err := advisory.Applies(doc, devices)
	if err != nil {
		return err
	}
	for _, a := range answers {
		fmt.Fprintf(w.print, "%s %s, serial %s: %s\n", a.Device.Model, a.Device.Version, a.Device.Serial, a.Verdict)
	}
	return w.json("inventory-answers.json", "A facility's inventory, asked of the CSAF file", answers)
}

// abroad previews what the same finding would be as a field safety notice; first it
// shows what that kind asks for.
func (w *walk) abroad() error {
	in, f := input(), fleet()
	in.ID, in.Kind, in.Fleet = "EXM-2026-002", advisory.FieldSafetyNotice, &f
	in.Assessments, in.Plans = []assess.Assessment{w.assessment}, []patch.Plan{w.approved}
	in.Reporting = advisory.Vigilance
	_, err := advisory.Draft(in, w.now)
	var lack *advisory.LackError
	if !errors.As(err, &lack) {
		return fmt.Errorf("a field safety notice without its elements: %w", err)
	}
	fmt.Fprintf(w.print, "refused on purpose: the same as a field safety notice (EU) lacks %q (%s, %s)\n",
		lack.Element.ID, lack.Element.Citations[0].Source, lack.Element.Citations[0].Clause)
	in.Action = action()
	a, err := advisory.Draft(in, w.now)
	if err != nil {
		return err
	}
	files, err := advisory.Preview(a)
	if err != nil {
		return err
	}
	return w.text(files[1].Name, "The same as a field safety notice (EU), a draft", files[1].Bytes)
}

type indexed struct{ Name, Title string }

var page = template.Must(template.New("index").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}}</title></head>
<body><main><h1>{{.Title}}</h1>
<p><strong>DEMONSTRATION.</strong> The device, its maker, the vulnerability, the people and every judgment are invented.</p>
<ul>{{range .Files}}
<li><a href="{{.Name}}">{{.Title}}</a> ({{.Name}})</li>{{end}}
</ul></main></body></html>
`))

func (w *walk) index() error {
	var b bytes.Buffer
	if err := page.Execute(&b, map[string]any{"Title": w.advisory.ID + ": " + w.advisory.Title, "Files": w.files}); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.out, "index.html"), b.Bytes(), 0o600)
}

func (w *walk) json(name, title string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return w.text(name, title, append(data, '\n'))
}

func (w *walk) text(name, title string, data []byte) error {
	if err := os.MkdirAll(w.out, 0o750); err != nil {
		return err
	}
	w.files = append(w.files, indexed{name, title})
	return os.WriteFile(filepath.Join(w.out, name), data, 0o600)
}
