package advisory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/store"
)

// A SignOff is the named approval of the content by a person who did not draft
// it. By, Role, At and Why are required.
type SignOff struct {
	By   string    `json:"by"` // a stable id of the host's, which readers see
	Role string    `json:"role"`
	At   time.Time `json:"at"`
	Why  string    `json:"why"`
	// Identity says what is known of who By is. Not said becomes NotVerified.
	Identity assess.Identity `json:"identity"`
	// Demonstration says that an example signed, and no person.
	Demonstration bool `json:"demonstration,omitempty"`
	// Digest is that of the content; SignOff fills it in.
	Digest string `json:"digest"`
}

// SignOff returns a with s added, which makes it final. The first sign-off dates
// the revision. Who drafted it cannot sign (an assess.ErrSamePerson), nobody signs
// twice, and the content can no longer be changed.
func (a Advisory) SignOff(s SignOff) (Advisory, error) {
	if err := a.Validate(); err != nil {
		return Advisory{}, err
	}
	s.At = instant(s.At)
	if s.Identity == "" {
		s.Identity = assess.NotVerified
	}
	s.Digest = a.Digest()
	a.SignOffs = append(slices.Clone(a.SignOffs), s)
	if a.Status == StatusDraft {
		a.Status = StatusFinal
		a.Revisions = slices.Clone(a.Revisions)
		a.Revisions[len(a.Revisions)-1].Date = s.At
	}
	if err := a.Validate(); err != nil {
		return Advisory{}, err
	}
	return a, nil
}

// Missing are the roles of Needs of which nobody has signed off. A Press asks for
// those of its policy as well.
func (a Advisory) Missing() []string { return a.missing(a.Needs) }

// missing are those of roles of which nobody has signed off.
func (a Advisory) missing(roles []string) []string {
	var out []string
	for _, role := range roles {
		if !slices.ContainsFunc(a.SignOffs, func(s SignOff) bool { return sameRole(s.Role, role) }) {
			out = append(out, role)
		}
	}
	return out
}

func sameRole(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}

func (a Advisory) checkSignOffs() error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("advisory: sign-off: "+format, args...))
	}
	if (a.Status == StatusFinal) != (len(a.SignOffs) > 0) {
		fail("%d of them do not fit status %q", len(a.SignOffs), a.Status)
	}
	last := a.Proposed.At
	for i, s := range a.SignOffs {
		if blank(s.By) || blank(s.Role) || blank(s.Why) || s.At.IsZero() {
			fail("by %q: who, role, time or reason is missing", s.By)
		}
		if assess.SamePerson(s.By, a.Proposed.By) {
			fail("by %q, who drafted it: %w", s.By, assess.ErrSamePerson)
		}
		if slices.ContainsFunc(a.SignOffs[:i], func(o SignOff) bool { return assess.SamePerson(o.By, s.By) }) {
			fail("by %q: twice", s.By)
		}
		if s.At.Before(last) {
			fail("by %q: at %s, before %s", s.By, stamp(s.At), stamp(last))
		}
		last = s.At
		if !s.Identity.Valid() {
			fail("by %q: identity note %q is not known", s.By, s.Identity)
		}
		if s.Digest != a.Digest() {
			fail("by %q: the content is not what was signed", s.By)
		}
	}
	return errors.Join(errs...)
}

// Save keeps a in its drawer, in an act of its own, unless the ledger says
// exactly that already. It checks what a alone cannot tell: a draft is written by
// the one who drafted it; a sign-off by the one who signs, one at a time, and
// only of a draft that the ledger holds as its author wrote it (ErrUnrecorded);
// no revision or sign-off that was kept is lost, and none is skipped
// (ErrHistory); and a revision asks no less than the one before without a reason
// (see Update). In a ledger that knows nothing of a yet, the revisions before it
// are taken as they are said. Whether the writer is who he says is for the
// ledger's Authorize.
func Save(ctx context.Context, l *store.Ledger, by store.By, a Advisory, refs ...store.Ref) error {
	if err := a.Validate(); err != nil {
		return err
	}
	return l.Do(ctx, by, func(tx *store.Tx) error {
		before, entry, err := Advisories.Find(tx, a.Key())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := a.follows(before, entry.Who, by.Who); err != nil {
			return err
		}
		_, err = Advisories.PutIfChanged(tx, a, refs...)
		return err
	})
}

// What the ledger says against an advisory.
var (
	// ErrHistory: the record was to be replaced by one that forgets a revision or
	// a sign-off, tells of a revision that never was, or asks less of it without a
	// reason; or a delivery by one that forgets or changes a try or a proof.
	ErrHistory = errors.New("advisory: that is not what was kept, with something added")
	// ErrUnrecorded: the ledger does not hold it as those wrote it whom it names.
	ErrUnrecorded = errors.New("advisory: not so in the ledger")
)

// follows checks that who may write a after before, which writer wrote; there
// may be none.
func (a Advisory) follows(before Advisory, writer, who string) error {
	kept := 0 // sign-offs of a that the ledger holds already
	if last := len(before.Revisions); last > 0 {
		done := before.Revisions
		if before.Status != StatusFinal {
			done = done[:last-1] // a draft may be replaced
		}
		if len(a.Revisions) < len(done) || len(a.Revisions) > len(done)+1 {
			return ErrHistory
		}
		// A first draft was never issued, and binds nobody.
		if last > 1 || len(done) == last {
			if err := a.eases(before); err != nil && a.Digest() != before.Digest() {
				return fmt.Errorf("%w: %w", ErrHistory, err)
			}
		}
		for i, r := range done {
			if !r.Date.Equal(a.Revisions[i].Date) || r.Summary != a.Revisions[i].Summary {
				return ErrHistory
			}
		}
		if before.Status == StatusFinal && len(a.Revisions) == len(done) {
			kept = len(before.SignOffs)
			if len(a.SignOffs) < kept || !slices.EqualFunc(before.SignOffs, a.SignOffs[:kept], sameSignOff) {
				return ErrHistory
			}
		}
	}
	fresh := a.SignOffs[kept:]
	for _, s := range fresh {
		if s.By != who {
			return fmt.Errorf("advisory: the sign-off by %q was to be written by %q", s.By, who)
		}
	}
	switch same := before.Status == StatusDraft && before.Digest() == a.Digest(); {
	case a.Status == StatusDraft && !same && a.Proposed.By != who:
		return fmt.Errorf("advisory: the draft by %q was to be written by %q", a.Proposed.By, who)
	case kept == 0 && len(fresh) > 0 && (!same || writer != a.Proposed.By):
		return fmt.Errorf("%w: no draft of this content, written by %q, was there to be signed", ErrUnrecorded, a.Proposed.By)
	}
	return nil
}

// recorded checks that l says exactly a: its draft written by who drafted it,
// and after that each sign-off by who signed.
func (a Advisory) recorded(ctx context.Context, l *store.Ledger) error {
	if l == nil {
		return fmt.Errorf("%w: there is no ledger", ErrUnrecorded)
	}
	var latest Advisory
	drafted, signed := false, map[int]bool{}
	for e, err := range Advisories.History(ctx, l, a.ID) {
		if err != nil {
			return err
		}
		if latest, err = Advisories.Decode(e); err != nil {
			return err
		}
		if latest.Digest() != a.Digest() {
			continue
		}
		if latest.Status == StatusDraft && e.Who == a.Proposed.By {
			drafted = true
		}
		// The last one is what this entry added.
		if i := len(latest.SignOffs) - 1; drafted && i >= 0 && i < len(a.SignOffs) &&
			e.Who == a.SignOffs[i].By && sameSignOff(latest.SignOffs[i], a.SignOffs[i]) {
			signed[i] = true
		}
	}
	switch {
	case latest.ID == "":
		return fmt.Errorf("%w: there is no advisory %q", ErrUnrecorded, a.ID)
	case latest.Digest() != a.Digest() || !slices.EqualFunc(latest.SignOffs, a.SignOffs, sameSignOff):
		return fmt.Errorf("%w: the latest of %q is another", ErrUnrecorded, a.ID)
	case !drafted:
		return fmt.Errorf("%w: %q did not write this draft of %q", ErrUnrecorded, a.Proposed.By, a.ID)
	}
	for i, s := range a.SignOffs {
		if !signed[i] {
			return fmt.Errorf("%w: %q did not write the sign-off of %q", ErrUnrecorded, s.By, a.ID)
		}
	}
	return nil
}

func sameSignOff(a, b SignOff) bool {
	at := a.At.Equal(b.At)
	a.At, b.At = time.Time{}, time.Time{}
	return at && a == b
}
