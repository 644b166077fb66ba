package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
)

var _ feeds.Mirror = (*DB)(nil)

// Keep implements feeds.Mirror.
func (d *DB) Keep(ctx context.Context, b feeds.Batch) error {
	if err := b.Check(); err != nil {
		return err
	}
	bodies := make([][]byte, len(b.Records))
	for i, r := range b.Records {
		body, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("sqlite: record %s %q: %w", r.Source, r.Item, err)
		}
		bodies[i] = body
	}
	return d.write(ctx, func(conn *sql.Conn) error {
		k := keeper{ctx: ctx, conn: conn, b: b, at: instant(b.At)}
		defer k.close()
		if err := k.keep(bodies); err != nil {
			return fmt.Errorf("sqlite: keep %s: %w", b.Source, err)
		}
		return nil
	})
}

// keeper is one Keep under way, in its transaction. Rows of the small tables
// are gathered and written together: one statement costs more than its row.
type keeper struct {
	ctx      context.Context // of the Keep that runs
	conn     *sql.Conn
	b        feeds.Batch
	at       int64
	prepared map[string]*sql.Stmt
	held     map[string]row // by item, as stored and as changed since
	changed  bool

	// Gathered, as arrays of rows: [coordinate, record], [name, record],
	// [record, digest, gone].
	places, names, changes [][]any
	waiting                map[int64]bool // records with gathered rows
}

func (k *keeper) keep(bodies [][]byte) error {
	st, err := k.standing()
	if err != nil {
		return err
	}
	if st.Cursor != k.b.From {
		return fmt.Errorf("it stands at %q, not at %q: %w", st.Cursor, k.b.From, feeds.ErrConflict)
	}
	if err := k.find(); err != nil {
		return err
	}
	for i, r := range k.b.Records {
		if err := k.record(r, bodies[i]); err != nil {
			return fmt.Errorf("record %q: %w", r.Item, err)
		}
	}
	for _, item := range k.b.Gone {
		if err := k.gone(item); err != nil {
			return fmt.Errorf("record %q: %w", item, err)
		}
	}
	if err := k.flush(); err != nil {
		return err
	}
	if err := k.quarantine(); err != nil {
		return err
	}
	return k.stand(st)
}

// quarantine lets go of what was read or is gone, and takes in what could not
// be read.
func (k *keeper) quarantine() error {
	var any bool
	err := k.conn.QueryRowContext(k.ctx, `SELECT EXISTS (SELECT 1 FROM pm_rejected WHERE source = ?)`, k.b.Source).Scan(&any)
	if err != nil {
		return err
	}
	for item := range k.held {
		if !any {
			break
		}
		if err := k.exec(`DELETE FROM pm_rejected WHERE source = ? AND item = ?`, k.b.Source, item); err != nil {
			return err
		}
	}
	for _, r := range k.b.Rejected {
		if err := k.exec(`INSERT INTO pm_rejected (source, item, digest, why, at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (source, item) DO UPDATE SET digest = excluded.digest, why = excluded.why, at = excluded.at`,
			k.b.Source, r.Item, r.Digest, r.Why, k.at); err != nil {
			return fmt.Errorf("rejected %q: %w", r.Item, err)
		}
	}
	return nil
}

// standing is the stored row, without counts.
func (k *keeper) standing() (feeds.Standing, error) {
	st, err := scanStanding(k.conn.QueryRowContext(k.ctx, selectStanding, k.b.Source).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return feeds.Standing{Source: k.b.Source}, nil
	}
	return st, err
}

// stand writes the standing after this batch.
func (k *keeper) stand(st feeds.Standing) error {
	at := when(k.at)
	st.Tried = at
	if k.changed {
		st.Changed = at
	}
	switch {
	case k.b.Failed != "":
		st.Failures++
		st.Failed = k.b.Failed
	case k.b.Done:
		st.Cursor, st.Midway = k.b.Next, false
		st.Succeeded, st.Failures, st.Failed = at, 0, ""
	default:
		st.Cursor, st.Midway = k.b.Next, st.Midway || k.b.Next != k.b.From
	}
	return k.exec(`INSERT INTO pm_source (source, cursor, tried, succeeded, changed, midway, failures, failed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor, tried = excluded.tried, succeeded = excluded.succeeded,
		changed = excluded.changed, midway = excluded.midway, failures = excluded.failures, failed = excluded.failed`,
		st.Source, string(st.Cursor), instant(st.Tried), instant(st.Succeeded), instant(st.Changed), bit(st.Midway), st.Failures, st.Failed)
}

// row is what must be known of a record to judge a new body. Id 0: not there.
type row struct {
	id     int64
	digest string
	gone   bool
	sum    []byte
}

// find reads what is stored under the items of the batch.
func (k *keeper) find() error {
	k.held, k.waiting = map[string]row{}, map[int64]bool{}
	for _, r := range k.b.Records {
		k.held[r.Item] = row{}
	}
	for _, item := range k.b.Gone {
		k.held[item] = row{}
	}
	for items := range slices.Chunk(slices.Sorted(maps.Keys(k.held)), chunk) {
		args := []any{k.b.Source}
		for _, item := range items {
			args = append(args, item)
		}
		rs, err := k.conn.QueryContext(k.ctx, `SELECT item, id, digest, gone, sum FROM pm_record WHERE source = ? AND item IN (`+marks(len(items))+`)`, args...)
		if err != nil {
			return err
		}
		defer rs.Close()
		for rs.Next() {
			var item string
			var r row
			if err := rs.Scan(&item, &r.id, &r.digest, &r.gone, &r.sum); err != nil {
				return err
			}
			k.held[item] = r
		}
		if err := rs.Err(); err != nil {
			return err
		}
	}
	return nil
}

// record takes one record, and tells of a change if its digest is another.
func (k *keeper) record(r feeds.Record, body []byte) error {
	old := k.held[r.Item]
	sum := sha256.Sum256(body)
	if old.id != 0 && !old.gone && bytes.Equal(old.sum, sum[:]) {
		return nil
	}
	now := row{id: old.id, digest: r.Digest(), sum: sum[:]}
	if old.id == 0 {
		stmt, err := k.prepare(`INSERT INTO pm_record (source, item, first, digest, gone, sum, body) VALUES (?, ?, ?, ?, 0, ?, ?)`)
		if err != nil {
			return err
		}
		res, err := stmt.ExecContext(k.ctx, k.b.Source, r.Item, k.at, now.digest, now.sum, body)
		if err != nil {
			return err
		}
		if now.id, err = res.LastInsertId(); err != nil {
			return err
		}
	} else {
		if err := k.forget(old.id); err != nil {
			return err
		}
		if err := k.exec(`UPDATE pm_record SET digest = ?, gone = 0, sum = ?, body = ? WHERE id = ?`, now.digest, now.sum, body, now.id); err != nil {
			return err
		}
	}
	k.held[r.Item] = now
	k.waiting[now.id] = true
	for _, at := range r.Coordinates() {
		k.places = append(k.places, []any{at, now.id})
	}
	for _, id := range r.Names {
		k.names = append(k.names, []any{id, now.id})
	}
	if old.id == 0 || old.gone || old.digest != now.digest {
		k.changes = append(k.changes, []any{now.id, now.digest, 0})
	}
	return nil
}

// gone marks a record as gone.
func (k *keeper) gone(item string) error {
	old := k.held[item]
	if old.id == 0 || old.gone {
		return nil
	}
	if err := k.forget(old.id); err != nil {
		return err
	}
	if err := k.exec(`UPDATE pm_record SET digest = '', gone = 1, sum = NULL, body = NULL WHERE id = ?`, old.id); err != nil {
		return err
	}
	k.held[item] = row{id: old.id, gone: true}
	k.changes = append(k.changes, []any{old.id, "", 1})
	return nil
}

// forget takes a record out of what is found by coordinate and name; that it
// once had its names stays known, for History.
func (k *keeper) forget(id int64) error {
	if k.waiting[id] { // told twice in one batch
		if err := k.flush(); err != nil {
			return err
		}
	}
	if err := k.exec(`DELETE FROM pm_coordinate WHERE record = ?`, id); err != nil {
		return err
	}
	return k.exec(`UPDATE pm_name SET now = 0 WHERE record = ?`, id)
}

// flush writes what was gathered.
func (k *keeper) flush() error {
	k.changed = k.changed || len(k.changes) > 0
	for _, g := range []struct {
		rows  *[][]any
		query string
	}{
		{&k.places, `INSERT OR IGNORE INTO pm_coordinate (at, record) SELECT value ->> 0, value ->> 1 FROM json_each(?) ORDER BY 1`},
		{&k.names, `INSERT INTO pm_name (name, record, now) SELECT value ->> 0, value ->> 1, 1 FROM json_each(?) WHERE true
			ON CONFLICT DO UPDATE SET now = 1`},
		{&k.changes, `INSERT INTO pm_change (at, record, digest, gone) SELECT ?2, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) ORDER BY key`},
	} {
		if len(*g.rows) == 0 {
			continue
		}
		b, err := json.Marshal(*g.rows)
		if err != nil {
			return err
		}
		args := []any{string(b)}
		if g.rows == &k.changes {
			args = append(args, k.at)
		}
		if err := k.exec(g.query, args...); err != nil {
			return err
		}
		*g.rows = nil
	}
	clear(k.waiting)
	return nil
}

func (k *keeper) exec(query string, args ...any) error {
	stmt, err := k.prepare(query)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(k.ctx, args...)
	return err
}

// prepare keeps statements for the length of the transaction: a batch runs
// the same few many times.
func (k *keeper) prepare(query string) (*sql.Stmt, error) {
	if stmt, ok := k.prepared[query]; ok {
		return stmt, nil
	}
	stmt, err := k.conn.PrepareContext(k.ctx, query)
	if err != nil {
		return nil, err
	}
	if k.prepared == nil {
		k.prepared = map[string]*sql.Stmt{}
	}
	k.prepared[query] = stmt
	return stmt, nil
}

func (k *keeper) close() {
	for _, stmt := range k.prepared {
		stmt.Close()
	}
}

const selectStanding = `SELECT source, cursor, tried, succeeded, changed, midway, failures, failed FROM pm_source WHERE source = ?`

func scanStanding(scan func(...any) error) (st feeds.Standing, err error) {
	var cursor string
	var tried, succeeded, changed int64
	err = scan(&st.Source, &cursor, &tried, &succeeded, &changed, &st.Midway, &st.Failures, &st.Failed)
	st.Cursor, st.Tried, st.Succeeded, st.Changed = feeds.Cursor(cursor), when(tried), when(succeeded), when(changed)
	return st, err
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// instant is t as it is kept: microseconds since 1970, 0 for the zero time.
func instant(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// when is the inverse of instant.
func when(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
