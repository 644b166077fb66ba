package monitor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// Config is what a Monitor works with. Ledger and Mirror are required.
type Config struct {
	Ledger  *store.Ledger
	Mirror  feeds.Mirror
	Sources []feeds.Source
	// Notify is told of what changed. Nil means nobody is.
	Notify notify.Notifier
	// Gate is asked before anything is told; required with Notify.
	Gate tlp.Gate
	// Setting says what the host knows of a product that decisions rest on. Nil means
	// nothing.
	Setting func(ctx context.Context, product string) (match.Setting, error)
	// Who is the subject id under which the monitor writes. Empty means "monitor".
	Who string
	// Progress, if set, is called as a sync moves on.
	Progress func(feeds.Progress)
	// Log takes what happens; nil discards it.
	Log *slog.Logger
}

// A Monitor watches the products that its ledger holds.
type Monitor struct {
	c Config
}

// New returns a Monitor, or everything that is missing in c at once.
func New(c Config) (*Monitor, error) {
	var errs []error
	if c.Ledger == nil {
		errs = append(errs, errors.New("monitor: no ledger"))
	}
	if c.Mirror == nil {
		errs = append(errs, errors.New("monitor: no mirror"))
	}
	if c.Notify != nil && c.Gate == nil {
		errs = append(errs, errors.New("monitor: a notifier without a gate"))
	}
	names := map[string]bool{}
	for _, s := range c.Sources {
		if s == nil {
			errs = append(errs, errors.New("monitor: a source is nil"))
			continue
		}
		if err := feeds.CheckName(s.Name()); err != nil {
			errs = append(errs, err)
		}
		if names[s.Name()] {
			errs = append(errs, fmt.Errorf("monitor: two sources are named %q", s.Name()))
		}
		names[s.Name()] = true
	}
	if c.Who == "" {
		c.Who = "monitor"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Monitor{c}, errors.Join(errs...)
}

// A Report says what one step did.
type Report struct {
	At       time.Time
	Sources  []Synced
	Products []Looked
	// Differ are the judgments that were found to differ although flaw and
	// deployment do not, for a reviewer: see [assess.Reconcile].
	Differ []assess.Inconsistency
}

// Synced is what became of one source.
type Synced struct {
	feeds.Synced
	// Err is why the reading failed; nil when it did not.
	Err error
}

// Looked is what was found of one product.
type Looked struct {
	Product string
	// Components counts those of the BOM, without the root; Evaluated those that
	// at least one source could speak of.
	Components, Evaluated int
	Findings              int
	// Events are what changed since the last look.
	Events []match.Event
	// Reopened are the decisions whose tripwires were tripped, as they were before
	// they were re-opened.
	Reopened []assess.Trip
	// Told says that a message went out; Held is why one did not.
	Told bool
	Held string
	Err  error
}

// Step walks once, as of at: sync, match, re-open the decisions whose tripwires were
// tripped, hold judgments against each other, notify. A source that fails does not
// keep the others, nor the products, from being looked at with what the mirror
// holds; every failure is in the report and, joined, in the error. What changed
// is kept in one act with the message that tells of it, and a message that could
// not be delivered, or was held, is tried again by every later step: it is
// delivered at least once, under the same ID.
func (m *Monitor) Step(ctx context.Context, at time.Time) (Report, error) {
	at = at.UTC().Truncate(time.Microsecond)
	report := Report{At: at}
	var errs []error
	for _, s := range m.c.Sources {
		done, err := feeds.Sync(ctx, s, m.c.Mirror, &feeds.SyncOptions{At: at, Progress: m.c.Progress})
		report.Sources = append(report.Sources, Synced{done, err})
		errs = append(errs, err)
		m.c.Log.InfoContext(ctx, "source synced", "source", s.Name(), "records", done.Records,
			"gone", done.Gone, "quarantined", len(done.Rejected), "failed", err != nil)
		if ctx.Err() != nil {
			return report, errors.Join(errs...)
		}
	}
	for p, err := range device.Products.All(ctx, m.c.Ledger, "") {
		if err != nil {
			return report, errors.Join(append(errs, err)...)
		}
		looked := m.product(ctx, p, at)
		report.Products = append(report.Products, looked)
		errs = append(errs, looked.Err)
	}
	var err error
	if report.Differ, err = m.reconcile(ctx); err != nil {
		errs = append(errs, fmt.Errorf("monitor: judgments: %w", err))
	}
	if _, _, err := m.tell(ctx, everything); err != nil {
		errs = append(errs, fmt.Errorf("monitor: judgments: %w", err))
	}
	return report, errors.Join(errs...)
}

// product looks at one product, keeps what changed and tells of it.
func (m *Monitor) product(ctx context.Context, p device.Product, at time.Time) Looked {
	looked := Looked{Product: p.ID}
	fail := func(err error) Looked {
		looked.Err = fmt.Errorf("monitor: product %q: %w", p.ID, err)
		return looked
	}
	result, position, err := m.match(ctx, p.ID, (*match.Index).Find)
	if err != nil {
		return fail(err)
	}
	looked.Components, looked.Evaluated = result.Seen()
	looked.Findings = len(result.Findings)
	by := store.By{Who: m.c.Who, Why: "look at " + p.ID}
	err = m.c.Ledger.Do(ctx, by, func(tx *store.Tx) error {
		state, err := match.States.Get(tx, p.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		var next match.State
		next, looked.Events = state.Next(p.ID, result.Findings, position, at)
		if next.Product == "" { // nothing is found and nothing ever was: there is no state to keep
			return nil
		}
		if _, err := match.States.PutIfChanged(tx, next); err != nil || len(looked.Events) == 0 {
			return err
		}
		return m.owe(tx, p, result.Findings, looked.Events, at)
	})
	if err != nil {
		looked.Events = nil
		return fail(err)
	}
	var again, told error
	looked.Reopened, again = m.reopen(ctx, p, result.Findings, at)
	looked.Told, looked.Held, told = m.tell(ctx, p.ID)
	if err := errors.Join(again, told); err != nil {
		return fail(err)
	}
	return looked
}

// Look holds what the mirror says now against a product's BOM, without a sync
// and without keeping anything. It lists what was rejected too. Findings carry when they were first seen, if a
// step has seen them. A product without a BOM is store.ErrNotFound.
func (m *Monitor) Look(ctx context.Context, product string) (match.Result, error) {
	result, position, err := m.match(ctx, product, (*match.Index).Explain)
	if err != nil {
		return match.Result{}, fmt.Errorf("monitor: product %q: %w", product, err)
	}
	state, _, err := match.States.Latest(ctx, m.c.Ledger, product)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return match.Result{}, err
	}
	_, events := state.Next(product, result.Findings, position, time.Time{})
	for _, e := range events {
		m.c.Log.DebugContext(ctx, "not yet kept", "finding", e.Finding, "change", string(e.Change))
	}
	return result, nil
}

func (m *Monitor) match(
	ctx context.Context, product string, look func(*match.Index, string, sbom.BOM) match.Result,
) (match.Result, int64, error) {
	filed, _, err := sbom.Files.Latest(ctx, m.c.Ledger, product)
	if err != nil {
		return match.Result{}, 0, err
	}
	var sources []string
	for _, s := range m.c.Sources {
		if feeds.Matches(s) {
			sources = append(sources, s.Name())
		}
	}
	index, err := match.Gather(ctx, m.c.Mirror, sources, filed.BOM)
	if err != nil {
		return match.Result{}, 0, err
	}
	result := look(index, product, filed.BOM)
	if result.Findings, err = m.decide(ctx, product, filed.BOM, result.Findings); err != nil {
		return match.Result{}, 0, err
	}
	position, err := match.Date(ctx, m.c.Mirror, result.Findings)
	return result, position, err
}

// decide holds against the findings what the ledger holds of decisions and what the BOM states.
func (m *Monitor) decide(ctx context.Context, product string, bom sbom.BOM, findings []match.Finding) ([]match.Finding, error) {
	var now match.Setting
	if m.c.Setting != nil {
		var err error
		if now, err = m.c.Setting(ctx, product); err != nil {
			return nil, err
		}
	}
	decisions, passed := match.FromBOM(product, bom, findings)
	for _, p := range passed {
		m.c.Log.InfoContext(ctx, "statement of the BOM does not count as it stands", "vulnerability", p.Statement.Vulnerability, "why", p.Why)
	}
	for d, err := range match.Decisions.All(ctx, m.c.Ledger, "") {
		if err != nil {
			return nil, err
		}
		decisions = append(decisions, d)
	}
	return match.Decide(findings, bom, decisions, now)
}
