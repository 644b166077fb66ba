package device

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
)

// Stage is what the maker does for a product, in the names of IMDRF N70. It says
// nothing of whether the product is in clinical use. The zero value means not said.
type Stage string

// The stages, in order. That the end of life comes last is our own convention: see
// [StageBook].
const (
	Development    Stage = "development"
	Supported      Stage = "supported"
	LimitedSupport Stage = "limited support"
	EndOfSupport   Stage = "end of support"
	EndOfLife      Stage = "end of life"
)

var stageOrder = [...]Stage{Development, Supported, LimitedSupport, EndOfSupport, EndOfLife}

// Valid reports whether s is one of the stages; the zero value is not.
func (s Stage) Valid() bool { return s.place() >= 0 }

func (s Stage) place() int { return slices.Index(stageOrder[:], s) }

// StageBook says what the stages mean and where their names come from.
type StageBook struct {
	About string `json:"about"`
	// Label must be shown beside the names.
	Label    string        `json:"label"`
	Citation rule.Citation `json:"citation"`
	Stages   []struct {
		Stage Stage  `json:"stage"`
		Means string `json:"means"`
	} `json:"stages"`
}

//go:embed stages.json
var stageFile embed.FS

var stages = sync.OnceValues(func() (StageBook, error) { return LoadStages(stageFile, "stages.json") })

// Stages returns the book that comes with the library.
func Stages() (StageBook, error) { return stages() }

// LoadStages reads a book from the file name of fsys. It must explain every stage
// once, in order, and cite its source.
func LoadStages(fsys fs.FS, name string) (StageBook, error) {
	var b StageBook
	if _, err := strictjson.Read(fsys, name, &b); err != nil {
		return StageBook{}, fmt.Errorf("device: stages %q: %w", name, err)
	}
	err := b.Citation.Check()
	if b.Label == "" {
		err = errors.Join(err, errors.New("no label"))
	}
	var order []Stage
	for _, s := range b.Stages {
		order = append(order, s.Stage)
		if s.Means == "" {
			err = errors.Join(err, fmt.Errorf("stage %q is not explained", s.Stage))
		}
	}
	if !slices.Equal(order, stageOrder[:]) {
		err = errors.Join(err, fmt.Errorf("the stages are not %q", stageOrder))
	}
	if err != nil {
		return StageBook{}, fmt.Errorf("device: stages %q: %w", name, err)
	}
	return b, nil
}

// A Life is how far one product has come, and what is planned.
type Life struct {
	// Product is the ID of the [Product].
	Product string `json:"product"`
	// Stage is the present one, Since when it was entered: an instant in UTC.
	Stage Stage     `json:"stage"`
	Since time.Time `json:"since"`
	// By and Why belong to the last move. The ledger keeps the earlier ones.
	By  string `json:"by"`
	Why string `json:"why"`
	// Planned are later stages with the day on which each is to begin, in order.
	Planned []Planned `json:"planned,omitempty"`
	// Ended is the day on which support ended, in UTC ("2024-06-30"). It is kept
	// by the moves that follow; empty before that, and in records of old.
	Ended string `json:"ended,omitempty"`
}

// Planned is a stage that is announced for a day ("2028-06-30").
type Planned struct {
	Stage Stage  `json:"stage"`
	On    string `json:"on"`
}

// Key returns the product's ID.
func (l Life) Key() string { return l.Product }

// Lives is the drawer of the ledger that holds the stages of products.
const Lives store.Kind[Life] = "device.life"

// StageError says that a product cannot go from one stage to another.
type StageError struct {
	Product  string
	From, To Stage
	Why      string
}

func (e *StageError) Error() string {
	return fmt.Sprintf("device: product %q from %q to %q: %s", e.Product, e.From, e.To, e.Why)
}

// Move returns l in the later stage to, entered at the given instant. A stage may
// be passed over; none comes back: a product that is taken up again is a correction
// of the record, see [Life.Correct]. What was planned up to that stage is dropped.
func (l Life) Move(to Stage, by, why string, at time.Time) (Life, error) {
	switch {
	case to.Valid() && l.Stage.Valid() && to.place() <= l.Stage.place():
		return Life{}, &StageError{l.Product, l.Stage, to, "a stage does not come back"}
	case !l.Since.IsZero() && at.Before(l.Since):
		return Life{}, &StageError{l.Product, l.Stage, to, "before the present stage began"}
	}
	ended, _ := l.ended()
	return l.set(to, by, why, at, ended)
}

// Correct returns l with another stage, earlier ones included, because the record
// was wrong or the maker took the product up again.
//
// The day support ended stays, unless it is the beginning of the stage that is
// corrected or comes after the instant given: then it is that of the correction.
func (l Life) Correct(to Stage, by, why string, at time.Time) (Life, error) {
	ended, _ := l.ended()
	if today := at.UTC().Format(time.DateOnly); ended > today || to == l.Stage && ended == l.Since.UTC().Format(time.DateOnly) {
		ended = ""
	}
	return l.set(to, by, why, at, ended)
}

// set enters to; ended is the day on which support ended before, or empty.
func (l Life) set(to Stage, by, why string, at time.Time, ended string) (Life, error) {
	switch {
	case !to.Valid():
		return Life{}, &StageError{l.Product, l.Stage, to, "not a stage"}
	case strings.TrimSpace(by) == "" || strings.TrimSpace(why) == "" || at.IsZero():
		return Life{}, &StageError{l.Product, l.Stage, to, "nobody, no reason or no time"}
	}
	switch {
	case to.place() < EndOfSupport.place():
		ended = ""
	case ended == "":
		ended = at.UTC().Format(time.DateOnly)
	}
	l.Ended = ended
	l.Stage, l.Since, l.By, l.Why = to, at.UTC(), by, why
	l.Planned = slices.DeleteFunc(slices.Clone(l.Planned), func(p Planned) bool { return p.Stage.place() <= to.place() })
	if len(l.Planned) == 0 {
		l.Planned = nil // as a ledger gives it back
	}
	return l, l.Validate()
}

// Validate reports everything that is missing or wrong in l, at once.
func (l Life) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("device: life of %q: "+format, append([]any{l.Product}, args...)...))
	}
	if strings.TrimSpace(l.Product) == "" {
		bad("no product")
	}
	if !l.Stage.Valid() {
		bad("stage %q is not known", l.Stage)
	}
	if l.Since.IsZero() || strings.TrimSpace(l.By) == "" || strings.TrimSpace(l.Why) == "" {
		bad("it is not said since when, by whom or why")
	}
	if l.Ended != "" {
		if _, err := time.Parse(time.DateOnly, l.Ended); err != nil || l.Stage.place() < EndOfSupport.place() {
			bad("support is said to have ended on %q, in the stage %q", l.Ended, l.Stage)
		} else if !l.Since.IsZero() && l.Ended > l.Since.UTC().Format(time.DateOnly) {
			bad("support is said to have ended on %q, after the present stage began", l.Ended)
		}
	}
	last := Planned{Stage: l.Stage}
	for _, p := range l.Planned {
		if _, err := time.Parse(time.DateOnly, p.On); err != nil || !p.Stage.Valid() {
			bad("planned %q on %q is no stage or no day", p.Stage, p.On)
			continue
		}
		if p.Stage.place() <= last.Stage.place() || p.On < last.On {
			bad("planned %q on %q does not follow what is before it", p.Stage, p.On)
		}
		last = p
	}
	return errors.Join(errs...)
}

// SupportEnds returns the day on which support is planned to end, or ended
// ("2028-06-30" in UTC). ok is false when neither is stated.
func (l Life) SupportEnds() (day string, ok bool) {
	if day, ok = l.ended(); ok {
		return day, true
	}
	for _, p := range l.Planned {
		if p.Stage == EndOfSupport || p.Stage == EndOfLife {
			return p.On, true
		}
	}
	return "", false
}

// ended is the day on which support ended.
func (l Life) ended() (day string, ok bool) {
	switch {
	case l.Stage.place() < EndOfSupport.place():
		return "", false
	case l.Ended != "":
		return l.Ended, true
	}
	return l.Since.UTC().Format(time.DateOnly), true
}

// Overdue returns the planned stages whose day has come by at, counted in UTC,
// and that were not entered.
func (l Life) Overdue(at time.Time) []Planned {
	today := at.UTC().Format(time.DateOnly)
	var out []Planned
	for _, p := range l.Planned {
		if p.On <= today {
			out = append(out, p)
		}
	}
	return out
}
