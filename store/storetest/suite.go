package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/open-postmarket/postmarket/store"
)

// An Opener opens one place. Opened again after Close, it must find there what
// was kept.
type Opener func() (store.Driver, error)

// A Suite says how to come by the store to be tested.
type Suite struct {
	// Place makes a new, empty place for a store and returns its opener. It is
	// called at least once a promise, at times by several goroutines at once.
	Place func() (Opener, error)
	// Without names the promises that this store does not make, by their
	// sentences, each with the reason. Nil means that it makes them all.
	Without map[string]string
	// Patience is how long a promise may take before it counts as hanging. Zero
	// means 30 seconds.
	Patience time.Duration
}

// A VaultSuite is the Suite of a store.Vault.
type VaultSuite struct {
	// Place makes a new, empty place and returns how to open it. What is opened
	// is closed with Close.
	Place func() (VaultOpener, error)
	// Without and Patience are as in Suite.
	Without  map[string]string
	Patience time.Duration
}

// A VaultOpener opens one place of a vault.
type VaultOpener func() (ClosingVault, error)

// A ClosingVault is a vault that can be closed, as all here can.
type ClosingVault interface {
	store.Vault
	Close() error
}

// A PromiseError says which promise was broken and how.
type PromiseError struct {
	Promise string // the sentence
	Err     error
}

func (e *PromiseError) Error() string { return e.Promise + ": " + e.Err.Error() }

func (e *PromiseError) Unwrap() error { return e.Err }

// Run tests a driver, one subtest a promise.
func Run(t *testing.T, s Suite) {
	t.Helper()
	run(t, promises, s.Place, s.Without, s.Patience)
}

// Check tests a driver without a *testing.T. Its error joins a *PromiseError
// for each promise broken.
func Check(ctx context.Context, s Suite) error {
	return check(ctx, promises, s.Place, s.Without, s.Patience)
}

// RunVault tests a vault, one subtest a promise.
func RunVault(t *testing.T, s VaultSuite) {
	t.Helper()
	run(t, vaultPromises, s.Place, s.Without, s.Patience)
}

// CheckVault tests a vault without a *testing.T.
func CheckVault(ctx context.Context, s VaultSuite) error {
	return check(ctx, vaultPromises, s.Place, s.Without, s.Patience)
}

// promise is a sentence and what must hold for it to be true.
type promise[P any] struct {
	sentence string
	holds    func(ctx context.Context, place func() (P, error)) error
}

func run[P any](t *testing.T, all []promise[P], place func() (P, error), without map[string]string, patience time.Duration) {
	t.Helper()
	if err := known(all, without); err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		t.Run(p.sentence, func(t *testing.T) {
			if why, ok := without[p.sentence]; ok {
				t.Skip("not promised: " + why)
			}
			t.Parallel()
			if err := p.keep(t.Context(), place, patience); err != nil {
				t.Error(err)
			}
		})
	}
}

func check[P any](ctx context.Context, all []promise[P], place func() (P, error), without map[string]string, patience time.Duration) error {
	errs := []error{known(all, without)}
	for _, p := range all {
		if _, ok := without[p.sentence]; ok {
			continue
		}
		if err := p.keep(ctx, place, patience); err != nil {
			errs = append(errs, &PromiseError{p.sentence, err})
		}
	}
	return errors.Join(errs...)
}

// known refuses a sentence nobody promised: a typing error would hide a
// failure.
func known[P any](all []promise[P], without map[string]string) error {
	for w := range without {
		if !slices.ContainsFunc(all, func(p promise[P]) bool { return p.sentence == w }) {
			return fmt.Errorf("storetest: Without names %q, which is no promise", w)
		}
	}
	return nil
}

// keep is holds with an end: a store that waits for itself is reported and
// left behind.
func (p promise[P]) keep(ctx context.Context, place func() (P, error), patience time.Duration) error {
	if patience <= 0 {
		patience = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- fmt.Errorf("panics: %v", r)
			}
		}()
		done <- p.holds(ctx, place)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done: // it saw the end of ctx and has more to say
		return err
	case <-time.After(min(patience/2, 5*time.Second)):
		return fmt.Errorf("hangs, even after its context ended (%v)", patience)
	}
}
