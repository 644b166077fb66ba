package match

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
)

// A Judged is a finding as it was when somebody judged it, with the digests of all records
// of its vulnerability, whose bodies are pinned in the ledger. It can be replayed.
type Judged struct {
	Finding Finding `json:"finding"`
	// Records are the digests of the pinned bodies, by source and item.
	Records []string `json:"records"`
	// BOM is the digest of the BOM as the ledger held it, by [BOMDigest].
	BOM string `json:"bom"`
}

// Judgments is the drawer of the ledger that holds the newest of each finding.
const Judgments store.Kind[Judged] = "match.judged"

// Key returns the finding's key.
func (j Judged) Key() string { return j.Finding.Key() }

// ErrMoved says that a mirror no longer holds a record in the form that a finding rests on.
var ErrMoved = errors.New("match: the mirror holds another form of a record than the finding rests on")

// BOMDigest is the lower-case hex SHA-256 of a BOM as the ledger writes it.
func BOMDigest(bom sbom.BOM) (string, error) {
	body, err := json.Marshal(bom)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// Records reads from a mirror every record of the finding's vulnerability, by source and item. It fails
// with [ErrMoved] when one that the finding rests on is not there in the form it had.
func Records(ctx context.Context, mirror feeds.Mirror, f Finding) ([]feeds.Record, error) {
	g := gathering{mirror: mirror, records: map[recordKey]feeds.Record{}, asked: map[feeds.ID]bool{}}
	fresh := feeds.Telling(f.IDs)
	for _, id := range fresh {
		g.asked[id] = true
	}
	var err error
	for err == nil && len(fresh) > 0 {
		fresh, err = g.take(mirror.Named(ctx, fresh...))
	}
	if err != nil {
		return nil, err
	}
	for _, i := range f.Instances {
		for _, e := range i.Evidence {
			if r, held := g.records[recordKey{e.Source, e.Item}]; !held || r.Digest() != e.Digest {
				return nil, fmt.Errorf("%w: %s %s", ErrMoved, e.Source, e.Item)
			}
		}
	}
	out := g.list()
	slices.SortFunc(out, func(a, b feeds.Record) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Item, b.Item))
	})
	return out, nil
}

// Judge keeps the finding in the act with everything it rests on: records are those that
// [Records] gives, bom the one it was found in. What is pinned already is not written again.
func Judge(tx *store.Tx, f Finding, records []feeds.Record, bom sbom.BOM) error {
	bodies, err := feeds.Pin(tx, records...)
	if err != nil {
		return err
	}
	digests := make([]string, 0, len(records))
	for _, r := range records {
		digests = append(digests, r.Digest())
	}
	for _, i := range f.Instances {
		for _, e := range i.Evidence {
			if !slices.Contains(digests, e.Digest) {
				return fmt.Errorf("match: judge %q: the record %s %s it rests on is not among those given", f.Key(), e.Source, e.Item)
			}
		}
	}
	digest, err := BOMDigest(bom)
	if err != nil {
		return err
	}
	_, err = Judgments.PutIfChanged(tx, Judged{Finding: f, Records: bodies, BOM: digest})
	return err
}

// Replay finds the judged finding again, from the pinned records and from the BOM that the
// ledger held then, and reports whether it is the same byte for byte. Instants and rulings, which do not
// come from the records, are those of j. opts are those it was found with.
func Replay(ctx context.Context, l *store.Ledger, j Judged, opts *Options) (Finding, bool, error) {
	records, err := feeds.Pinnings(ctx, l, j.Records...)
	if err != nil {
		return Finding{}, false, err
	}
	bom, err := bomOf(ctx, l, j)
	if err != nil {
		return Finding{}, false, err
	}
	for _, f := range Build(records, opts).Find(j.Finding.Product, bom).Findings {
		if f.Key() != j.Finding.Key() {
			continue
		}
		f.Seen, f.Mirrored = j.Finding.Seen, j.Finding.Mirrored
		for k := range f.Instances {
			if k < len(j.Finding.Instances) {
				f.Instances[k].Ruling = j.Finding.Instances[k].Ruling
			}
		}
		now, err1 := json.Marshal(f)
		then, err2 := json.Marshal(j.Finding)
		return f, bytes.Equal(now, then), errors.Join(err1, err2)
	}
	return Finding{}, false, nil
}

// bomOf finds the BOM of a judgment among all that the ledger held of the product.
func bomOf(ctx context.Context, l *store.Ledger, j Judged) (sbom.BOM, error) {
	for e, err := range sbom.Files.History(ctx, l, j.Finding.Product) {
		if err != nil {
			return sbom.BOM{}, err
		}
		filed, err := sbom.Files.Decode(e)
		if err != nil {
			return sbom.BOM{}, err
		}
		digest, err := BOMDigest(filed.BOM)
		if err != nil {
			return sbom.BOM{}, err
		}
		if digest == j.BOM {
			return filed.BOM, nil
		}
	}
	return sbom.BOM{}, fmt.Errorf("match: replay %q: the ledger does not hold its BOM", j.Key())
}

// A Moment is something that became known, or stopped being so, at an instant.
type Moment struct {
	At   time.Time `json:"at"`
	What What      `json:"what"`
	// Source and Item name the record; Digest is the form it had from then on.
	Source string `json:"source,omitempty"`
	Item   string `json:"item,omitempty"`
	Digest string `json:"digest,omitempty"`
	// Product and Finding are set where a product is concerned.
	Product string `json:"product,omitempty"`
	Finding string `json:"finding,omitempty"`
}

// What says what kind of moment it is.
type What string

// The kinds. Published is what a source says of itself; the others we saw.
const (
	WasPublished What = "published" // a source says that it published
	WasMirrored  What = "mirrored"  // we held the record for the first time
	WasChanged   What = "changed"   // we held another form of it
	WasGone      What = "gone"      // its source no longer held it
	WasSeen      What = "seen"      // a product was seen to be affected
	WasWithdrawn What = "withdrawn" // a product was no longer seen to be affected
)

// Timeline tells what was knowable when about the vulnerability of a finding: which source says that it
// published it when, when we held which form of which record, and when the finding was seen on its product. The moments are
// in order of time. A publication is told as the record stated it in each form we held, so that a date which was moved later
// stands beside the first. For a past day, those up to it are what was knowable then: see [Until].
func Timeline(ctx context.Context, mirror feeds.Mirror, l *store.Ledger, f Finding) ([]Moment, error) {
	var out []Moment
	first, said := map[recordKey]bool{}, map[recordKey]time.Time{}
	for c, err := range mirror.History(ctx, feeds.Telling(f.IDs)...) {
		if err != nil {
			return nil, err
		}
		m := Moment{At: c.At, What: WasChanged, Source: c.Source, Item: c.Item, Digest: c.Digest}
		key := recordKey{c.Source, c.Item}
		switch {
		case c.Gone:
			m.What = WasGone
		case !first[key]:
			m.What = WasMirrored
		}
		first[key] = true
		if !c.Said.IsZero() && !said[key].Equal(c.Said) {
			said[key] = c.Said
			out = append(out, Moment{At: c.Said, What: WasPublished, Source: c.Source, Item: c.Item, Digest: c.Digest})
		}
		out = append(out, m)
	}
	seen, err := sightings(ctx, l, f)
	if err != nil {
		return nil, err
	}
	out = append(out, seen...)
	slices.SortStableFunc(out, func(a, b Moment) int { return a.At.Compare(b.At) })
	return out, nil
}

// sightings reads from the states of the product when the finding came and went.
func sightings(ctx context.Context, l *store.Ledger, f Finding) ([]Moment, error) {
	var out []Moment
	there := false
	for e, err := range States.History(ctx, l, f.Product) {
		if err != nil {
			return nil, err
		}
		s, err := States.Decode(e)
		if err != nil {
			return nil, err
		}
		now := false
		for _, b := range s.index([]Finding{f}).of(&f) {
			now = now || b.Gone.IsZero()
		}
		if now != there {
			m := Moment{At: e.At, What: WasSeen, Product: f.Product, Finding: f.Key()}
			if !now {
				m.What = WasWithdrawn
			}
			out = append(out, m)
		}
		there = now
	}
	return out, nil
}

// Until returns the moments up to at: what was knowable then.
func Until(moments []Moment, at time.Time) []Moment {
	k := slices.IndexFunc(moments, func(m Moment) bool { return m.At.After(at) })
	if k < 0 {
		return moments
	}
	return moments[:k]
}
