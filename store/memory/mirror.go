package memory

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
)

var _ feeds.Mirror = (*Store)(nil)

// mirror is the part of a Store that implements feeds.Mirror.
type mirror struct {
	sources map[string]*source
	changes []feeds.Change // position is index + 1; never changed once there
	at      map[sbom.Coordinate]map[*record]bool
	names   map[feeds.ID]map[*record]bool // true: the newest body names it
}

type source struct {
	standing feeds.Standing // its counts are taken from below
	records  map[string]*record
	rejected map[string]feeds.Rejected
}

type record struct {
	source, item string
	first, said  time.Time // said: that it was published
	digest       string
	body         []byte // JSON; never changed, only replaced
	gone         bool
	places       []sbom.Coordinate
	names        []feeds.ID
	changes      []int // indexes of its changes, ascending
}

func newMirror() mirror {
	return mirror{
		sources: map[string]*source{},
		at:      map[sbom.Coordinate]map[*record]bool{},
		names:   map[feeds.ID]map[*record]bool{},
	}
}

// Keep implements feeds.Mirror.
func (s *Store) Keep(ctx context.Context, b feeds.Batch) error {
	if err := b.Check(); err != nil {
		return err
	}
	bodies := make([][]byte, len(b.Records))
	for i, r := range b.Records {
		body, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("memory: record %s %q: %w", r.Source, r.Item, err)
		}
		bodies[i] = body
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ready(ctx); err != nil {
		return err
	}
	src := s.mirror.sources[b.Source]
	if src == nil {
		src = &source{standing: feeds.Standing{Source: b.Source}, records: map[string]*record{}, rejected: map[string]feeds.Rejected{}}
	}
	if err := b.Follows(src.standing); err != nil {
		return fmt.Errorf("memory: keep %s: %w", b.Source, err)
	}
	s.mirror.sources[b.Source] = src
	at := b.At.UTC().Truncate(time.Microsecond)
	before := len(s.mirror.changes)
	for i, r := range b.Records {
		s.mirror.keep(src, r, bodies[i], at)
		delete(src.rejected, r.Item)
	}
	for _, item := range b.Gone {
		s.mirror.drop(src, item, at)
		delete(src.rejected, item)
	}
	for _, item := range b.Mended {
		delete(src.rejected, item)
	}
	for _, r := range b.Rejected {
		r.At = at
		src.rejected[r.Item] = r
	}
	if len(s.mirror.changes) > before {
		src.standing.Changed = at
	}
	step(&src.standing, b, at)
	return nil
}

// step moves a standing by what b says of its reading.
func step(st *feeds.Standing, b feeds.Batch, at time.Time) {
	st.Tried = at
	st.Turn++
	switch {
	case b.Failed != "":
		st.Failures++
		st.Failed = b.Failed
	case b.Done:
		st.Cursor, st.Midway = b.Next, false
		st.Succeeded, st.Failures, st.Failed = at, 0, ""
	default:
		st.Cursor, st.Midway = b.Next, st.Midway || b.Next != b.From
	}
}

// keep takes one record, and tells of a change if its digest is another.
func (m *mirror) keep(src *source, r feeds.Record, body []byte, at time.Time) {
	rec := src.records[r.Item]
	isNew := rec == nil
	if isNew {
		rec = &record{source: r.Source, item: r.Item, first: at}
		src.records[r.Item] = rec
	} else if !rec.gone && bytes.Equal(rec.body, body) {
		return
	}
	digest := r.Digest()
	changed := isNew || rec.gone || rec.digest != digest
	m.forget(rec)
	rec.said = r.Published.UTC().Truncate(time.Microsecond)
	rec.body, rec.digest, rec.gone, rec.places, rec.names = body, digest, false, r.Coordinates(), slices.Clone(r.Names)
	for _, at := range rec.places {
		add(m.at, at, rec)
	}
	for _, id := range r.Names {
		add(m.names, id, rec)
	}
	if changed {
		m.tell(rec, at)
	}
}

// drop marks a record as gone.
func (m *mirror) drop(src *source, item string, at time.Time) {
	rec := src.records[item]
	if rec == nil || rec.gone {
		return
	}
	m.forget(rec)
	rec.body, rec.digest, rec.gone, rec.places, rec.names, rec.said = nil, "", true, nil, nil, time.Time{}
	m.tell(rec, at)
}

// forget takes rec out of what is found by coordinate and name; that it once
// had its names stays known, for History.
func (m *mirror) forget(rec *record) {
	for _, at := range rec.places {
		delete(m.at[at], rec)
	}
	for _, id := range rec.names {
		m.names[id][rec] = false
	}
}

func (m *mirror) tell(rec *record, at time.Time) {
	rec.changes = append(rec.changes, len(m.changes))
	m.changes = append(m.changes, feeds.Change{
		Position: int64(len(m.changes) + 1), Source: rec.source, Item: rec.item,
		First: rec.first, At: at, Said: rec.said, Digest: rec.digest, Gone: rec.gone,
	})
}

func add[K comparable](index map[K]map[*record]bool, k K, rec *record) {
	if index[k] == nil {
		index[k] = map[*record]bool{}
	}
	index[k][rec] = true
}

// Standing implements feeds.Mirror.
func (s *Store) Standing(ctx context.Context, name string) (feeds.Standing, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.ready(ctx); err != nil {
		return feeds.Standing{}, err
	}
	src := s.mirror.sources[name]
	if src == nil {
		return feeds.Standing{Source: name}, nil
	}
	st := src.standing
	st.Quarantined = len(src.rejected)
	for _, rec := range src.records {
		if !rec.gone {
			st.Records++
		}
	}
	return st, nil
}

// Items implements feeds.Mirror.
func (s *Store) Items(ctx context.Context, name string) iter.Seq2[string, error] {
	return told(ctx, s, func(m *mirror) (items []string) {
		if src := m.sources[name]; src != nil {
			for item, rec := range src.records {
				if !rec.gone {
					items = append(items, item)
				}
			}
		}
		slices.Sort(items)
		return items
	}, same[string])
}

// Quarantine implements feeds.Mirror.
func (s *Store) Quarantine(ctx context.Context, name string) iter.Seq2[feeds.Rejected, error] {
	return told(ctx, s, func(m *mirror) (out []feeds.Rejected) {
		if src := m.sources[name]; src != nil {
			out = slices.Collect(maps.Values(src.rejected))
		}
		slices.SortFunc(out, func(a, b feeds.Rejected) int { return cmp.Compare(a.Item, b.Item) })
		return out
	}, same[feeds.Rejected])
}

// held is a record as it was at one moment.
type held struct {
	source, item string
	body         []byte
}

// About implements feeds.Mirror.
func (s *Store) About(ctx context.Context, at ...sbom.Coordinate) iter.Seq2[feeds.Record, error] {
	at = slices.Clone(at)
	return told(ctx, s, func(m *mirror) []held {
		found := map[*record]bool{}
		for _, c := range at {
			for rec := range m.at[c] {
				found[rec] = true
			}
		}
		return sorted(found)
	}, decode)
}

// Named implements feeds.Mirror.
func (s *Store) Named(ctx context.Context, ids ...feeds.ID) iter.Seq2[feeds.Record, error] {
	ids = slices.Clone(ids)
	return told(ctx, s, func(m *mirror) []held {
		found := map[*record]bool{}
		for _, id := range ids {
			for rec, now := range m.names[id] {
				if now {
					found[rec] = true
				}
			}
		}
		return sorted(found)
	}, decode)
}

func sorted(found map[*record]bool) []held {
	out := make([]held, 0, len(found))
	for rec := range found {
		out = append(out, held{rec.source, rec.item, rec.body})
	}
	slices.SortFunc(out, func(a, b held) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.item, b.item))
	})
	return out
}

func decode(h held) (feeds.Record, error) {
	var r feeds.Record
	if err := json.Unmarshal(h.body, &r); err != nil {
		return feeds.Record{}, fmt.Errorf("memory: record %s %q: %w", h.source, h.item, err)
	}
	return r, nil
}

// Changed implements feeds.Mirror.
func (s *Store) Changed(ctx context.Context, after int64) iter.Seq2[feeds.Change, error] {
	return told(ctx, s, func(m *mirror) (out []feeds.Change) {
		for _, src := range m.sources {
			for _, rec := range src.records {
				if c := m.changes[rec.changes[len(rec.changes)-1]]; c.Position > after {
					out = append(out, c)
				}
			}
		}
		slices.SortFunc(out, func(a, b feeds.Change) int { return cmp.Compare(a.Position, b.Position) })
		return out
	}, same[feeds.Change])
}

// History implements feeds.Mirror.
func (s *Store) History(ctx context.Context, ids ...feeds.ID) iter.Seq2[feeds.Change, error] {
	ids = slices.Clone(ids)
	return told(ctx, s, func(m *mirror) (out []feeds.Change) {
		found := map[int]bool{}
		for _, id := range ids {
			for rec := range m.names[id] {
				for _, i := range rec.changes {
					found[i] = true
				}
			}
		}
		for _, i := range slices.Sorted(maps.Keys(found)) {
			out = append(out, m.changes[i])
		}
		return out
	}, same[feeds.Change])
}

func same[T any](v T) (T, error) { return v, nil }

// told yields what choose finds when the range begins, each made by get. No
// lock is held while the loop body runs.
func told[A, B any](ctx context.Context, s *Store, choose func(*mirror) []A, get func(A) (B, error)) iter.Seq2[B, error] {
	return func(yield func(B, error) bool) {
		var zero B
		s.mu.RLock()
		err := s.ready(ctx)
		var all []A
		if err == nil {
			all = choose(&s.mirror)
		}
		s.mu.RUnlock()
		for _, a := range all {
			if err = s.still(ctx); err != nil {
				break
			}
			var b B
			if b, err = get(a); err != nil {
				break
			}
			if !yield(b, nil) {
				return
			}
		}
		if err != nil {
			yield(zero, err)
		}
	}
}
