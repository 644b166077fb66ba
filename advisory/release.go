package advisory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// What keeps an advisory inside.
var (
	// ErrUnsigned: nobody has signed it off.
	ErrUnsigned = errors.New("advisory: not signed off")
	// ErrAudience: it is not meant for them.
	ErrAudience = errors.New("advisory: not for this audience")
	// ErrNoGate: there is no gate to ask.
	ErrNoGate = errors.New("advisory: no gate to ask")
)

// A File is one rendering of an advisory.
type File struct {
	Name      string `json:"name"` // by the rule of CSAF 2.0, section 5.1
	MediaType string `json:"media_type"`
	Bytes     []byte `json:"bytes"`
}

// Released is what may go to one audience.
type Released struct {
	ID       string       `json:"id"`
	Revision int          `json:"revision"`
	To       tlp.Audience `json:"to"`
	// At is when that was first released to them, with the same mark and files.
	At time.Time `json:"at"`
	// Mark is what the gate says it carries, never looser than what was signed;
	// the files show it.
	Mark tlp.Mark `json:"mark"`
	// Digest is that of the content that was signed off.
	Digest string `json:"digest"`
	// Files are the CSAF document, the HTML and the Markdown letter, and what the
	// Press writes beside them.
	Files []File `json:"files"`
}

// Release asks gate whether a may go to that audience now, renders it, and keeps in
// l, as by, what was released: an Issue. An advisory without a sign-off, or without
// that of a role which the policy demands for its kind (DefaultPolicy, see Press)
// or it itself, is ErrUnsigned, a nil gate ErrNoGate; one that is
// not what l holds as the latest, drafted and signed by those it names (see
// Save), is ErrUnrecorded, one that rests on a record which is another by now
// a *StaleError, and one that rests on a judgment which lapsed an
// *assess.LapsedError. What the gate refuses is its own error, a
// *tlp.HeldError; a gate that gives a looser label than was signed is not
// believed. It sends nothing.
func Release(ctx context.Context, l *store.Ledger, by store.By, gate tlp.Gate, a Advisory, to tlp.Audience, at time.Time) (Released, error) {
	return Press{}.Release(ctx, l, by, gate, a, to, at)
}

// A Press says in which forms an advisory is written and what it takes to release
// it. Its zero value writes the CSAF document and the HTML and Markdown letters.
type Press struct {
	// Policy names the roles that sign off each kind. Nil means DefaultPolicy. A
	// kind that it does not name needs those that the advisory names, and one
	// sign-off at the least.
	Policy *Policy
	// Template writes the HTML letter in the place of the library's own. It is given
	// a Letter, whose texts it must leave to html/template. Nil means the own one.
	Template *template.Template
	// Also are further forms: Statements, and that of advisory/pdf.
	Also []Form
}

// A Form writes files of an advisory, of which l is the letter.
type Form func(a Advisory, l Letter) ([]File, error)

// Release is as the function of that name.
func (p Press) Release(ctx context.Context, l *store.Ledger, by store.By, gate tlp.Gate, a Advisory, to tlp.Audience, at time.Time) (Released, error) {
	if gate == nil {
		return Released{}, ErrNoGate
	}
	if err := a.Validate(); err != nil {
		return Released{}, err
	}
	needs, err := p.needs(a)
	if err != nil {
		return Released{}, err
	}
	if err := a.leaves(needs, to); err != nil {
		return Released{}, err
	}
	at = instant(at)
	if last := a.SignOffs[len(a.SignOffs)-1].At; at.Before(last) {
		return Released{}, fmt.Errorf("advisory: %q was to be released at %s, before its sign-off at %s", a.ID, stamp(at), stamp(last))
	}
	if err := a.recorded(ctx, l); err != nil {
		return Released{}, err
	}
	if err := holds(ctx, l, a, at); err != nil {
		return Released{}, err
	}
	if err := Fresh(ctx, l, a); err != nil {
		return Released{}, err
	}
	mark, err := gate(ctx, tlp.Outgoing{To: to, Content: tlp.Content{Kind: "advisory", Mark: a.Mark}, IDs: a.ids()})
	if err != nil {
		return Released{}, fmt.Errorf("advisory: %q: %w", a.ID, err)
	}
	if !mark.Said() {
		return Released{}, fmt.Errorf("advisory: %q: the gate gave no TLP label", a.ID)
	}
	if mark.Label.Compare(a.Mark.Label) < 0 {
		return Released{}, fmt.Errorf("advisory: %q: the gate gave %s, and %s was signed", a.ID, mark.Label, a.Mark.Label)
	}
	r := Released{ID: a.ID, Revision: a.revision().Number, To: to, At: at, Mark: mark, Digest: a.Digest()}
	a.Mark = mark
	r.Files, err = p.render(a)
	if err != nil {
		return Released{}, err
	}
	if err := l.Do(ctx, by, func(tx *store.Tx) error {
		i := r.issue(needs)
		i.At = at
		had, err := Releases.Get(tx, i.Key())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil && had.same(i) && slices.Equal(had.Needs, i.Needs) && !had.At.After(at) {
			r.At = had.At
			return nil
		}
		r.At = at
		return Releases.Put(tx, i)
	}); err != nil {
		return Released{}, err
	}
	return r, nil
}

// needs are the roles that sign a off: those of the policy for its kind, and its own.
func (p Press) needs(a Advisory) ([]string, error) {
	policy := p.Policy
	if policy == nil {
		own, err := DefaultPolicy()
		if err != nil {
			return nil, err
		}
		policy = &own
	}
	out := policy.Needs(a.Kind)
	for _, role := range a.Needs {
		if !slices.ContainsFunc(out, func(o string) bool { return sameRole(o, role) }) {
			out = append(out, role)
		}
	}
	return out, nil
}

// leaves checks that a was signed off by these roles, and is meant for to.
func (a Advisory) leaves(needs []string, to tlp.Audience) error {
	if a.Status != StatusFinal {
		return fmt.Errorf("%w: %q", ErrUnsigned, a.ID)
	}
	if missing := a.missing(needs); len(missing) > 0 {
		return fmt.Errorf("%w: %q: no sign-off by %s", ErrUnsigned, a.ID, strings.Join(missing, ", "))
	}
	if len(a.Audience) > 0 && !slices.Contains(a.Audience, to) {
		return fmt.Errorf("%w: %q is for %v, not for %s", ErrAudience, a.ID, a.Audience, to)
	}
	return nil
}

// Preview renders a for those who work on it. Each file says that it is a draft
// and not for distribution, whether a is signed off or not.
func Preview(a Advisory) ([]File, error) { return Press{}.Preview(a) }

// Preview is as the function of that name.
func (p Press) Preview(a Advisory) ([]File, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	a.Status = StatusDraft
	return p.render(a)
}

func (p Press) render(a Advisory) ([]File, error) {
	doc, err := document(a)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := csaf.Encode(&b, doc); err != nil {
		return nil, fmt.Errorf("advisory: %w", err)
	}
	l := newLetter(a)
	page, err := l.HTML(p.Template)
	if err != nil {
		return nil, err
	}
	files := []File{
		{Name: l.Filename(".json"), MediaType: "application/json", Bytes: b.Bytes()},
		{Name: l.Filename(".html"), MediaType: "text/html; charset=utf-8", Bytes: page},
		{Name: l.Filename(".md"), MediaType: "text/markdown; charset=utf-8", Bytes: l.Markdown()},
	}
	for _, form := range p.Also {
		more, err := form(a, l)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	for i, f := range files {
		if slices.ContainsFunc(files[:i], func(o File) bool { return o.Name == f.Name }) {
			return nil, fmt.Errorf("advisory: two forms write %q", f.Name)
		}
	}
	return files, nil
}

// Filename is the name of a form of the letter: its ID by the rule of CSAF 2.0,
// section 5.1, with that ending.
func (l Letter) Filename(ending string) string {
	return strings.TrimSuffix(csaf.Filename(l.ID), ".json") + ending
}
