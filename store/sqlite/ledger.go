package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/store"
)

// page is how many entries are read in one go.
const page = 200

const columns = `seq, act, at, who, why, kind, key, version, body, refs, signature, prev, hash`

// Commit implements store.Driver.
func (d *DB) Commit(ctx context.Context, a store.Act) ([]store.Entry, error) {
	var sealed []store.Entry
	err := d.write(ctx, func(conn *sql.Conn) error {
		for _, seen := range a.Seen {
			var last int64
			err := conn.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM pm_entry WHERE kind = ? AND key = ?`, seen.Kind, seen.Key).Scan(&last)
			if err != nil {
				return fmt.Errorf("sqlite: %s: %w", seen.Name, err)
			}
			if last != seen.Seq {
				return fmt.Errorf("sqlite: %s is at entry %d, was read at %d: %w", seen.Name, last, seen.Seq, store.ErrConflict)
			}
		}
		heads, err := gather(ctx, d, conn.QueryContext, entry, `SELECT `+columns+` FROM pm_entry ORDER BY seq DESC LIMIT 1`)
		if err != nil {
			return err
		}
		var head store.Entry
		if len(heads) > 0 {
			head = heads[0]
		}
		if sealed, err = store.Seal(head, a); err != nil {
			return err
		}
		return insert(ctx, conn, sealed)
	})
	if err != nil {
		return nil, err
	}
	return sealed, nil
}

func insert(ctx context.Context, conn *sql.Conn, es []store.Entry) error {
	stmt, err := conn.PrepareContext(ctx, `INSERT INTO pm_entry (`+columns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	defer stmt.Close()
	for _, e := range es {
		var refs, signature any
		if len(e.Refs) > 0 {
			b, err := json.Marshal(e.Refs)
			if err != nil {
				return fmt.Errorf("sqlite: %s: %w", e.Name, err)
			}
			refs = string(b)
		}
		if e.Signature != nil {
			b, err := json.Marshal(e.Signature)
			if err != nil {
				return fmt.Errorf("sqlite: %s: %w", e.Name, err)
			}
			signature = string(b)
		}
		_, err := stmt.ExecContext(ctx, e.Seq, e.Act, e.At.UnixMicro(), e.Who, e.Why, e.Kind, e.Key, e.Version, e.Body,
			refs, signature, e.Prev[:], e.Hash[:])
		if err != nil {
			return fmt.Errorf("sqlite: entry %d, %s: %w", e.Seq, e.Name, err)
		}
	}
	return nil
}

// entry scans columns.
func entry(scan func(...any) error) (store.Entry, error) {
	var e store.Entry
	var at int64
	var refs, signature sql.NullString
	var prev, hash []byte
	err := scan(&e.Seq, &e.Act, &at, &e.Who, &e.Why, &e.Kind, &e.Key, &e.Version, &e.Body, &refs, &signature, &prev, &hash)
	if err != nil {
		return e, err
	}
	// What insert would have written otherwise has been changed from outside: it
	// is given as something that no act can say, and the chain shows it.
	e.At = time.UnixMicro(at).UTC()
	if e.Body == nil {
		e.Body = []byte{}
	}
	if refs.Valid && !(written(refs.String, &e.Refs) && len(e.Refs) > 0) {
		e.Refs = []store.Ref{{System: "\x00" + refs.String}}
	}
	if signature.Valid && !(written(signature.String, &e.Signature) && e.Signature != nil) {
		e.Signature = &store.Signature{KeyID: "\x00" + signature.String}
	}
	e.Prev, e.Hash = digest(prev), digest(hash)
	return e, nil
}

// written reads text into v and reports whether insert writes v as just this
// text: no other member, order or spelling.
func written[T any](text string, v *T) bool {
	if json.Unmarshal([]byte(text), v) != nil {
		return false
	}
	again, err := json.Marshal(*v)
	return err == nil && string(again) == text
}

// digest is b as a Hash; of another length, one that nothing has.
func digest(b []byte) (h store.Hash) {
	if copy(h[:], b) != len(b) || len(b) != len(h) {
		h = store.Hash(bytes.Repeat([]byte{0xff}, len(h)))
	}
	return h
}

// Latest implements store.Driver.
func (d *DB) Latest(ctx context.Context, kind, key string) (store.Entry, error) {
	es, err := rows(ctx, d, entry, `SELECT `+columns+` FROM pm_entry WHERE kind = ? AND key = ? ORDER BY seq DESC LIMIT 1`, kind, key)
	if err == nil && len(es) == 0 {
		err = fmt.Errorf("sqlite: %s: %w", store.Name{Kind: kind, Key: key}, store.ErrNotFound)
	}
	if err != nil {
		return store.Entry{}, err
	}
	return es[0], nil
}

// Head implements store.Driver.
func (d *DB) Head(ctx context.Context) (store.Entry, error) {
	es, err := rows(ctx, d, entry, `SELECT `+columns+` FROM pm_entry ORDER BY seq DESC LIMIT 1`)
	if err == nil && len(es) == 0 {
		err = fmt.Errorf("sqlite: an empty ledger has no head: %w", store.ErrNotFound)
	}
	if err != nil {
		return store.Entry{}, err
	}
	return es[0], nil
}

// headSeq is the number of the last entry; 0 if there is none.
func (d *DB) headSeq(ctx context.Context) (int64, error) {
	n, err := rows(ctx, d, one[int64], `SELECT coalesce(max(seq), 0) FROM pm_entry`)
	if err == nil && len(n) != 1 {
		err = errors.New("sqlite: no answer")
	}
	if err != nil {
		return 0, err
	}
	return n[0], nil
}

// Scan implements store.Driver.
func (d *DB) Scan(ctx context.Context, kind, prefix string) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		head, err := d.headSeq(ctx)
		if err != nil {
			yield(store.Entry{}, err)
			return
		}
		for from, op := prefix, ">="; ; op = ">" {
			es, err := rows(ctx, d, entry, `SELECT `+columns+` FROM pm_entry WHERE seq IN (
				SELECT max(seq) FROM pm_entry WHERE kind = ? AND key `+op+` ? AND seq <= ? GROUP BY key ORDER BY key LIMIT ?
				) ORDER BY key`, kind, from, head, page)
			if err != nil {
				yield(store.Entry{}, err)
				return
			}
			for _, e := range es {
				if !strings.HasPrefix(e.Key, prefix) {
					return // those with the prefix stand together
				}
				if !d.tell(ctx, e, yield) {
					return
				}
				from = e.Key
			}
			if len(es) < page {
				return
			}
		}
	}
}

// tell yields e, or the reason to stop.
func (d *DB) tell(ctx context.Context, e store.Entry, yield func(store.Entry, error) bool) bool {
	if err := d.ready(ctx); err != nil {
		yield(store.Entry{}, err)
		return false
	}
	return yield(e, nil)
}

// Trail implements store.Driver.
func (d *DB) Trail(ctx context.Context, after int64, of ...store.Name) iter.Seq2[store.Entry, error] {
	of = slices.Clone(of)
	return func(yield func(store.Entry, error) bool) {
		head, err := d.headSeq(ctx)
		if err != nil {
			yield(store.Entry{}, err)
			return
		}
		next := d.following(ctx, after, head)
		if len(of) > 0 {
			seqs, err := d.numbers(ctx, after, head, of)
			if err != nil {
				yield(store.Entry{}, err)
				return
			}
			next = d.numbered(ctx, seqs)
		}
		for {
			es, err := next()
			if err != nil {
				yield(store.Entry{}, err)
				return
			}
			for _, e := range es {
				if !d.tell(ctx, e, yield) {
					return
				}
			}
			if len(es) == 0 {
				return
			}
		}
	}
}

// following reads all entries after one and up to another, a page a call.
func (d *DB) following(ctx context.Context, after, head int64) func() ([]store.Entry, error) {
	return func() ([]store.Entry, error) {
		es, err := rows(ctx, d, entry, `SELECT `+columns+` FROM pm_entry WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`, after, head, page)
		if len(es) > 0 {
			after = es[len(es)-1].Seq
		}
		return es, err
	}
}

// numbers lists the entries of the named records, ascending.
func (d *DB) numbers(ctx context.Context, after, head int64, of []store.Name) ([]int64, error) {
	var all []int64
	for _, n := range of {
		query, args := `SELECT seq FROM pm_entry WHERE kind = ? AND seq > ? AND seq <= ?`, []any{n.Kind, after, head}
		if n.Key != "" {
			query, args = query+` AND key = ?`, append(args, n.Key)
		}
		seqs, err := rows(ctx, d, one[int64], query, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, seqs...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// numbered reads the entries with these numbers, a page a call.
func (d *DB) numbered(ctx context.Context, seqs []int64) func() ([]store.Entry, error) {
	return func() ([]store.Entry, error) {
		n := min(len(seqs), page)
		if n == 0 {
			return nil, nil
		}
		args := make([]any, n)
		for i, seq := range seqs[:n] {
			args[i] = seq
		}
		seqs = seqs[n:]
		return rows(ctx, d, entry, `SELECT `+columns+` FROM pm_entry WHERE seq IN (`+marks(n)+`) ORDER BY seq`, args...)
	}
}

// marks is n question marks.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
