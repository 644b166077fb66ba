package patch

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/store"
)

// The types that are written into signed statements. They never change.
const (
	StatementType = "https://in-toto.io/Statement/v1"
	PayloadType   = "application/vnd.in-toto+json"
	releasePred   = "https://github.com/open-postmarket/postmarket/patch/release/v1"
	downgradePred = "https://github.com/open-postmarket/postmarket/patch/downgrade/v1"
)

// Releases is the drawer of the ledger that holds them.
const Releases store.Kind[Release] = "patch.release"

// A Release is what the maker states, and signs, about one version of a product
// that is made available. MakeRelease makes it, Sign signs it, OpenRelease reads
// it back. Its zero value is of no use.
type Release struct {
	Schema int `json:"schema"`
	// Product is what the devices call themselves: the same over all versions
	// ("pump"). It is the id of the device.Line that the products of its changes
	// belong to, if it is not that of the one product itself.
	Product string `json:"product"`
	Version string `json:"version"`
	// Sequence is what devices compare: it goes up with every release of the
	// product, whatever the version is called. At least 1.
	Sequence int64 `json:"sequence"`
	// Changes are the keys of the changes that it carries.
	Changes []string `json:"changes"`
	// From are the versions that it may be installed over.
	From []string `json:"from"`
	// Files are what is installed; Documents the four release documents; SBOM and
	// VEX the bytes attached.
	Files     []File `json:"files"`
	Documents []File `json:"documents"`
	SBOM      File   `json:"sbom"`
	VEX       File   `json:"vex,omitzero"`
	// Performance is the result of the performance measurement; absent when it
	// was skipped or comes later.
	Performance File `json:"performance,omitzero"`
	// Interrupted says what the device does when the update is cut off, and Test
	// where that was tried.
	Interrupted string    `json:"interrupted"`
	Test        string    `json:"interrupted_test"`
	At          time.Time `json:"at"`
}

// A File is named bytes by their digest.
type File struct {
	Name   string `json:"name"`
	Digest string `json:"sha256"`
	Size   int64  `json:"size"`
}

// Attach describes body under name.
func Attach(name string, body []byte) File {
	sum := sha256.Sum256(body)
	return File{Name: name, Digest: hex.EncodeToString(sum[:]), Size: int64(len(body))}
}

// Holds reports whether body is what f describes.
func (f File) Holds(body []byte) bool { return f == Attach(f.Name, body) }

// Key returns the product and the sequence.
func (r Release) Key() string { return fmt.Sprintf("%s #%012d", r.Product, r.Sequence) }

// SchemaVersion is the version that the ledger keeps with each entry.
func (r Release) SchemaVersion() int { return Schema }

var documents = []string{"change-description", "installation", "rollback", "known-issues"}

// MakeRelease makes the statement of r for changes, each of which must be
// released (a *StateError lists what is missing) and fixed in r.Version. What a
// change was approved with must be what r attaches, by its digest: the four
// documents, the SBOM, the VEX and the performance result; and no VEX or result is
// attached that no change was approved with. r carries everything but Schema,
// Changes and At.
func MakeRelease(r Release, at time.Time, changes ...Change) (Release, error) {
	r.Schema, r.At, r.Changes = Schema, instant(at), nil
	r.From, r.Files, r.Documents = slices.Clone(r.From), slices.Clone(r.Files), slices.Clone(r.Documents)
	for _, c := range changes {
		r.Changes = append(r.Changes, c.Key())
	}
	slices.Sort(r.Changes)
	if err := errors.Join(r.binds(changes), r.Check()); err != nil {
		return Release{}, err
	}
	return r, nil
}

// bound are the needs whose document a release attaches.
var bound = slices.Concat(documents, []string{"sbom", "vex", "performance-result"})

// binds says what of r is not what changes, which are those that it names, were
// approved for.
func (r Release) binds(changes []Change) error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("patch: release %q: "+format, append([]any{r.Version}, args...)...))
	}
	if len(changes) == 0 {
		fail("it carries no change")
	}
	have, approved := r.attached(), map[string]bool{}
	for _, c := range changes {
		if err := c.Check(); err != nil {
			errs = append(errs, err)
			continue
		}
		if s := c.State(); place(s) < place(Released) {
			errs = append(errs, &StateError{From: s, To: Released, Why: fmt.Sprintf("change %q is not approved for release", c.Key()), Missing: c.Missing(Released)})
			continue
		}
		if c.Remedy.FixedIn != r.Version {
			fail("change %q is fixed in %q", c.Key(), c.Remedy.FixedIn)
		}
		if !slices.Contains(r.From, c.Branch) {
			fail("it is not installed over %q, which %q changes", c.Branch, c.Key())
		}
		if r.At.Before(c.releasedAt()) {
			fail("it is made before %q was approved", c.Key())
		}
		l := c.live()
		for _, need := range bound {
			p, shown := l.proofs[need]
			if !shown {
				continue
			}
			approved[need] = true
			switch f, ok := have[need]; {
			case p.Proof.Digest == "":
				fail("%q was approved with %q by a link alone, which binds nothing: reopen it and show its digest", c.Key(), need)
			case !ok || p.Proof.Digest != f.Digest:
				fail("%q is missing or not the one that %q was approved with", need, c.Key())
			}
		}
	}
	for _, need := range []string{"vex", "performance-result"} {
		if _, ok := have[need]; ok && !approved[need] {
			fail("%q is attached, and no change was approved with one", need)
		}
	}
	return errors.Join(errs...)
}

// attached are the files of r that stand for a need of a gate.
func (r Release) attached() map[string]File {
	out := map[string]File{"sbom": r.SBOM}
	for _, d := range r.Documents {
		out[d.Name] = d
	}
	if r.VEX != (File{}) {
		out["vex"] = r.VEX
	}
	if r.Performance != (File{}) {
		out["performance-result"] = r.Performance
	}
	return out
}

// Check says what is missing or wrong in r, all at once, or nil. The documents are
// named change-description, installation, rollback and known-issues.
func (r Release) Check() error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("patch: release %q: "+format, append([]any{r.Version}, args...)...))
	}
	if r.Schema != Schema || blank(r.Product) || blank(r.Version) || r.Sequence < 1 || r.At.IsZero() || len(r.Changes) == 0 {
		fail("schema, product, version, sequence, changes or when it was made is missing")
	}
	for i, key := range r.Changes {
		if blank(key) || i > 0 && key <= r.Changes[i-1] {
			fail("its changes are not in order, or one is empty or named twice")
			break
		}
	}
	if len(r.From) == 0 || slices.ContainsFunc(r.From, blank) {
		fail("which versions it is installed over is missing")
	}
	if blank(r.Interrupted) || blank(r.Test) {
		fail("what an interrupted update does, and where that was tried, is missing")
	}
	if len(r.Files) == 0 {
		fail("nothing is installed")
	}
	var named []string
	for _, d := range r.Documents {
		named = append(named, d.Name)
	}
	for _, want := range documents {
		if !slices.Contains(named, want) {
			fail("the document %q is missing", want)
		}
	}
	if len(r.Documents) > len(documents) {
		fail("it has more than the four documents")
	}
	files := slices.Concat(r.Files, r.Documents, []File{r.SBOM})
	for _, f := range []File{r.VEX, r.Performance} {
		if f != (File{}) {
			files = append(files, f)
		}
	}
	names, digests := map[string]bool{}, map[string]string{}
	for _, f := range files {
		if blank(f.Name) || !isDigest(f.Digest) || f.Digest == nothing || f.Size < 1 {
			fail("the file %q is empty or has no name or digest", f.Name)
			continue
		}
		if names[f.Name] {
			fail("the file %q is named twice", f.Name)
		}
		if other, twice := digests[f.Digest]; twice {
			fail("the files %q and %q are the same", other, f.Name)
		}
		names[f.Name], digests[f.Digest] = true, f.Name
	}
	return errors.Join(errs...)
}

// A statement is an in-toto statement, version 1.
type statement struct {
	Type          string          `json:"_type"`
	Subject       []subject       `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

func seal(kind string, subjects []subject, predicate any, signers []crypto.Signer) (Envelope, error) {
	body, err := json.Marshal(predicate)
	if err != nil {
		return Envelope{}, fmt.Errorf("patch: statement: %w", err)
	}
	text, err := json.Marshal(statement{Type: StatementType, Subject: subjects, PredicateType: kind, Predicate: body})
	if err != nil {
		return Envelope{}, fmt.Errorf("patch: statement: %w", err)
	}
	return Seal(PayloadType, text, signers...)
}

// unseal reads the predicate of a statement that is signed as t asks.
func unseal(e Envelope, kind string, t Trust, into any) ([]subject, error) {
	text, err := e.Open(PayloadType, t)
	if err != nil {
		return nil, err
	}
	var s statement
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("patch: statement: %w", err)
	}
	if s.Type != StatementType || s.PredicateType != kind {
		return nil, fmt.Errorf("patch: statement: it is a %q of %q, not of %q", s.Type, s.PredicateType, kind)
	}
	if err := strictjson.Decode(s.Predicate, into); err != nil {
		return nil, fmt.Errorf("patch: statement: %w", err)
	}
	return s.Subject, nil
}

func (r Release) subjects() []subject {
	var out []subject
	for _, f := range r.Files {
		out = append(out, subject{Name: f.Name, Digest: map[string]string{"sha256": f.Digest}})
	}
	return out
}

// Sign returns r as an in-toto statement about its files, in a DSSE envelope.
func (r Release) Sign(signers ...crypto.Signer) (Envelope, error) {
	if err := r.Check(); err != nil {
		return Envelope{}, err
	}
	return seal(releasePred, r.subjects(), r, signers)
}

// OpenRelease returns the release that e holds, if it is signed as t asks
// (ErrSignature), complete, and about the files that its statement names.
func OpenRelease(e Envelope, t Trust) (Release, error) {
	var r Release
	about, err := unseal(e, releasePred, t, &r)
	if err != nil {
		return Release{}, err
	}
	if err := r.Check(); err != nil {
		return Release{}, err
	}
	if !equal(about, r.subjects()) {
		return Release{}, fmt.Errorf("patch: release %q: the statement is about other files", r.Version)
	}
	return r, nil
}
