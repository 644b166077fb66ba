package advisory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	At       time.Time    `json:"at"`
	// Mark is what the gate says it carries, never looser than what was signed;
	// the files show it.
	Mark tlp.Mark `json:"mark"`
	// Digest is that of the content that was signed off.
	Digest string `json:"digest"`
	// Files are the CSAF document, the HTML and the Markdown letter.
	Files []File `json:"files"`
}

// Release asks gate whether a may go to that audience now, and renders it. An
// advisory without a sign-off is ErrUnsigned, a nil gate ErrNoGate; one that is
// not what l holds as the latest, drafted and signed by those it names (see
// Save), is ErrUnrecorded. What the gate refuses is its own error, a
// *tlp.HeldError; a gate that gives a looser label than was signed is not
// believed. It sends and stores nothing.
func Release(ctx context.Context, l *store.Ledger, gate tlp.Gate, a Advisory, to tlp.Audience, at time.Time) (Released, error) {
	if gate == nil {
		return Released{}, ErrNoGate
	}
	if err := a.Validate(); err != nil {
		return Released{}, err
	}
	if a.Status != StatusFinal {
		return Released{}, fmt.Errorf("%w: %q", ErrUnsigned, a.ID)
	}
	at = instant(at)
	if last := a.SignOffs[len(a.SignOffs)-1].At; at.Before(last) {
		return Released{}, fmt.Errorf("advisory: %q was to be released at %s, before its sign-off at %s", a.ID, stamp(at), stamp(last))
	}
	if err := a.recorded(ctx, l); err != nil {
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
	r.Files, err = render(a)
	if err != nil {
		return Released{}, err
	}
	return r, nil
}

// Preview renders a for those who work on it. Each file says that it is a draft
// and not for distribution, whether a is signed off or not.
func Preview(a Advisory) ([]File, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	a.Status = StatusDraft
	return render(a)
}

func render(a Advisory) ([]File, error) {
	doc, err := document(a)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := csaf.Encode(&b, doc); err != nil {
		return nil, fmt.Errorf("advisory: %w", err)
	}
	l := newLetter(a)
	page, err := l.html()
	if err != nil {
		return nil, err
	}
	name := csaf.Filename(a.ID)
	stem := strings.TrimSuffix(name, ".json")
	return []File{
		{Name: name, MediaType: "application/json", Bytes: b.Bytes()},
		{Name: stem + ".html", MediaType: "text/html; charset=utf-8", Bytes: page},
		{Name: stem + ".md", MediaType: "text/markdown; charset=utf-8", Bytes: l.markdown()},
	}, nil
}
