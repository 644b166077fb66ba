package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/open-postmarket/postmarket/store"
)

// Put implements store.Vault.
func (d *DB) Put(ctx context.Context, id string, data []byte) error {
	if err := store.CheckID(id); err != nil {
		return err
	}
	if data == nil {
		data = []byte{} // NULL means erased
	}
	return d.write(ctx, func(conn *sql.Conn) error {
		r, err := conn.ExecContext(ctx, `INSERT INTO pm_vault (id, data) VALUES (?, ?)
			ON CONFLICT (id) DO UPDATE SET data = excluded.data WHERE data IS NOT NULL`, id, data)
		if err != nil {
			return fmt.Errorf("sqlite: put %q: %w", id, err)
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("sqlite: %q: %w", id, store.ErrErased), err)
		}
		return nil
	})
}

// Get implements store.Vault.
func (d *DB) Get(ctx context.Context, id string) ([]byte, error) {
	type kept struct {
		data   []byte
		erased bool
	}
	ks, err := rows(ctx, d, func(scan func(...any) error) (k kept, err error) {
		err = scan(&k.data, &k.erased)
		return k, err
	}, `SELECT data, data IS NULL FROM pm_vault WHERE id = ?`, id)
	switch {
	case err != nil:
		return nil, err
	case len(ks) == 0:
		return nil, fmt.Errorf("sqlite: %q: %w", id, store.ErrNotFound)
	case ks[0].erased:
		return nil, fmt.Errorf("sqlite: %q: %w", id, store.ErrErased)
	}
	return append([]byte{}, ks[0].data...), nil
}

// Erase implements store.Vault. It overwrites the bytes with zeros and empties
// the write-ahead log, where older pages stand. A reader in another process
// that does not end can keep the log from being emptied: that is an error, and
// Erase is to be called again. Backups, snapshots of the file system and what a
// disk keeps of deleted blocks are beyond it.
func (d *DB) Erase(ctx context.Context, id string) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return d.fail(ctx, err)
	}
	defer conn.Close()
	// Of a caller's connection this is not known.
	if _, err := conn.ExecContext(ctx, `PRAGMA secure_delete = ON`); err != nil {
		return d.fail(ctx, fmt.Errorf("sqlite: erase: %w", err))
	}
	err = transact(ctx, conn, func(conn *sql.Conn) error {
		r, err := conn.ExecContext(ctx, `UPDATE pm_vault SET data = NULL WHERE id = ?`, id)
		if err != nil {
			return fmt.Errorf("sqlite: erase %q: %w", id, err)
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("sqlite: %q: %w", id, store.ErrNotFound), err)
		}
		return nil
	})
	if err != nil {
		return d.fail(ctx, err)
	}
	var busy, log, done int
	if err := conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &done); err != nil {
		return d.fail(ctx, fmt.Errorf("sqlite: erase %q: older pages may still be in the log: %w", id, err))
	}
	if busy != 0 {
		return fmt.Errorf("sqlite: erase %q: a reader keeps older pages in the log; erase again when it is done", id)
	}
	return nil
}
