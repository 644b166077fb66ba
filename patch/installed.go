package patch

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/assess"
)

// ErrRollback says that a release is not newer than what a device has had, and
// that no signed downgrade allows it.
var ErrRollback = errors.New("patch: an older release is not installed")

// A Downgrade lets the devices that run From go back to To: once, until Expires.
// It is proposed by one person and approved by another, and signed as its own
// statement.
type Downgrade struct {
	Product string `json:"product"`
	// From and To are sequences; To is the lower one.
	From int64  `json:"from"`
	To   int64  `json:"to"`
	Why  string `json:"why"`
	// Proposed and Approved are by two persons.
	Proposed Proposed        `json:"proposed"`
	Approved assess.Approval `json:"approved"`
	Expires  time.Time       `json:"expires"`
}

// Check says what is missing or wrong in d, all at once, or nil.
func (d Downgrade) Check() error {
	var errs []error
	if blank(d.Product) || d.To < 1 || d.To >= d.From || blank(d.Why) || d.Proposed.At.IsZero() || !d.Expires.After(d.Approved.At) {
		errs = append(errs, errors.New("patch: downgrade: product, why, when, a lower sequence or an end after the approval is missing"))
	}
	if err := assess.CheckPerson(d.Proposed.By); err != nil {
		errs = append(errs, fmt.Errorf("patch: downgrade: %w", err))
	}
	if _, err := d.Approved.Check("downgrade", d.Proposed.At, d.Proposed.By); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Sign returns d as an in-toto statement in a DSSE envelope.
func (d Downgrade) Sign(signers ...crypto.Signer) (Envelope, error) {
	if err := d.Check(); err != nil {
		return Envelope{}, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s #%d", d.Product, d.From))
	about := subject{Name: fmt.Sprintf("%s #%d", d.Product, d.From), Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}
	return seal(downgradePred, []subject{about}, d, signers)
}

// OpenDowngrade returns the downgrade that e holds, if it is signed as t asks and
// complete. A host trusts fewer, or more, keys for it than for a release.
func OpenDowngrade(e Envelope, t Trust) (Downgrade, error) {
	var d Downgrade
	if _, err := unseal(e, downgradePred, t, &d); err != nil {
		return Downgrade{}, err
	}
	if err := d.Check(); err != nil {
		return Downgrade{}, err
	}
	return d, nil
}

// Installed is what a device remembers of its software. It changes only when the
// new version runs; an update that is cut off leaves it as it was.
type Installed struct {
	Product  string `json:"product"`
	Version  string `json:"version"`
	Sequence int64  `json:"sequence"`
	// Highest is the highest sequence that ever ran. Nothing at or below it is
	// installed without a downgrade, not even after one; so what a downgrade left
	// never runs again, and none can be used twice.
	Highest int64 `json:"highest"`
	// Next is the release that is staged and not yet run; nil is none.
	Next *Staged `json:"next,omitempty"`
}

// Staged is a release whose files are on the device and checked.
type Staged struct {
	Version  string `json:"version"`
	Sequence int64  `json:"sequence"`
}

// Trusted are the keys that a device trusts, and how many have to have signed: for
// releases, and for downgrades, which may ask for fewer keys or for more.
type Trusted struct{ Release, Downgrade Trust }

// Stage returns i with the release of e staged, after every file of it was compared
// with what open returns. What is not signed as t asks is refused (ErrSignature). A
// release of another product, over another version, or not newer (ErrRollback, unless
// the downgrade of d allows it at at; d nil is none) is refused, and so is a file that
// is missing, cut short or different: i comes back then. Staged again, it starts anew.
func (i Installed) Stage(e Envelope, d *Envelope, t Trusted, at time.Time, open func(name string) ([]byte, error)) (Installed, error) {
	r, err := OpenRelease(e, t.Release)
	if err != nil {
		return i, err
	}
	if d == nil {
		return i.stage(r, nil, at, open)
	}
	down, err := OpenDowngrade(*d, t.Downgrade)
	if err != nil {
		return i, err
	}
	return i.stage(r, &down, at, open)
}

func (i Installed) stage(r Release, d *Downgrade, at time.Time, open func(name string) ([]byte, error)) (Installed, error) {
	if r.Product != i.Product {
		return i, fmt.Errorf("patch: a release of %q is not for %q", r.Product, i.Product)
	}
	if r.Sequence <= max(i.Highest, i.Sequence) {
		switch {
		case d == nil:
			return i, fmt.Errorf("%w: %d is not above %d", ErrRollback, r.Sequence, max(i.Highest, i.Sequence))
		case d.Check() != nil || d.Product != i.Product || d.From != i.Sequence || d.To != r.Sequence:
			return i, fmt.Errorf("%w: the downgrade is from %d to %d of %q", ErrRollback, d.From, d.To, d.Product)
		case at.After(d.Expires) || at.Before(d.Approved.At):
			return i, fmt.Errorf("%w: the downgrade holds from %s to %s", ErrRollback, d.Approved.At.Format(time.RFC3339), d.Expires.Format(time.RFC3339))
		}
	} else if !slices.Contains(r.From, i.Version) {
		return i, fmt.Errorf("patch: release %q is not installed over %q", r.Version, i.Version)
	}
	for _, f := range r.Files {
		body, err := open(f.Name)
		if err != nil {
			return i, fmt.Errorf("patch: release %q: %w", r.Version, err)
		}
		if !f.Holds(body) {
			return i, fmt.Errorf("patch: release %q: the file %q is not the one that was signed", r.Version, f.Name)
		}
	}
	i.Next = &Staged{Version: r.Version, Sequence: r.Sequence}
	return i, nil
}

// Ran returns i after the staged release has run and tested itself: only then
// does the device count it as installed. Failed leaves what ran before, and
// nothing staged. Without a staged release i comes back.
func (i Installed) Ran(failed bool) Installed {
	if i.Next != nil && !failed {
		i.Version, i.Sequence = i.Next.Version, i.Next.Sequence
		i.Highest = max(i.Highest, i.Sequence)
	}
	i.Next = nil
	return i
}
