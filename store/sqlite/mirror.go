package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
)

var _ feeds.Mirror = (*DB)(nil)

// Keep implements feeds.Mirror.
func (d *DB) Keep(ctx context.Context, b feeds.Batch) error {
	if err := b.Check(); err != nil {
		return err
	}
	// What can be done without keeping other writers out is done before.
	bodies := make([]body, len(b.Records))
	for i, r := range b.Records {
		text, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("sqlite: record %s %q: %w", r.Source, r.Item, err)
		}
		if len(text) > mostBody {
			return fmt.Errorf("sqlite: record %s %q: %d bytes are more than a mirror takes", r.Source, r.Item, len(text))
		}
		bodies[i] = body{text, sha256.Sum256(text)}
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

// body is the JSON of a record and its digest, by which a mirror knows that it
// has it already. The record's own digest leaves out what is no change.
type body struct {
	text []byte
	sum  [sha256.Size]byte
}

// keeper is one Keep under way, in its transaction. Rows are gathered and
// written many at a time, in the order of their tables: a statement costs more
// than its row, and a page that is found once takes all its rows.
type keeper struct {
	ctx      context.Context // of the Keep that runs
	conn     *sql.Conn
	b        feeds.Batch
	at       int64
	prepared map[string]*sql.Stmt
	held     map[string]*row // by item, as stored and as changed since
	last     int64           // the highest id of a record
	records  int             // how many there are more
	changed  bool
	room     []byte // to compress in

	// Gathered and not yet written.
	waiting []*row
	left    []posting
	changes []any // record, gone, digest, said
}

func (k *keeper) keep(bodies []body) error {
	st, err := k.standing()
	if err != nil {
		return err
	}
	if err := k.b.Follows(st); err != nil {
		return err
	}
	if err := k.find(); err != nil {
		return err
	}
	for i := range k.b.Records {
		if err := k.record(&k.b.Records[i], bodies[i]); err != nil {
			return fmt.Errorf("record %q: %w", k.b.Records[i].Item, err)
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

// quarantine lets go of what was read, is gone or was mended, and takes in what
// could not be read.
func (k *keeper) quarantine() error {
	var any bool
	err := k.conn.QueryRowContext(k.ctx, `SELECT EXISTS (SELECT 1 FROM pm_rejected WHERE source = ?)`, k.b.Source).Scan(&any)
	if err != nil {
		return err
	}
	if any {
		items := slices.AppendSeq(slices.Clone(k.b.Mended), maps.Keys(k.held))
		for some := range slices.Chunk(items, chunk) {
			if err := k.exec(`DELETE FROM pm_rejected WHERE source = ? AND item IN (`+marks(len(some))+`)`, k.named(some)...); err != nil {
				return err
			}
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

// named are the arguments of a question for some items of the source.
func (k *keeper) named(items []string) []any {
	args := []any{k.b.Source}
	for _, item := range items {
		args = append(args, item)
	}
	return args
}

// standing is the stored row, without what is in quarantine.
func (k *keeper) standing() (feeds.Standing, error) {
	st, err := scanStanding(k.conn.QueryRowContext(k.ctx, `SELECT `+standingColumns+` FROM pm_source WHERE source = ?`, k.b.Source).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return feeds.Standing{Source: k.b.Source}, nil
	}
	return st, err
}

// stand writes the standing after this batch.
func (k *keeper) stand(st feeds.Standing) error {
	at := when(k.at)
	st.Tried = at
	st.Turn++
	st.Records += k.records
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
	return k.exec(`INSERT INTO pm_source (`+standingColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor, turn = excluded.turn, records = excluded.records,
		tried = excluded.tried, succeeded = excluded.succeeded, changed = excluded.changed, midway = excluded.midway,
		failures = excluded.failures, failed = excluded.failed`,
		st.Source, string(st.Cursor), st.Turn, st.Records, instant(st.Tried), instant(st.Succeeded), instant(st.Changed),
		bit(st.Midway), st.Failures, st.Failed)
}

func (k *keeper) exec(query string, args ...any) error {
	stmt, err := k.prepare(query)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(k.ctx, args...)
	return err
}

// insert writes rows of width values each, many with one statement. Query has a
// %s where its VALUES stand.
func (k *keeper) insert(query string, width int, values []any) error {
	one := "(" + marks(width) + ")"
	for _, n := range []int{128, 16, 1} { // few statements for any number of rows
		if len(values) < n*width {
			continue
		}
		text := strings.Replace(query, "%s", one+strings.Repeat(", "+one, n-1), 1)
		for len(values) >= n*width {
			if err := k.exec(text, values[:n*width]...); err != nil {
				return err
			}
			values = values[n*width:]
		}
	}
	return nil
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

const standingColumns = `source, cursor, turn, records, tried, succeeded, changed, midway, failures, failed`

func scanStanding(scan func(...any) error) (st feeds.Standing, err error) {
	var cursor string
	var tried, succeeded, changed int64
	err = scan(&st.Source, &cursor, &st.Turn, &st.Records, &tried, &succeeded, &changed, &st.Midway, &st.Failures, &st.Failed)
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
