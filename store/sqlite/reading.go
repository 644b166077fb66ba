package sqlite

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
)

// chunk is how many values one question asks for.
const chunk = 500

// Standing implements feeds.Mirror.
func (d *DB) Standing(ctx context.Context, source string) (feeds.Standing, error) {
	// One question, so that counts and cursor are of one moment.
	out, err := rows(ctx, d, func(scan func(...any) error) (feeds.Standing, error) {
		var rejected int
		st, err := scanStanding(func(dest ...any) error { return scan(append(dest, &rejected)...) })
		st.Quarantined = rejected
		return st, err
	}, `SELECT `+standingColumns+`, (SELECT count(*) FROM pm_rejected q WHERE q.source = s.source) FROM pm_source s WHERE source = ?`, source)
	if err != nil {
		return feeds.Standing{}, err
	}
	if len(out) == 0 {
		return feeds.Standing{Source: source}, nil
	}
	return out[0], nil
}

// Items implements feeds.Mirror.
func (d *DB) Items(ctx context.Context, source string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		// Ids are short, and a list of them all is of one moment.
		items, err := rows(ctx, d, one[string], `SELECT item FROM pm_record WHERE source = ? AND gone = 0 ORDER BY item`, source)
		for _, item := range items {
			if err = d.ready(ctx); err != nil {
				break
			}
			if !yield(item, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

// Quarantine implements feeds.Mirror.
func (d *DB) Quarantine(ctx context.Context, source string) iter.Seq2[feeds.Rejected, error] {
	return func(yield func(feeds.Rejected, error) bool) {
		all, err := rows(ctx, d, func(scan func(...any) error) (r feeds.Rejected, err error) {
			var at int64
			err = scan(&r.Item, &r.Digest, &r.Why, &at)
			r.At = when(at)
			return r, err
		}, `SELECT item, digest, why, at FROM pm_rejected WHERE source = ? ORDER BY item`, source)
		for _, r := range all {
			if err = d.ready(ctx); err != nil {
				break
			}
			if !yield(r, nil) {
				return
			}
		}
		if err != nil {
			yield(feeds.Rejected{}, err)
		}
	}
}

// About implements feeds.Mirror. A record that changes while the reading is
// under way is told as it is when its turn comes.
func (d *DB) About(ctx context.Context, at ...sbom.Coordinate) iter.Seq2[feeds.Record, error] {
	at = slices.Clone(at)
	return found(ctx, d, func() ([]place, error) { return d.recordsAt(ctx, at) })
}

// recordsAt are the records at any of the coordinates.
func (d *DB) recordsAt(ctx context.Context, at []sbom.Coordinate) ([]place, error) {
	numbers, err := rows(ctx, d, one[int64], `SELECT coalesce(max(id), 0) FROM pm_record`)
	if err != nil {
		return nil, err
	}
	var all []string
	for n := range numbers[0]>>blockBits + 1 {
		all = append(all, strconv.FormatInt(n, 10))
	}
	blocks, err := asked(ctx, d, at, func(scan func(...any) error) (b block, err error) {
		err = scan(&b.number, &b.records)
		return b, err
	}, `SELECT g.block, g.records FROM pm_place p CROSS JOIN pm_posting g ON g.block IN (`+strings.Join(all, ", ")+`) AND g.place = p.id WHERE p.at IN (%s)`)
	if err != nil {
		return nil, err
	}
	found := map[int64]bool{}
	for _, b := range blocks {
		b.each(func(id int64) { found[id] = true })
	}
	var out []place
	for some := range slices.Chunk(slices.Sorted(maps.Keys(found)), 10*chunk) {
		list, err := json.Marshal(some)
		if err != nil {
			return nil, err
		}
		ps, err := rows(ctx, d, scanPlace, `SELECT r.id, r.source, r.item FROM json_each(?) j CROSS JOIN pm_record r ON r.id = j.value WHERE r.gone = 0`, string(list))
		if err != nil {
			return nil, err
		}
		out = append(out, ps...)
	}
	return out, nil
}

// Named implements feeds.Mirror; as for changes meanwhile, see About.
func (d *DB) Named(ctx context.Context, ids ...feeds.ID) iter.Seq2[feeds.Record, error] {
	ids = slices.Clone(ids)
	return found(ctx, d, func() ([]place, error) {
		return asked(ctx, d, ids, scanPlace, `SELECT r.id, r.source, r.item FROM pm_name n JOIN pm_record r ON r.id = n.record
			WHERE r.gone = 0 AND n.now = 1 AND n.name IN (%s)`)
	})
}

// place is where a record stands.
type place struct {
	id           int64
	source, item string
}

func scanPlace(scan func(...any) error) (p place, err error) {
	err = scan(&p.id, &p.source, &p.item)
	return p, err
}

// found yields the records that find finds, each once, by source and item.
func found(ctx context.Context, d *DB, find func() ([]place, error)) iter.Seq2[feeds.Record, error] {
	return func(yield func(feeds.Record, error) bool) {
		places, err := find()
		if err != nil {
			yield(feeds.Record{}, err)
			return
		}
		slices.SortFunc(places, func(a, b place) int {
			return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.item, b.item))
		})
		places = slices.Compact(places)
		var room []byte
		for some := range slices.Chunk(places, page) {
			bodies, err := d.bodies(ctx, some)
			if err != nil {
				yield(feeds.Record{}, err)
				return
			}
			for _, p := range some {
				body, ok := bodies[p.id]
				if !ok {
					continue // gone meanwhile
				}
				var r feeds.Record
				err := d.ready(ctx)
				if err == nil {
					if r, room, err = unpack(body, room); err != nil {
						err = fmt.Errorf("sqlite: record %s %q: %w", p.source, p.item, err)
					}
				}
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
	}
}

// asked runs query, whose %s stands for a list of values, a chunk at a time.
func asked[T ~string, R any](ctx context.Context, d *DB, values []T, scan func(func(...any) error) (R, error), query string) ([]R, error) {
	if err := d.ready(ctx); err != nil {
		return nil, err
	}
	var out []R
	for some := range slices.Chunk(values, chunk) {
		args := make([]any, len(some))
		for i, v := range some {
			args[i] = string(v)
		}
		rs, err := rows(ctx, d, scan, fmt.Sprintf(query, marks(len(some))), args...)
		if err != nil {
			return nil, err
		}
		out = append(out, rs...)
	}
	return out, nil
}

// bodies reads the bodies of some records, without those that are gone.
func (d *DB) bodies(ctx context.Context, some []place) (map[int64][]byte, error) {
	type kept struct {
		id   int64
		body []byte
	}
	args := make([]any, len(some))
	for i, p := range some {
		args[i] = p.id
	}
	ks, err := rows(ctx, d, func(scan func(...any) error) (k kept, err error) {
		err = scan(&k.id, &k.body)
		return k, err
	}, `SELECT record, body FROM pm_body WHERE record IN (`+marks(len(some))+`)`, args...)
	if err != nil {
		return nil, err
	}
	out := make(map[int64][]byte, len(ks))
	for _, k := range ks {
		out[k.id] = k.body
	}
	return out, nil
}

const selectChange = `SELECT c.position, r.source, r.item, r.first, c.at, c.digest, c.gone, c.said FROM pm_change c JOIN pm_record r ON r.id = c.record `

func scanChange(scan func(...any) error) (c feeds.Change, err error) {
	var first, at, said int64
	var digest []byte
	err = scan(&c.Position, &c.Source, &c.Item, &first, &at, &digest, &c.Gone, &said)
	c.Said = when(said)
	c.First, c.At, c.Digest = when(first), when(at), hex.EncodeToString(digest)
	return c, err
}

// Changed implements feeds.Mirror. It is of one moment.
func (d *DB) Changed(ctx context.Context, after int64) iter.Seq2[feeds.Change, error] {
	return func(yield func(feeds.Change, error) bool) {
		heads, err := rows(ctx, d, one[int64], `SELECT coalesce(max(position), 0) FROM pm_change`)
		if err != nil {
			yield(feeds.Change{}, err)
			return
		}
		for from := after; ; {
			cs, err := rows(ctx, d, scanChange, selectChange+`WHERE c.position > ?1 AND c.position <= ?2 AND NOT EXISTS (
				SELECT 1 FROM pm_change later WHERE later.record = c.record AND later.position > c.position AND later.position <= ?2
				) ORDER BY c.position LIMIT ?3`, from, heads[0], page)
			if err != nil {
				yield(feeds.Change{}, err)
				return
			}
			for _, c := range cs {
				if err := d.ready(ctx); err != nil {
					yield(feeds.Change{}, err)
					return
				}
				if !yield(c, nil) {
					return
				}
				from = c.Position
			}
			if len(cs) < page {
				return
			}
		}
	}
}

// History implements feeds.Mirror.
func (d *DB) History(ctx context.Context, ids ...feeds.ID) iter.Seq2[feeds.Change, error] {
	ids = slices.Clone(ids)
	return func(yield func(feeds.Change, error) bool) {
		cs, err := asked(ctx, d, ids, scanChange, selectChange+`WHERE c.record IN (SELECT record FROM pm_name WHERE name IN (%s))`)
		if err != nil {
			yield(feeds.Change{}, err)
			return
		}
		slices.SortFunc(cs, func(a, b feeds.Change) int { return cmp.Compare(a.Position, b.Position) })
		for _, c := range slices.CompactFunc(cs, func(a, b feeds.Change) bool { return a.Position == b.Position }) {
			if err := d.ready(ctx); err != nil {
				yield(feeds.Change{}, err)
				return
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}
