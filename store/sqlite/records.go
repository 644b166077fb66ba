package sqlite

import (
	"bytes"
	"maps"
	"slices"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
)

// row is what must be known of a record to judge a new body. Id 0: not there.
type row struct {
	id     int64
	gone   bool
	digest []byte
	sum    []byte
	places []byte // see packPlaces

	// Of one that waits to be written.
	waits  bool
	item   string
	isNew  bool
	at     []sbom.Coordinate
	names  []feeds.ID
	body   []byte
	before []byte // places of the body before
}

// find reads what is stored under the items of the batch.
func (k *keeper) find() error {
	k.held = make(map[string]*row, len(k.b.Records)+len(k.b.Gone))
	for _, r := range k.b.Records {
		k.held[r.Item] = &row{}
	}
	for _, item := range k.b.Gone {
		k.held[item] = &row{}
	}
	if err := k.conn.QueryRowContext(k.ctx, `SELECT coalesce(max(id), 0) FROM pm_record`).Scan(&k.last); err != nil {
		return err
	}
	for items := range slices.Chunk(slices.Sorted(maps.Keys(k.held)), chunk) {
		if err := k.look(items); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) look(items []string) error {
	stmt, err := k.prepare(`SELECT item, id, gone, digest, sum, places FROM pm_record WHERE source = ? AND item IN (` + marks(len(items)) + `)`)
	if err != nil {
		return err
	}
	rs, err := stmt.QueryContext(k.ctx, k.named(items)...)
	if err != nil {
		return err
	}
	defer rs.Close()
	for rs.Next() {
		var item string
		var r row
		if err := rs.Scan(&item, &r.id, &r.gone, &r.digest, &r.sum, &r.places); err != nil {
			return err
		}
		k.held[item] = &r
	}
	return rs.Err()
}

// record takes one record, and tells of a change if its digest is another.
func (k *keeper) record(r *feeds.Record, b body) error {
	old := k.held[r.Item]
	if old.id != 0 && !old.gone && bytes.Equal(old.sum, b.sum[:]) {
		return nil
	}
	if old.waits { // told twice in one batch
		if err := k.flush(); err != nil {
			return err
		}
	}
	digest := r.Sum()
	stored, room := pack(b.text, k.room)
	k.room = room
	now := &row{
		id: old.id, digest: digest[:], sum: b.sum[:], waits: true,
		item: r.Item, isNew: old.id == 0, at: r.Coordinates(), names: r.Names, body: stored, before: old.places,
	}
	if now.isNew {
		k.last++
		now.id = k.last
	}
	if now.isNew || old.gone {
		k.records++
	}
	if now.isNew || old.gone || !bytes.Equal(old.digest, now.digest) {
		k.changes = append(k.changes, now.id, 0, now.digest, instant(r.Published))
	}
	k.held[r.Item] = now
	k.waiting = append(k.waiting, now)
	return nil
}

// gone marks a record as gone. That it once had its names stays known, for
// History.
func (k *keeper) gone(item string) error {
	old := k.held[item]
	if old.waits {
		if err := k.flush(); err != nil {
			return err
		}
		old = k.held[item]
	}
	if old.id == 0 || old.gone {
		return nil
	}
	for _, p := range unpackPlaces(old.places) {
		k.left = append(k.left, posting{p, old.id})
	}
	for _, query := range []string{
		`UPDATE pm_name SET now = 0 WHERE record = ?`,
		`DELETE FROM pm_body WHERE record = ?`,
		`UPDATE pm_record SET gone = 1, digest = x'', sum = NULL, places = NULL WHERE id = ?`,
	} {
		if err := k.exec(query, old.id); err != nil {
			return err
		}
	}
	k.held[item] = &row{id: old.id, gone: true}
	k.records--
	k.changes = append(k.changes, old.id, 1, []byte{}, 0)
	return nil
}

// flush writes what was gathered, one table after another.
func (k *keeper) flush() error {
	if err := k.settle(); err != nil {
		return err
	}
	var records, bodies, names, old []any
	for _, r := range k.waiting {
		if !r.isNew {
			old = append(old, r.id)
		}
		records = append(records, r.id, k.b.Source, r.item, k.at, 0, r.digest, r.sum, r.places)
		bodies = append(bodies, r.id, r.body)
		for _, id := range r.names {
			names = append(names, string(id), r.id, 1)
		}
	}
	k.changed = k.changed || len(k.changes) > 0
	changes := make([]any, 0, len(k.changes)/4*5)
	for c := range slices.Chunk(k.changes, 4) {
		changes = append(append(changes, k.at), c...)
	}
	for _, g := range []struct {
		query  string
		width  int
		values []any
	}{
		{`INSERT INTO pm_record (id, source, item, first, gone, digest, sum, places) VALUES %s
			ON CONFLICT DO UPDATE SET gone = excluded.gone, digest = excluded.digest, sum = excluded.sum, places = excluded.places`, 8, records},
		{`INSERT INTO pm_body (record, body) VALUES %s ON CONFLICT (record) DO UPDATE SET body = excluded.body`, 2, bodies},
		{`WITH some (id) AS (VALUES %s) UPDATE pm_name SET now = 0 WHERE record IN (SELECT id FROM some)`, 1, old},
		{`INSERT INTO pm_name (name, record, now) VALUES %s ON CONFLICT (name, record) DO UPDATE SET now = excluded.now`, 3, names},
		{`INSERT INTO pm_change (at, record, gone, digest, said) VALUES %s`, 5, changes},
	} {
		if err := k.insert(g.query, g.width, g.values); err != nil {
			return err
		}
	}
	for _, r := range k.waiting {
		*r = row{id: r.id, digest: r.digest, sum: r.sum, places: r.places}
	}
	k.waiting, k.changes = k.waiting[:0], k.changes[:0]
	return nil
}
