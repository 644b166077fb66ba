package tuf

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// Publish writes what is new into the folder dir: the targets, then the metadata
// that names them, and last the timestamp, each file whole or not at all. A
// client that asks meanwhile, or after a publication that was cut off, sees the
// old state or the new one; after Rotate, between the new root and the timestamp, it
// is refused and has to ask again. Metadata files are never written over, save for the
// timestamp: one that differs is an error.
func (r *Repository) Publish(dir string) error {
	rank := func(name string) int {
		switch {
		case strings.HasPrefix(name, "targets/"):
			return 0
		case strings.HasSuffix(name, ".targets.json"):
			return 1
		case strings.HasSuffix(name, ".snapshot.json"):
			return 2
		case strings.HasSuffix(name, ".root.json"):
			return 3
		}
		return 4
	}
	names := slices.SortedFunc(maps.Keys(r.fresh), func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		if !fs.ValidPath(name) {
			return fmt.Errorf("tuf: publish: %q is not a plain path", name)
		}
		file := filepath.Join(dir, filepath.FromSlash(name))
		if name != "timestamp.json" {
			had, err := os.ReadFile(file)
			if err == nil && bytes.Equal(had, r.fresh[name]) {
				continue
			}
			if err == nil {
				return fmt.Errorf("tuf: publish: %q is there already and differs", name)
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("tuf: publish: %w", err)
			}
		}
		if err := writeWhole(file, r.fresh[name]); err != nil {
			return fmt.Errorf("tuf: publish: %w", err)
		}
	}
	return nil
}

// writeWhole writes a file so that it is there whole or as it was.
func writeWhole(file string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Load reads a published repository to go on with it. root is a root that is
// trusted, at best the first; what follows from it must be signed, so that nobody
// goes on with a folder that was tampered with. It may be past its date. o gives
// the lifetimes of what is signed next.
func Load(fsys fs.FS, root []byte, o *Options) (*Repository, error) {
	r := &Repository{base: fsys, fresh: map[string][]byte{}, valid: lifetimes(o)}
	bad := func(err error) (*Repository, error) { return nil, fmt.Errorf("tuf: load: %w", err) }
	var err error
	if r.root, err = metadata.Root().FromBytes(root); err != nil {
		return bad(err)
	}
	if err := r.root.VerifyDelegate(metadata.ROOT, r.root); err != nil {
		return bad(err)
	}
	for {
		version := r.root.Signed.Version + 1
		b, err := fs.ReadFile(fsys, fmt.Sprintf("%d.root.json", version))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return bad(err)
		}
		n, err := metadata.Root().FromBytes(b)
		if err == nil {
			err = errors.Join(r.root.VerifyDelegate(metadata.ROOT, n), n.VerifyDelegate(metadata.ROOT, n))
		}
		if err != nil {
			return bad(err)
		}
		if n.Signed.Version != version {
			return bad(fmt.Errorf("%d.root.json is version %d", version, n.Signed.Version))
		}
		r.root = n
	}
	if r.timestamp, err = read(fsys, "timestamp.json", r.root, Timestamp, nil, metadata.Timestamp()); err != nil {
		return bad(err)
	}
	s := r.timestamp.Signed.Meta["snapshot.json"]
	if r.snapshot, err = read(fsys, versioned(s, Snapshot), r.root, Snapshot, s, metadata.Snapshot()); err != nil {
		return bad(err)
	}
	t := r.snapshot.Signed.Meta["targets.json"]
	if r.targets, err = read(fsys, versioned(t, Targets), r.root, Targets, t, metadata.Targets()); err != nil {
		return bad(err)
	}
	return r, nil
}

func versioned(m *metadata.MetaFiles, role Role) string {
	if m == nil {
		return string(role) + ".json"
	}
	return strconv.FormatInt(m.Version, 10) + "." + string(role) + ".json"
}

func read[T metadata.Roles](fsys fs.FS, name string, root *metadata.Metadata[metadata.RootType], role Role, m *metadata.MetaFiles, into *metadata.Metadata[T]) (*metadata.Metadata[T], error) {
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	if m != nil {
		if err := m.VerifyLengthHashes(b); err != nil {
			return nil, err
		}
	} else if role != Timestamp {
		return nil, fmt.Errorf("nothing names the %s", role)
	}
	if into, err = into.FromBytes(b); err != nil {
		return nil, err
	}
	return into, root.VerifyDelegate(string(role), into)
}
