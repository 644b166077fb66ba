package advisory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// An Issue is the record of what was released to one audience: not the files
// themselves but what they were. Release writes it, and Mailing.Send sends nothing
// that it does not describe. To release the same again to the same audience adds
// nothing; under another mark or in other files it adds an entry, and each one stays.
type Issue struct {
	ID       string       `json:"id"`
	Revision int          `json:"revision"`
	Digest   string       `json:"digest"` // of the content that was signed off
	To       tlp.Audience `json:"to"`
	Mark     tlp.Mark     `json:"mark"`
	At       time.Time    `json:"at"`
	// Needs are the roles that had to have signed off, of the policy and the advisory.
	Needs []string     `json:"needs,omitempty"`
	Files []FileDigest `json:"files"`
}

// A FileDigest is the name of a file and the lower-case hex SHA-256 of its bytes.
type FileDigest struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Releases is the drawer of the ledger that holds them.
const Releases store.Kind[Issue] = "advisory.release"

// Key returns the advisory, its revision and the audience: "EXM-2026-001/2 customer".
func (i Issue) Key() string { return fmt.Sprintf("%s/%d %s", i.ID, i.Revision, i.To) }

func (r Released) issue(needs []string) Issue {
	i := Issue{ID: r.ID, Revision: r.Revision, Digest: r.Digest, To: r.To, Mark: r.Mark, At: r.At, Needs: needs}
	for _, f := range r.Files {
		sum := sha256.Sum256(f.Bytes)
		i.Files = append(i.Files, FileDigest{Name: f.Name, SHA256: hex.EncodeToString(sum[:])})
	}
	return i
}

// issued is the record of r in l: the files, the mark and the rest are those that
// were released (ErrUnrecorded).
func (r Released) issued(ctx context.Context, l *store.Ledger) (Issue, error) {
	want, known := r.issue(nil), false
	for e, err := range Releases.History(ctx, l, want.Key()) {
		if err != nil {
			return Issue{}, err
		}
		got, err := Releases.Decode(e)
		if err != nil {
			return Issue{}, err
		}
		known = true
		if got.same(want) && got.At.Equal(want.At) {
			return got, nil
		}
	}
	if !known {
		return Issue{}, fmt.Errorf("%w: %q was not released to %s", ErrUnrecorded, r.ID, r.To)
	}
	return Issue{}, fmt.Errorf("%w: what was released of %q to %s is another", ErrUnrecorded, r.ID, r.To)
}

// same reports whether i and o are of the same content, mark and files.
func (i Issue) same(o Issue) bool {
	return i.Digest == o.Digest && i.Mark.Label == o.Mark.Label && slices.Equal(i.Mark.By, o.Mark.By) && slices.Equal(i.Files, o.Files)
}
