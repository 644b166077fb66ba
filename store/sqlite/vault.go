package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

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
	return d.conceal(ctx, func(conn *sql.Conn) error {
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

// Erase implements store.Vault. It writes the whole vault anew, fills its old
// pages with zeros and empties the write-ahead log, where older pages stand; in
// a vault of many large attachments that takes its time. A reader in another
// process that does not end can keep the log from being emptied: that is an
// error, and Erase is to be called again. So is a caller's database in journal
// mode PERSIST, which keeps a journal of old pages beside it: that is said before
// anything is done. Backups, snapshots of the file system and what a
// disk keeps of deleted blocks are beyond it.
func (d *DB) Erase(ctx context.Context, id string) error {
	err := d.conceal(ctx, func(conn *sql.Conn) error {
		var mode string
		if err := conn.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
			return fmt.Errorf("sqlite: erase %q: %w", id, err)
		}
		if strings.EqualFold(mode, "persist") {
			return fmt.Errorf("sqlite: erase %q: journal mode %s keeps old pages beside the database; use WAL, DELETE or TRUNCATE and erase again", id, mode)
		}
		r, err := conn.ExecContext(ctx, `UPDATE pm_vault SET data = NULL WHERE id = ?`, id)
		if err != nil {
			return fmt.Errorf("sqlite: erase %q: %w", id, err)
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("sqlite: %q: %w", id, store.ErrNotFound), err)
		}
		// Whenever SQLite split or joined pages of the table, it left copies of
		// rows in their free space, and secure_delete does not reach those. So
		// what remains moves to new pages, and the old ones are freed, which
		// fills them with zeros.
		for _, statement := range rebuild {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("sqlite: erase %q: %w", id, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	type answer struct{ busy, log, done int }
	as, err := rows(ctx, d, func(scan func(...any) error) (a answer, err error) {
		err = scan(&a.busy, &a.log, &a.done)
		return a, err
	}, `PRAGMA wal_checkpoint(TRUNCATE)`)
	if err != nil {
		return fmt.Errorf("sqlite: erase %q: older pages may still be in the log: %w", id, err)
	}
	if len(as) != 1 || as[0].busy != 0 {
		return fmt.Errorf("sqlite: erase %q: a reader keeps older pages in the log; erase again when it is done", id)
	}
	return nil
}

var rebuild = [...]string{
	`CREATE TABLE pm_vault_anew (id TEXT PRIMARY KEY, data BLOB) STRICT`,
	`INSERT INTO pm_vault_anew (id, data) SELECT id, data FROM pm_vault ORDER BY rowid`,
	`DROP TABLE pm_vault`,
	`ALTER TABLE pm_vault_anew RENAME TO pm_vault`,
}

// conceal is write on a connection that overwrites with zeros what it frees.
// Of a caller's connection that is not known.
func (d *DB) conceal(ctx context.Context, fn func(*sql.Conn) error) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return d.fail(ctx, err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `PRAGMA secure_delete = ON`); err != nil {
		return d.fail(ctx, fmt.Errorf("sqlite: %w", err))
	}
	return d.fail(ctx, transact(ctx, conn, fn))
}
