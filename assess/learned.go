package assess

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

const moving = "moving the instant of learning"

// MoveLearned moves the instant at which the maker learned to c.To. The caller
// fills in To, By, Why and At; From is ours to fill. To an earlier time a reason
// is enough. To a later one, which postpones FDA's marks, c.Approval must be by
// another person than c.By, and Save wants c proposed before: see
// ProposeLearned. Both dates stay in the record.
func (a Assessment) MoveLearned(c LearnedChange) (Assessment, error) {
	c, err := a.change(c)
	switch {
	case err != nil:
		return a, err
	case c.To.Before(c.From):
		c.Approval = nil
	case c.Approval == nil:
		return a, fmt.Errorf("assess: %s to a later time needs an approval", moving)
	default:
		ap, err := c.Approval.check(moving, c.At, c.By)
		if err != nil {
			return a, err
		}
		if ap.Digest, err = c.content(); err != nil {
			return a, err
		}
		c.Approval = &ap
	}
	a.Instants.Learned, a.Instants.LearnedWhy = c.To, c.Why
	a.Instants.Moved = append(slices.Clip(a.Instants.Moved), c)
	a.Instants.Pending = nil
	return a, nil
}

// ProposeLearned returns a with a move of the instant of learning to a later
// time proposed in Instants.Pending. It has no force until MoveLearned is given
// the same move with an approval.
func (a Assessment) ProposeLearned(c LearnedChange) (Assessment, error) {
	c, err := a.change(c)
	if err != nil {
		return a, err
	}
	if c.To.Before(c.From) {
		return a, fmt.Errorf("assess: %s to an earlier time needs no proposal", moving)
	}
	c.Approval = nil
	a.Instants.Pending = &c
	return a, nil
}

// change returns c as it is kept, whether or not it is approved.
func (a Assessment) change(c LearnedChange) (LearnedChange, error) {
	if a.Finding == "" {
		return c, &StateError{To: Opened, Why: "the assessment was not opened"}
	}
	s, err := Step{By: c.By, At: c.At, Why: c.Why}.check(moving)
	if err != nil {
		return c, err
	}
	c.At, c.To, c.From = s.At, micro(c.To), a.Instants.Learned
	return c, c.check()
}

// check says what is wrong with the instants of c.
func (c LearnedChange) check() error {
	switch {
	case c.To.IsZero():
		return fmt.Errorf("assess: %s: the new time is missing", moving)
	case c.To.Equal(c.From):
		return fmt.Errorf("assess: %s: it is %s already", moving, c.From.Format(time.RFC3339))
	case c.To.After(c.At):
		return fmt.Errorf("assess: %s: %s lies after the move itself", moving, c.To.Format(time.RFC3339))
	}
	return nil
}

// content is the digest of c without its approval.
func (c LearnedChange) content() (string, error) {
	c.Approval = nil
	return digest("postmarket learned 1", c)
}

func (a Assessment) checkInstants() error {
	i := a.Instants
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("assess: learned: "+format, args...)) }
	if i.Learned.IsZero() || blank(i.LearnedWhy) {
		fail("instant or reason is missing")
	}
	want, _ := learned(i.Seen, i.Signal)
	why := i.LearnedWhy
	for n, c := range i.Moved {
		if !c.From.Equal(want) {
			fail("move %d does not begin where the one before ended", n+1)
		}
		want, why = c.To, c.Why
		if _, err := (Step{By: c.By, At: c.At, Why: c.Why}).check("learned"); err != nil {
			errs = append(errs, err)
		}
		if err := c.check(); err != nil {
			errs = append(errs, err)
		}
		if c.To.After(c.From) {
			if _, err := c.Approval.check("learned", c.At, c.By); err != nil {
				errs = append(errs, err)
			} else if now, err := c.content(); err != nil || now != c.Approval.Digest {
				fail("move %d is not the one that %q approved", n+1, c.Approval.By)
			}
		}
	}
	if i.LearnedWhy != why {
		fail("the reason is not that of the last move")
	}
	if !i.Learned.Equal(want) {
		fail("it is not the earlier of seen and signal, and no move says why")
	}
	if p := i.Pending; p != nil {
		_, err := Step{By: p.By, At: p.At, Why: p.Why}.check("learned")
		errs = append(errs, err, p.check())
		if !p.From.Equal(i.Learned) || !p.To.After(p.From) || p.Approval != nil {
			fail("the move that is proposed is not one from %s to a later time", i.Learned.Format(time.RFC3339))
		}
	}
	if (a.State() == Determined) == i.Determined.IsZero() {
		fail("the instant of determination does not fit the state %q", a.State())
	}
	return errors.Join(errs...)
}
