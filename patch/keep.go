package patch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/store"
)

// ErrRewritten says that a record was to be kept without, or with others than,
// the steps that the ledger holds of it already. Steps are only ever added.
var ErrRewritten = errors.New("patch: steps that are kept are not rewritten")

// ErrNotApproved says that the ledger does not hold the approval that a change
// rests on.
var ErrNotApproved = errors.New("patch: the ledger holds no such approval of the plan")

// ErrNotSeen says that what somebody says to have seen of a rollout is not what the
// reports in the ledger come to.
var ErrNotSeen = errors.New("patch: the reports in the ledger say something else")

// SaveChange keeps c in its drawer, in an act of its own, unless the ledger says
// exactly that already. Every step that is new there must be written by who did
// it, so that each signature is its signer's own act, and none lies after the act.
// The approval of the plan must be one that the ledger holds (ErrNotApproved).
// What c supersedes must be there too, and be superseded by no other; from then on
// nothing is signed or granted in it (a *StateError). Whether the writer is who he says is for the ledger's Authorize.
func SaveChange(ctx context.Context, l *store.Ledger, by store.By, c Change, refs ...store.Ref) error {
	if err := c.Check(); err != nil {
		return err
	}
	return l.Do(ctx, by, func(tx *store.Tx) error {
		before, err := Changes.Get(tx, c.Key())
		fresh := errors.Is(err, store.ErrNotFound)
		if err != nil && !fresh {
			return err
		}
		head, old := c, before
		head.Steps, old.Steps = nil, nil
		if !fresh && !equal(head, old) {
			return fmt.Errorf("%w: %q", ErrRewritten, c.Key())
		}
		if fresh && c.Begun.By != by.Who {
			return fmt.Errorf("patch: change %q was begun by %q and is written by %q", c.Key(), c.Begun.By, by.Who)
		}
		if c.Begun.At.After(tx.At()) {
			return fmt.Errorf("patch: change %q is begun after it is written", c.Key())
		}
		steps := make([]mine, len(c.Steps))
		for i, s := range c.Steps {
			steps[i] = mine{s.By, s.At, s}
		}
		kept := make([]any, len(before.Steps))
		for i, s := range before.Steps {
			kept[i] = s
		}
		if err := added(c.Key(), kept, steps, by.Who, tx.At()); err != nil {
			return err
		}
		if fresh {
			if err := c.takesPlace(ctx, l, tx); err != nil {
				return err
			}
		}
		if err := c.anew(ctx, l, len(before.Steps)); err != nil {
			return err
		}
		_, err = Changes.PutIfChanged(tx, c, refs...)
		return err
	})
}

// anew checks the steps of c from number kept on, as what is done now.
func (c Change) anew(ctx context.Context, l *store.Ledger, kept int) error {
	again := c
	again.Steps = slices.Clone(c.Steps[:kept])
	for _, s := range c.Steps[kept:] {
		var err error
		if again, err = again.Do(s); err != nil {
			return err
		}
		if s.Approval != nil {
			if err := c.rests(ctx, l, *s.Approval); err != nil {
				return err
			}
		}
		if s.Sign != nil || s.Grant != "" {
			if err := c.stands(ctx, l, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// takesPlace checks what c, which is kept for the first time, supersedes.
func (c Change) takesPlace(ctx context.Context, l *store.Ledger, tx *store.Tx) error {
	if c.Schema != ChangeSchema {
		return fmt.Errorf("patch: change %q: it is begun in the shape of version %d, which is no longer", c.Key(), c.Schema)
	}
	for _, key := range c.Supersedes {
		old, err := Changes.Get(tx, key)
		if err != nil {
			return err
		}
		if old.where() != c.where() {
			return fmt.Errorf("patch: change %q: %q is of another finding or branch", c.Key(), key)
		}
		if err := old.stands(ctx, l, c.Key()); err != nil {
			return err
		}
	}
	return nil
}

// stands returns a *StateError when another change than that with the key except
// has taken the place of c.
func (c Change) stands(ctx context.Context, l *store.Ledger, except string) error {
	for o, err := range Changes.All(ctx, l, c.where()) {
		if err != nil {
			return err
		}
		if o.Key() != except && slices.Contains(o.Supersedes, c.Key()) {
			return &StateError{From: c.State(), To: c.State(), Why: fmt.Sprintf("%q has taken the place of %q", o.Key(), c.Key())}
		}
	}
	return nil
}

// rests checks that l holds the plan of c with the approval a.
func (c Change) rests(ctx context.Context, l *store.Ledger, a assess.Approval) error {
	for e, err := range Plans.History(ctx, l, c.Finding) {
		if err != nil {
			return err
		}
		p, err := Plans.Decode(e)
		if err != nil {
			return err
		}
		if content, err := p.content(); err == nil && content == c.Plan && p.Approved != nil && equal(*p.Approved, a) {
			return nil
		}
	}
	return fmt.Errorf("%w: %q", ErrNotApproved, c.Key())
}

// mine is a step with who did it, and when.
type mine struct {
	by   string
	at   time.Time
	step any
}

// added checks that steps are kept with others after them, all of them by who and
// none later than at.
func added(key string, kept []any, steps []mine, who string, at time.Time) error {
	if len(steps) < len(kept) {
		return fmt.Errorf("%w: %q", ErrRewritten, key)
	}
	for i, s := range steps {
		switch {
		case i < len(kept):
			if !equal(kept[i], s.step) {
				return fmt.Errorf("%w: %q, step %d", ErrRewritten, key, i+1)
			}
		case s.by != who:
			return fmt.Errorf("patch: %q: step %d was done by %q and is written by %q", key, i+1, s.by, who)
		case s.at.After(at):
			return fmt.Errorf("patch: %q: step %d lies after it is written", key, i+1)
		}
	}
	return nil
}

// equal reports whether a and b are kept as the same bytes.
func equal(a, b any) bool {
	x, errx := json.Marshal(a)
	y, erry := json.Marshal(b)
	return errx == nil && erry == nil && bytes.Equal(x, y)
}

// Resolve opens every document that counts as evidence in c and has a link, as a
// file of fsys, and compares it with its digest. All that is missing, empty,
// different or the same as that of another need is told at once. What has a digest
// and no link is told too: nobody can open it.
func (c Change) Resolve(fsys fs.FS) error {
	var errs []error
	l, opened := c.live(), map[string]string{}
	for _, g := range c.Gates {
		for _, n := range g.Needs {
			s, ok := l.proofs[n.ID]
			if !ok {
				continue
			}
			digest, err := resolve(fsys, *s.Proof)
			if other, again := opened[digest]; err == nil && again {
				err = fmt.Errorf("the document is that of %q", other)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("patch: change %q: evidence %q: %w", c.Key(), n.ID, err))
				continue
			}
			opened[digest] = n.ID
		}
	}
	return errors.Join(errs...)
}

// resolve opens the document of p and returns its digest.
func resolve(fsys fs.FS, p Proof) (string, error) {
	if blank(p.Link) {
		return "", errors.New("it has no link")
	}
	data, err := fs.ReadFile(fsys, p.Link)
	if err != nil {
		return "", err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return "", errors.New("the document is empty")
	}
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	if p.Digest != "" && digest != p.Digest {
		return "", errors.New("the document has another digest")
	}
	return digest, nil
}

// SaveRollout keeps r in its drawer, in an act of its own, unless the ledger says
// exactly that already. New steps are written by who did them, and none is
// rewritten. The release must be in the ledger.
//
// What a new step says that was seen must be what the reports in the ledger come to
// at that instant (ErrNotSeen), and a ring is opened only if everything that is known
// at the act lets it (a *StateError): also what came in since, and late.
func SaveRollout(ctx context.Context, l *store.Ledger, by store.By, r Rollout, refs ...store.Ref) error {
	if err := r.Check(); err != nil {
		return err
	}
	return l.Do(ctx, by, func(tx *store.Tx) error {
		if _, err := Releases.Get(tx, r.Release); err != nil {
			return err
		}
		before, err := Rollouts.Get(tx, r.Key())
		fresh := errors.Is(err, store.ErrNotFound)
		if err != nil && !fresh {
			return err
		}
		head, old := r, before
		head.Steps, old.Steps = nil, nil
		switch {
		case !fresh && !equal(head, old):
			return fmt.Errorf("%w: rollout of %q", ErrRewritten, r.Key())
		case fresh && r.Planned.By != by.Who:
			return fmt.Errorf("patch: rollout of %q was planned by %q and is written by %q", r.Key(), r.Planned.By, by.Who)
		case fresh && r.Schema != RolloutSchema:
			return fmt.Errorf("patch: rollout of %q: it is planned in the shape of version %d, which is no longer", r.Key(), r.Schema)
		case r.Planned.At.After(tx.At()):
			return fmt.Errorf("patch: rollout of %q is planned after it is written", r.Key())
		}
		steps := make([]mine, len(r.Steps))
		for i, s := range r.Steps {
			steps[i] = mine{s.By, s.At, s}
		}
		kept := make([]any, len(before.Steps))
		for i, s := range before.Steps {
			kept[i] = s
		}
		if err := added("rollout of "+r.Key(), kept, steps, by.Who, tx.At()); err != nil {
			return err
		}
		if _, err := received(tx, r.Release); err != nil {
			return err
		}
		if err := r.seen(ctx, l, len(before.Steps), tx.At()); err != nil {
			return err
		}
		_, err = Rollouts.PutIfChanged(tx, r, refs...)
		return err
	})
}

// seen holds the steps of r from number kept on against the reports in l.
func (r Rollout) seen(ctx context.Context, l *store.Ledger, kept int, at time.Time) error {
	reports := Reports.All(ctx, l, r.Release+" ")
	again := r
	again.Steps = slices.Clone(r.Steps[:kept])
	for _, s := range r.Steps[kept:] {
		if s.Seen != nil {
			p, err := r.Tally(reports, s.Seen.At)
			if err != nil {
				return err
			}
			if !equal(p.Seen(), s.Seen) {
				return fmt.Errorf("%w: rollout of %q, as of %s: %s", ErrNotSeen, r.Key(), s.Seen.At.Format(time.RFC3339), p)
			}
		}
		if s.Open != "" {
			p, err := r.Tally(reports, at)
			if err != nil {
				return err
			}
			now := s
			now.Seen = p.Seen()
			halted, _ := again.Halted()
			if err := again.admitRing(now, halted); err != nil {
				return err
			}
		}
		var err error
		if again, err = again.Do(s); err != nil {
			return err
		}
	}
	return nil
}

// SaveRelease keeps r in its drawer, in an act of its own. A sequence is used
// once and goes up: one that is kept with other content is ErrRewritten, and one
// that is not above every other of the product ErrRollback. Every change of r
// must be in the ledger as released, no other may have taken its place, and r is
// held against them as MakeRelease does. Their product is that of r, or one of the
// device.Line of that id, which must be in the ledger then.
func SaveRelease(ctx context.Context, l *store.Ledger, by store.By, r Release, refs ...store.Ref) error {
	if err := r.Check(); err != nil {
		return err
	}
	return l.Do(ctx, by, func(tx *store.Tx) error {
		before, err := Releases.Get(tx, r.Key())
		switch {
		case err == nil:
			if !equal(before, r) {
				return fmt.Errorf("%w: %q", ErrRewritten, r.Key())
			}
			return nil
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		if r.At.After(tx.At()) {
			return fmt.Errorf("patch: release %q is made after it is written", r.Key())
		}
		head, err := headOf(tx, r)
		if err != nil {
			return err
		}
		if err := r.carries(ctx, l, tx); err != nil {
			return err
		}
		if err := heads.Put(tx, head); err != nil {
			return err
		}
		return Releases.Put(tx, r, refs...)
	})
}

// carries holds r against its changes as the ledger has them.
func (r Release) carries(ctx context.Context, l *store.Ledger, tx *store.Tx) error {
	var changes []Change
	for _, key := range r.Changes {
		c, err := Changes.Get(tx, key)
		if err != nil {
			return err
		}
		if err := c.stands(ctx, l, ""); err != nil {
			return err
		}
		if c.Product != r.Product {
			of, err := device.Lines.Get(tx, r.Product)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if !slices.Contains(of.Products(), c.Product) {
				return fmt.Errorf("patch: release %q: change %q is of %q, which the ledger has in no line %q", r.Version, key, c.Product, r.Product)
			}
		}
		changes = append(changes, c)
	}
	return r.binds(changes)
}

// line is the highest sequence of a product: read and written in each act that
// releases one, so that of two at once one is done anew.
type line struct {
	Product  string `json:"product"`
	Sequence int64  `json:"sequence"`
}

func (l line) Key() string { return l.Product }

const heads store.Kind[line] = "patch.line"

func headOf(tx *store.Tx, r Release) (line, error) {
	h, err := heads.Get(tx, r.Product)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return line{}, err
	}
	if h.Sequence >= r.Sequence {
		return line{}, fmt.Errorf("%w: %d of %q is kept already", ErrRollback, h.Sequence, r.Product)
	}
	return line{Product: r.Product, Sequence: r.Sequence}, nil
}
