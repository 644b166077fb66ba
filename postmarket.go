package postmarket

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/monitor"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// Config says what a Program is made of. Store and Mirror are required.
type Config struct {
	// Store keeps the ledger: who changed what, when and why.
	Store store.Driver
	// Mirror keeps the local copy of what the sources say.
	Mirror feeds.Mirror
	// Vault keeps personal data that can be erased. Nil means there is none.
	Vault store.Vault
	// Sources are read by every Check, in this order.
	Sources []feeds.Source
	// Notify is told of what changed. Nil means nobody is.
	Notify notify.Notifier
	// Gate is asked before anything leaves. It is required with Notify;
	// tlp.LabelsOnly is the gate of a program that keeps no cases.
	Gate tlp.Gate
	// Authorize decides whether an act may be done. Nil means that only the
	// separation of duties is enforced.
	Authorize func(context.Context, store.Act) error
	// Setting says what the host knows of a product that decisions rest on: its build, and
	// the controls in place. Nil means nothing.
	Setting func(ctx context.Context, product string) (match.Setting, error)
	// Now tells the time. Nil means time.Now.
	Now func() time.Time
	// Progress, if set, is called as a sync moves on.
	Progress func(feeds.Progress)
	// Log takes what happens. Nil discards it.
	Log *slog.Logger
}

// A Program is one maker's post-market watch, wired. It is safe for use by
// many goroutines when its store and mirror are.
type Program struct {
	ledger  *store.Ledger
	monitor *monitor.Monitor
	now     func() time.Time
	vault   store.Vault
}

// New wires a Program. It reports everything that is missing in c at once.
func New(c Config) (*Program, error) {
	var errs []error
	if c.Store == nil {
		errs = append(errs, errors.New("postmarket: Config.Store is missing"))
	}
	if c.Mirror == nil {
		errs = append(errs, errors.New("postmarket: Config.Mirror is missing"))
	}
	if c.Notify != nil && c.Gate == nil {
		errs = append(errs, errors.New("postmarket: Config.Notify needs Config.Gate"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	ledger := store.New(c.Store, &store.Options{Now: c.Now, Authorize: c.Authorize})
	m, err := monitor.New(monitor.Config{
		Ledger: ledger, Mirror: c.Mirror, Sources: c.Sources, Notify: c.Notify, Gate: c.Gate,
		Progress: c.Progress, Log: c.Log, Setting: c.Setting,
	})
	if err != nil {
		return nil, err
	}
	return &Program{ledger: ledger, monitor: m, now: c.Now, vault: c.Vault}, nil
}

// Ledger returns the ledger, for the rooms that keep their own records in it.
func (p *Program) Ledger() *store.Ledger { return p.ledger }

// Vault returns the vault, or nil.
func (p *Program) Vault() store.Vault { return p.vault }

// Add files a product and its BOM in one act. Each takes the place of what is there
// under the same id: so a deployment that changed is filed too, and the next Check
// re-opens what rested on the one before. Filing the same again writes nothing.
func (p *Program) Add(ctx context.Context, by store.By, product device.Product, bom sbom.BOM) error {
	if err := product.Validate(); err != nil {
		return err
	}
	if bom.Root.Name == "" && len(bom.Components) == 0 {
		return fmt.Errorf("postmarket: the BOM of %q names nothing", product.ID)
	}
	return p.ledger.Do(ctx, by, func(tx *store.Tx) error {
		if _, err := device.Products.PutIfChanged(tx, product); err != nil {
			return err
		}
		_, err := sbom.Files.PutIfChanged(tx, sbom.Filed{Product: product.ID, BOM: bom})
		return err
	})
}

// Check is one look at everything, now: sync, match, notify. Failures of single
// sources and products are in the Result and, joined, in the error; the rest is done.
func (p *Program) Check(ctx context.Context) (Result, error) {
	report, err := p.monitor.Step(ctx, p.now())
	return Result{report}, err
}

// Result is what one Check did.
type Result struct{ monitor.Report }

// String tells it in a few lines.
func (r Result) String() string {
	var b strings.Builder
	for _, s := range r.Sources {
		fmt.Fprintf(&b, "%s: %d records", s.Source, s.Records)
		if n := len(s.Rejected); n > 0 {
			fmt.Fprintf(&b, ", %d quarantined", n)
		}
		if s.Gone > 0 {
			fmt.Fprintf(&b, ", %d gone", s.Gone)
		}
		if s.Err != nil {
			fmt.Fprintf(&b, ", failed: %v", s.Err)
		}
		b.WriteByte('\n')
	}
	for _, l := range r.Products {
		fmt.Fprintf(&b, "%s: %d of %d components evaluated, %d findings, %d changes", l.Product, l.Evaluated, l.Components, l.Findings, len(l.Events))
		for i, t := range l.Reopened {
			lead := ", re-opened:"
			if i > 0 {
				lead = ","
			}
			fmt.Fprintf(&b, "%s %s", lead, t.Assessment.Vulnerability)
		}
		if l.Held != "" {
			fmt.Fprintf(&b, ", message held: %s", l.Held)
		}
		if l.Err != nil {
			fmt.Fprintf(&b, ", failed: %v", l.Err)
		}
		b.WriteByte('\n')
	}
	for _, i := range r.Differ {
		fmt.Fprintf(&b, "for a reviewer: %s\n", i)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Look holds what the mirror says now against a product's BOM: findings,
// rejected and undecided candidates, leads, coverage. It syncs and keeps nothing.
func (p *Program) Look(ctx context.Context, product string) (match.Result, error) {
	return p.monitor.Look(ctx, product)
}

// Findings yields the findings of a product as [Program.Look] has them, by key.
func (p *Program) Findings(ctx context.Context, product string) iter.Seq2[match.Finding, error] {
	return func(yield func(match.Finding, error) bool) {
		result, err := p.Look(ctx, product)
		if err != nil {
			yield(match.Finding{}, err)
			return
		}
		for _, f := range result.Findings {
			if !yield(f, nil) {
				return
			}
		}
	}
}
