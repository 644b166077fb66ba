package tuf

import (
	"bytes"
	"cmp"
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
// old state or the new one. Only when a Rotate is published that was not signed by the
// old keys of every role, or together with what came after it, is a client refused
// between the new root and the timestamp, keeps what it has, and has to ask again.
// Metadata files are never written over, save for the timestamp by a newer one: one
// that differs is an error, and a sign that somebody else published.
//
// After a cut Publish may be called again; or Load goes on from what is there, and what
// was cut off is an error from then on. A first publication, which nobody saw, is
// begun again in an empty folder.
func (r *Repository) Publish(dir string) error {
	if err := r.outdated(filepath.Join(dir, "timestamp.json")); err != nil {
		return err
	}
	type place struct {
		rank    int
		version int64
	}
	of := func(name string) place {
		for i, role := range []Role{Targets, Snapshot, Root} {
			if v, ok := versionIn(name, role); ok && role == Root && v == r.bridge {
				return place{5, v} // the timestamp is good under the root before it, too
			} else if ok {
				return place{1 + i, v}
			}
		}
		if name == "timestamp.json" {
			return place{4, 0}
		}
		return place{}
	}
	names := slices.SortedFunc(maps.Keys(r.fresh), func(a, b string) int {
		x, y := of(a), of(b)
		return cmp.Or(cmp.Compare(x.rank, y.rank), cmp.Compare(x.version, y.version), strings.Compare(a, b))
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
				return fmt.Errorf("tuf: publish: %q is there already and differs: load the folder and go on from there", name)
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

// outdated refuses to publish over a timestamp that is good and not older: somebody
// went on since, and clients would be shown what was before.
func (r *Repository) outdated(file string) error {
	b, err := os.ReadFile(file)
	if err != nil || bytes.Equal(b, r.fresh["timestamp.json"]) || wellFormed("timestamp.json", b) != nil {
		return nil // none is there, or none that counts; what else is wrong, writing tells
	}
	m, err := metadata.Timestamp().FromBytes(b)
	if err != nil || r.root.VerifyDelegate(metadata.TIMESTAMP, m) != nil || r.fresh["timestamp.json"] == nil {
		return nil
	}
	if m.Signed.Version >= r.timestamp.Signed.Version {
		return fmt.Errorf("tuf: publish: version %d is published, and this is %d: load the folder and go on from there", m.Signed.Version, r.timestamp.Signed.Version)
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
	if d, err := os.Open(filepath.Dir(file)); err == nil { // so that files come in order; not every system can
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}

// versionIn is the version in the name of a metadata file of role.
func versionIn(name string, role Role) (int64, bool) {
	number, ok := strings.CutSuffix(name, "."+string(role)+".json")
	v, err := strconv.ParseInt(number, 10, 64)
	return v, ok && err == nil && v > 0 && strconv.FormatInt(v, 10) == number
}

// Load reads a published repository to go on with it. root is a root that is
// trusted, at best the first; what follows from it must be signed, so that nobody
// goes on with a folder that was tampered with. It may be past its date. o gives
// the lifetimes of what is signed next.
//
// After a publication that was cut off, Load gives the state that clients see, and
// what comes next has versions that are not there yet. After a Rotate that was cut
// off with the new root there and nothing that names what is signed under it, it gives
// the state of that Rotate: Refresh or Add with the new keys and Publish finish it.
// Nothing that only the old keys signed is taken over; root must then be one from
// before.
func Load(fsys fs.FS, root []byte, o *Options) (*Repository, error) {
	r := &Repository{base: fsys, fresh: map[string][]byte{}, taken: map[string]bool{}, valid: lifetimes(o)}
	bad := func(err error) (*Repository, error) { return nil, fmt.Errorf("tuf: load: %w", err) }
	files, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return bad(err)
	}
	for _, f := range files {
		r.taken[f.Name()] = true
	}
	if r.root, err = firstRoot(root); err != nil {
		return bad(err)
	}
	var before []*metadata.Metadata[metadata.RootType]
	for {
		b, err := fs.ReadFile(fsys, versioned(r.root.Signed.Version+1, Root))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return bad(err)
		}
		n, err := nextRoot(r.root, b)
		if err != nil {
			return bad(err)
		}
		before, r.root = append(before, r.root), n
	}
	if err = r.read(fsys, r.root); err != nil && !r.unfinished(fsys, before) {
		return bad(err)
	}
	return r, nil
}

// firstRoot is the root in b, which is trusted because somebody says so.
func firstRoot(b []byte) (*metadata.Metadata[metadata.RootType], error) {
	if err := wellFormed("root.json", b); err != nil {
		return nil, err
	}
	m, err := metadata.Root().FromBytes(b)
	if err != nil {
		return nil, err
	}
	return m, m.VerifyDelegate(metadata.ROOT, m)
}

// nextRoot is the root in b, if it is the one that follows from root.
func nextRoot(root *metadata.Metadata[metadata.RootType], b []byte) (*metadata.Metadata[metadata.RootType], error) {
	if err := wellFormed("root.json", b); err != nil {
		return nil, err
	}
	n, err := metadata.Root().FromBytes(b)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(root.VerifyDelegate(metadata.ROOT, n), n.VerifyDelegate(metadata.ROOT, n)); err != nil {
		return nil, err
	}
	if want := root.Signed.Version + 1; n.Signed.Version != want {
		return nil, fmt.Errorf("%d.root.json is version %d", want, n.Signed.Version)
	}
	return n, nil
}

// read reads the state that the timestamp names, all of it signed as root asks.
func (r *Repository) read(fsys fs.FS, root *metadata.Metadata[metadata.RootType]) (err error) {
	if r.timestamp, err = open(fsys, "timestamp.json", root, Timestamp, nil, metadata.Timestamp()); err != nil {
		return err
	}
	s := r.timestamp.Signed.Meta["snapshot.json"]
	if s == nil {
		return errors.New("the timestamp names no snapshot")
	}
	if r.snapshot, err = open(fsys, versioned(s.Version, Snapshot), root, Snapshot, s, metadata.Snapshot()); err != nil {
		return err
	}
	return r.readTargets(fsys, root)
}

func (r *Repository) readTargets(fsys fs.FS, root *metadata.Metadata[metadata.RootType]) (err error) {
	t := r.snapshot.Signed.Meta["targets.json"]
	if t == nil {
		return errors.New("the snapshot names no targets")
	}
	r.targets, err = open(fsys, versioned(t.Version, Targets), root, Targets, t, metadata.Targets())
	return err
}

// unfinished reads the state of a rotation that was cut off: what is published is
// good under a root before the newest one, and what waits for its timestamp, being
// written before the root, under the newest. It prefers what has the targets that are
// published, which Rotate does not change, and then the one after that.
func (r *Repository) unfinished(fsys fs.FS, before []*metadata.Metadata[metadata.RootType]) bool {
	if !slices.ContainsFunc(before, func(old *metadata.Metadata[metadata.RootType]) bool { return r.read(fsys, old) == nil }) {
		return false
	}
	// clients do not go back behind what is good under the newest root, too
	var snapshot, targets int64
	if r.root.VerifyDelegate(metadata.SNAPSHOT, r.snapshot) == nil {
		snapshot = r.snapshot.Signed.Version
	}
	if r.root.VerifyDelegate(metadata.TARGETS, r.targets) == nil {
		targets = r.targets.Signed.Version
	}
	var waiting []int64
	for name := range r.taken {
		if v, ok := versionIn(name, Snapshot); ok && v > snapshot {
			waiting = append(waiting, v)
		}
	}
	slices.Sort(waiting)
	published := r.targets.Signed.Targets
	var found *Repository
	for _, v := range slices.Backward(waiting) {
		n := &Repository{}
		var err error
		if n.snapshot, err = open(fsys, versioned(v, Snapshot), r.root, Snapshot, nil, metadata.Snapshot()); err != nil || n.snapshot.Signed.Version != v {
			continue
		}
		if n.readTargets(fsys, r.root) != nil || n.targets.Signed.Version <= targets {
			continue
		}
		found = n
		if maps.EqualFunc(n.targets.Signed.Targets, published, func(a, b *metadata.TargetFiles) bool { return a != nil && b != nil && a.Equal(*b) }) {
			break
		}
	}
	if found == nil {
		return false
	}
	r.snapshot, r.targets = found.snapshot, found.targets
	return true
}

func versioned(version int64, role Role) string {
	return strconv.FormatInt(version, 10) + "." + string(role) + ".json"
}

// open reads a metadata file that is signed as root asks and, where m is known, is
// the one that m describes.
func open[T metadata.Roles](fsys fs.FS, name string, root *metadata.Metadata[metadata.RootType], role Role, m *metadata.MetaFiles, into *metadata.Metadata[T]) (*metadata.Metadata[T], error) {
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	if m != nil {
		if err := m.VerifyLengthHashes(b); err != nil {
			return nil, err
		}
	}
	if into, err = into.FromBytes(b); err != nil {
		return nil, err
	}
	return into, root.VerifyDelegate(string(role), into)
}
