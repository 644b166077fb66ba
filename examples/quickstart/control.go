package main

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
)

// branch is the version in the field, which gets the control first and then the
// patch: each is a change of its own.
const branch = "2.1"

// signers are the people who sign in each role, authors those who show the evidence
// of a gate: always others. The developer shows what is not named.
var (
	signers = map[string]string{"engineer": engineer, "security": security, "safety": safety,
		"regulatory": approver, "quality": quality, "release": release}
	authors = map[string]string{"regulatory-determination": affairs, "labeling": affairs, "udi-version": affairs,
		"distribution": technician, "deployment": technician, "verification": technician}
)

// demonstrationKey signs what this program releases. Its seed stands here for all
// to read: it protects nothing, and must never sign anything real.
func demonstrationKey() crypto.Signer {
	seed := sha256.Sum256([]byte("DEMONSTRATION key of examples/quickstart"))
	return ed25519.NewKeyFromSeed(seed[:])
}

func trust() patch.Trust {
	return patch.Trust{Keys: []crypto.PublicKey{demonstrationKey().Public()}, Threshold: 1}
}

// remedy carries out every plan that is out of cycle and approved: the control
// first, then the patch, which is released, signed and rolled out. Each goes on from
// where the ledger has it.
func (r *run) remedy() error {
	for _, p := range r.plans {
		if p.Class != patch.OutOfCycle || p.Approved == nil {
			continue
		}
		for i, remedy := range p.Remedies {
			if err := r.carryOut(p, i, remedy); err != nil {
				return fmt.Errorf("%s: %s: %w", p.Vulnerability, remedy.Kind, err)
			}
		}
	}
	return r.corrections()
}

// corrections prints what is a correction, and nobody has decided whether it is
// reported under 21 CFR 806.
func (r *run) corrections() error {
	l := r.program.Ledger()
	begun, err := patch.Corrections(r.ctx, l, r.now())
	if err != nil {
		return err
	}
	var decided []assess.Correction
	for c, err := range assess.CorrectionDecisions.All(r.ctx, l, "") {
		if err != nil {
			return err
		}
		decided = append(decided, c)
	}
	open := assess.Undecided(patch.CorrectionIDs(begun), decided)
	for _, c := range begun {
		if slices.Contains(open, c.ID) {
			r.say("  to be decided under 21 CFR 806: %s", c.What)
		}
	}
	return nil
}

func (r *run) carryOut(p patch.Plan, n int, remedy patch.Remedy) error {
	c, err := r.change(p, n, remedy.Kind)
	if err != nil {
		return err
	}
	if c, err = r.carry(c, patch.Released); err != nil {
		return err
	}
	if remedy.Kind == patch.Patch {
		if err := r.release(c); err != nil {
			return err
		}
		if c, err = r.carry(c, patch.Distributed); err != nil {
			return err
		}
		if err := r.rollOut(p); err != nil {
			return err
		}
		if err := r.recount(); err != nil {
			return err
		}
	}
	if c, err = r.carry(c, patch.Verified); err != nil {
		return err
	}
	r.say("  %s: %s", remedy.Kind, c.State())
	return r.evidence(c)
}

// change is the change of this kind as it was kept, whatever plan it rests on, or
// begun.
func (r *run) change(p patch.Plan, n int, kind patch.RemedyKind) (patch.Change, error) {
	l := r.program.Ledger()
	kept, err := r.changes(p.Finding, kind)
	if err != nil {
		return patch.Change{}, err
	}
	if len(kept) > 0 {
		return kept[len(kept)-1], nil
	}
	c, err := patch.Begin(p, n, branch, []string{"US", "EU"}, nil, engineer, r.now())
	if err != nil {
		return c, err
	}
	return c, patch.SaveChange(r.ctx, l, store.By{Who: engineer, Why: "change begun"}, c)
}

// changes are those of a kind of remedy that the ledger has of a finding.
func (r *run) changes(finding string, kind patch.RemedyKind) ([]patch.Change, error) {
	var out []patch.Change
	for c, err := range patch.Changes.All(r.ctx, r.program.Ledger(), fmt.Sprintf("%s @%s %s ", finding, branch, kind)) {
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// A turn is what one person does at once.
type turn struct {
	by, why string
	steps   []patch.Step
}

// turns are what takes c to a state, in order: for each state those who show the
// evidence, then those who sign. since are the changes since the last clearance.
func turns(c patch.Change, to patch.State, since []string) []turn {
	var out []turn
	add := func(from int, by, verb, what string, s patch.Step) {
		i := slices.IndexFunc(out[from:], func(t turn) bool { return t.by == by })
		if i < 0 {
			out, i = append(out, turn{by: by}), len(out)-from
		}
		t := &out[from+i]
		t.steps = append(t.steps, s)
		if !strings.Contains(t.why, verb) {
			what = verb + " " + what
		}
		t.why = strings.TrimPrefix(t.why+", "+what, ", ")
	}
	for _, s := range []patch.State{patch.Reproduced, patch.Developed, patch.Tested, patch.Documented, patch.Released, patch.Distributed, patch.Deployed, patch.Verified} {
		gates := slices.DeleteFunc(slices.Clone(c.Gates), func(g patch.Gate) bool { return g.To != s })
		from := len(out)
		for _, g := range gates {
			by, named := authors[g.ID]
			if !named {
				by = developer
			}
			for _, n := range g.Needs {
				add(from, by, "shows", n.ID, patch.Step{Proof: &patch.Proof{Need: n.ID}})
			}
			for _, m := range c.Markets {
				if g.Regulatory {
					add(from, by, "determines", m, patch.Step{Regulatory: determined(m, since)})
				}
			}
		}
		from = len(out)
		for _, g := range gates {
			for _, role := range g.Roles {
				add(from, signers[role], "signs", g.ID, patch.Step{Sign: &patch.Signoff{Gate: g.ID, Role: role}})
			}
		}
		if s == to {
			break
		}
	}
	return out
}

// determined is what the invented regulatory affairs say in one market of a change
// that comes after those of since.
func determined(market string, since []string) *patch.Regulatory {
	d := &patch.Regulatory{Market: market, Since: "K000000 (invented)", Outcome: "letter-to-file",
		Rationale: "It strengthens security only; intended use, performance and risk to the patient are as they were cleared (invented)."}
	if market == "EU" {
		d.Since, d.Outcome = "certificate EX-1 (invented)", "not-significant-change"
	}
	d.Cumulative, d.NoneSince = since, len(since) == 0
	return d
}

// carry takes c to the state, turn by turn, each kept as the act of who does it.
// What is kept already is passed over.
func (r *run) carry(c patch.Change, to patch.State) (patch.Change, error) {
	var since []string
	if c.Remedy.Kind == patch.Patch {
		before, err := r.changes(c.Finding, patch.CompensatingControl)
		if err != nil {
			return c, err
		}
		since = patch.CumulativeSince(c, time.Time{}, before...)
	}
	done := len(c.Steps) - 1 // the first is the approval of the plan
	for _, t := range turns(c, to, since) {
		if done > 0 {
			done -= len(t.steps)
			continue
		}
		var err error
		for _, s := range t.steps {
			s.By, s.At = t.by, r.now()
			if s.Proof != nil {
				if s.Proof, err = r.proof(c, s.Proof.Need); err != nil {
					return c, err
				}
			}
			if c, err = c.Do(s); err != nil {
				return c, err
			}
		}
		if err := patch.SaveChange(r.ctx, r.program.Ledger(), store.By{Who: t.by, Why: t.why}, c); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (r *run) proof(c patch.Change, need string) (*patch.Proof, error) {
	text, err := r.document(c, need)
	if err == nil && need == "security-test-report" && c.Remedy.Kind == patch.Patch {
		err = r.gone()
	}
	if err != nil {
		return nil, fmt.Errorf("document %q: %w", need, err)
	}
	sum := sha256.Sum256(text)
	return &patch.Proof{Need: need, Text: "DEMONSTRATION", Digest: hex.EncodeToString(sum[:]), Link: link(c, need)}, nil
}

// link is where the document for a need is written, below the folder of the output.
func link(c patch.Change, need string) string {
	return path.Join("evidence", string(c.Remedy.Kind), need+endings[need])
}

// endings are those of documents that are not plain text.
var endings = map[string]string{"sbom": ".cdx.json", "vex": ".openvex.json", "signed-release-record": ".dsse.json"}

// evidence writes every document that c rests on, and finds each by its digest.
func (r *run) evidence(c patch.Change) error {
	for _, s := range c.Steps {
		if s.Proof == nil {
			continue
		}
		text, err := r.document(c, s.Proof.Need)
		if err == nil {
			err = r.write(s.Proof.Link, text)
		}
		if err != nil {
			return fmt.Errorf("document %q: %w", s.Proof.Need, err)
		}
	}
	return c.Resolve(os.DirFS(r.out))
}

// theRelease is the key of version 2.2 in the ledger.
const theRelease = "therapy #000000000001"

// release states what is released by c, and signs it.
func (r *run) release(c patch.Change) error {
	l := r.program.Ledger()
	made, _, err := patch.Releases.Latest(r.ctx, l, theRelease)
	if errors.Is(err, store.ErrNotFound) {
		if made, err = r.statement(c, r.now()); err == nil {
			err = patch.SaveRelease(r.ctx, l, store.By{Who: release, Why: "what is in version 2.2, over what it is installed, and which change it carries"}, made)
		}
	}
	if err != nil {
		return err
	}
	e, err := made.Sign(demonstrationKey())
	if err != nil {
		return err
	}
	return patch.SaveEnvelope(r.ctx, l, store.By{Who: release, Why: "signed with the key of the DEMONSTRATION"}, e, trust())
}

func (r *run) statement(c patch.Change, at time.Time) (patch.Release, error) {
	var errs []error
	attach := func(need, name string) patch.File {
		text, err := r.document(c, need)
		errs = append(errs, err)
		return patch.Attach(name, text)
	}
	made := patch.Release{
		Product: "therapy", Version: "2.2", Sequence: 1, From: []string{"2.1"},
		Files: []patch.File{patch.Attach("therapy-2.2.img", []byte("DEMONSTRATION: stands for the image of device software 2.2.\n"))},
		SBOM:  attach("sbom", "sbom"+endings["sbom"]), VEX: attach("vex", "vex"+endings["vex"]),
		Performance: attach("performance-result", "performance-result"),
		Interrupted: "The device goes on with 2.1 from its other slot.", Test: "power cut at 40 places (invented)",
	}
	for _, name := range []string{"change-description", "installation", "rollback", "known-issues"} {
		made.Documents = append(made.Documents, attach(name, name))
	}
	if err := errors.Join(errs...); err != nil {
		return made, err
	}
	return patch.MakeRelease(made, at, c)
}

// signed is the release record as it was signed, if the key of the demonstration
// signed it.
func (r *run) signed() (patch.Envelope, error) {
	kept, _, err := patch.Envelopes.Latest(r.ctx, r.program.Ledger(), "release "+theRelease)
	if err == nil {
		_, err = patch.OpenRelease(kept.Envelope, trust())
	}
	return kept.Envelope, err
}

// envelope is the release record as it was signed.
func (r *run) envelope() ([]byte, error) {
	e, err := r.signed()
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(e, "", "  ")
}
