package sqlite

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/open-postmarket/postmarket/sbom"
)

// A posting says that a record stands at a place.
type posting struct{ place, record int64 }

// A block is the postings of one place and one block of record ids, as they are
// stored.
type block struct {
	number, place int64
	records       []byte
}

// blockBits is how many bits of a record's id say where it is in its block.
const blockBits = 16

// blocks gathers sorted postings into blocks, in the order of their table.
func blocks(ps []posting) (out []block) {
	slices.SortFunc(ps, func(a, b posting) int {
		return cmp.Or(cmp.Compare(a.record>>blockBits, b.record>>blockBits), cmp.Compare(a.place, b.place), cmp.Compare(a.record, b.record))
	})
	for _, p := range ps {
		number := p.record >> blockBits
		if n := len(out); n == 0 || out[n-1].number != number || out[n-1].place != p.place {
			out = append(out, block{number: number, place: p.place})
		}
		last := &out[len(out)-1]
		last.records = binary.BigEndian.AppendUint16(last.records, uint16(p.record))
	}
	return out
}

// each calls do with the id of each record of the block.
func (b block) each(do func(id int64)) {
	for rest := b.records; len(rest) >= 2; rest = rest[2:] {
		do(b.number<<blockBits | int64(binary.BigEndian.Uint16(rest)))
	}
}

// settle finds where the waiting records stand, and moves them there from where
// their bodies before stood.
func (k *keeper) settle() error {
	ids, err := k.places()
	if err != nil {
		return err
	}
	var fresh []posting
	for _, r := range k.waiting {
		now, before := make([]int64, len(r.at)), unpackPlaces(r.before)
		for i, at := range r.at {
			now[i] = ids[at]
		}
		slices.Sort(now)
		for _, p := range without(before, now) {
			k.left = append(k.left, posting{p, r.id})
		}
		for _, p := range without(now, before) {
			fresh = append(fresh, posting{p, r.id})
		}
		r.places = packPlaces(now)
	}
	if err := k.leave(); err != nil {
		return err
	}
	var values []any
	for _, b := range blocks(fresh) {
		values = append(values, b.number, b.place, b.records)
	}
	return k.insert(addPostings, 3, values)
}

// SQLite joins blobs as if they were text, byte by byte.
const addPostings = `INSERT INTO pm_posting (block, place, records) VALUES %s
	ON CONFLICT (block, place) DO UPDATE SET records = CAST(records || excluded.records AS BLOB)`

// leave takes records out of the places that they left.
func (k *keeper) leave() error {
	for _, left := range blocks(k.left) {
		stmt, err := k.prepare(`SELECT records FROM pm_posting WHERE block = ? AND place = ?`)
		if err != nil {
			return err
		}
		old := block{number: left.number, place: left.place}
		if err := stmt.QueryRowContext(k.ctx, left.number, left.place).Scan(&old.records); err != nil {
			return fmt.Errorf("postings of place %d: %w", left.place, err)
		}
		going := map[int64]bool{}
		left.each(func(id int64) { going[id] = true })
		stay := make([]byte, 0, len(old.records))
		old.each(func(id int64) {
			if !going[id] {
				stay = binary.BigEndian.AppendUint16(stay, uint16(id))
			}
		})
		query, args := `UPDATE pm_posting SET records = ?3 WHERE block = ?1 AND place = ?2`, []any{left.number, left.place, stay}
		if len(stay) == 0 {
			query, args = `DELETE FROM pm_posting WHERE block = ? AND place = ?`, args[:2]
		}
		if err := k.exec(query, args...); err != nil {
			return err
		}
	}
	k.left = k.left[:0]
	return nil
}

// places gives the coordinates of the waiting records their ids, old or new.
func (k *keeper) places() (map[sbom.Coordinate]int64, error) {
	ids := map[sbom.Coordinate]int64{}
	for _, r := range k.waiting {
		for _, at := range r.at {
			ids[at] = 0
		}
	}
	all := slices.Sorted(maps.Keys(ids))
	for some := range slices.Chunk(all, chunk) {
		if err := k.known(some, ids); err != nil {
			return nil, err
		}
	}
	var last int64
	if err := k.conn.QueryRowContext(k.ctx, `SELECT coalesce(max(id), 0) FROM pm_place`).Scan(&last); err != nil {
		return nil, err
	}
	var values []any
	for _, at := range all {
		if ids[at] == 0 {
			last++
			ids[at] = last
			values = append(values, last, string(at))
		}
	}
	return ids, k.insert(`INSERT INTO pm_place (id, at) VALUES %s`, 2, values)
}

func (k *keeper) known(some []sbom.Coordinate, ids map[sbom.Coordinate]int64) error {
	stmt, err := k.prepare(`SELECT at, id FROM pm_place WHERE at IN (` + marks(len(some)) + `)`)
	if err != nil {
		return err
	}
	args := make([]any, len(some))
	for i, at := range some {
		args[i] = string(at)
	}
	rs, err := stmt.QueryContext(k.ctx, args...)
	if err != nil {
		return err
	}
	defer rs.Close()
	for rs.Next() {
		var at string
		var id int64
		if err := rs.Scan(&at, &id); err != nil {
			return err
		}
		ids[sbom.Coordinate(at)] = id
	}
	return rs.Err()
}

// without is what a holds and b does not. Both are sorted.
func without(a, b []int64) []int64 {
	if len(b) == 0 {
		return a
	}
	var out []int64
	for _, v := range a {
		if _, found := slices.BinarySearch(b, v); !found {
			out = append(out, v)
		}
	}
	return out
}

// packPlaces writes sorted ids as the distances between them.
func packPlaces(ids []int64) []byte {
	out := make([]byte, 0, 2*len(ids))
	last := int64(0)
	for _, id := range ids {
		out = binary.AppendUvarint(out, uint64(id-last))
		last = id
	}
	return out
}

// unpackPlaces is the inverse of packPlaces.
func unpackPlaces(b []byte) []int64 {
	out := make([]int64, 0, len(b))
	last := int64(0)
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		if n <= 0 {
			break // written by nobody; what stands there is judged by its body
		}
		b, last = b[n:], last+int64(d)
		out = append(out, last)
	}
	return out
}
