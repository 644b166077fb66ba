package sqlite

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
)

// compact compresses the bodies of a mirror that was kept without, and says anew
// where the records stand.
func compact(tx *sql.Tx) error {
	for after := int64(0); ; {
		var id int64
		var text []byte
		switch err := tx.QueryRow(`SELECT record, body FROM pm_body WHERE record > ? ORDER BY record LIMIT 1`, after).Scan(&id, &text); {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return err
		}
		if err := compactOne(tx, id, text); err != nil {
			return fmt.Errorf("record %d: %w", id, err)
		}
		after = id
	}
}

func compactOne(tx *sql.Tx, id int64, text []byte) error {
	var r feeds.Record
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	var places []int64
	for _, at := range r.Coordinates() {
		var place int64
		if _, err := tx.Exec(`INSERT INTO pm_place (at) VALUES (?) ON CONFLICT (at) DO NOTHING`, at); err != nil {
			return err
		}
		if err := tx.QueryRow(`SELECT id FROM pm_place WHERE at = ?`, at).Scan(&place); err != nil {
			return err
		}
		places = append(places, place)
	}
	var standing []posting
	for _, p := range places {
		standing = append(standing, posting{p, id})
	}
	for _, b := range blocks(standing) {
		if _, err := tx.Exec(strings.Replace(addPostings, "%s", "(?, ?, ?)", 1), b.number, b.place, b.records); err != nil {
			return err
		}
	}
	slices.Sort(places)
	if _, err := tx.Exec(`UPDATE pm_record SET places = ? WHERE id = ?`, packPlaces(places), id); err != nil {
		return err
	}
	stored, _ := pack(text, nil)
	_, err := tx.Exec(`UPDATE pm_body SET body = ? WHERE record = ?`, stored, id)
	return err
}
