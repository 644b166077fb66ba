package tuf

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/open-postmarket/postmarket/internal/keys"
	"github.com/open-postmarket/postmarket/patch"
)

// A Role is one of TUF's four top-level roles.
type Role string

// The roles.
const (
	Root      Role = metadata.ROOT
	Targets   Role = metadata.TARGETS
	Snapshot  Role = metadata.SNAPSHOT
	Timestamp Role = metadata.TIMESTAMP
)

var roles = []Role{Root, Targets, Snapshot, Timestamp}

// Keys are those that sign for each role. Only crypto.Signer is asked of them, so
// they may sit in an HSM: Ed25519, ECDSA on P-256, RSA of 2048 bits or more. P-384,
// which an Envelope takes, is not: TUF names no scheme for it that every client knows.
// The keys of Root are kept offline and needed for Create and Rotate only, so none of
// them may sign for another role; those of Timestamp, and of Snapshot, are for every
// day and may be the same.
type Keys map[Role][]crypto.Signer

// Options of a repository. Nil and the zero value are fine.
type Options struct {
	// Threshold is how many keys of a role have to sign. Zero is all of them.
	Threshold map[Role]int
	// Valid is how long what a role signs is valid. Zero is our own convention:
	// root 365 days, targets 90, snapshot 7, timestamp 1. A client that is offline
	// for longer takes nothing until it can ask again.
	Valid map[Role]time.Duration
}

var valid = map[Role]time.Duration{Root: 365 * 24 * time.Hour, Targets: 90 * 24 * time.Hour, Snapshot: 7 * 24 * time.Hour, Timestamp: 24 * time.Hour}

// A Repository is the signed metadata and the files of one. It does not change:
// each method returns a new one. Create makes it, Load reads a published one.
type Repository struct {
	base  fs.FS // what is published; nil is nothing
	fresh map[string][]byte
	taken map[string]bool // metadata files that lie there, published or not
	valid map[Role]time.Duration
	// bridge is the version of the root under whose predecessor what is fresh is
	// good, too; 0 is none.
	bridge int64

	root      *metadata.Metadata[metadata.RootType]
	targets   *metadata.Metadata[metadata.TargetsType]
	snapshot  *metadata.Metadata[metadata.SnapshotType]
	timestamp *metadata.Metadata[metadata.TimestampType]
}

// Create returns a repository without targets, signed by k, which has keys for
// every role.
func Create(k Keys, o *Options, at time.Time) (*Repository, error) {
	r := &Repository{fresh: map[string][]byte{}, valid: lifetimes(o)}
	r.root = metadata.Root(r.until(Root, at))
	if err := r.empower(k, o); err != nil {
		return nil, err
	}
	r.targets = metadata.Targets(r.until(Targets, at))
	r.snapshot = metadata.Snapshot(r.until(Snapshot, at))
	r.timestamp = metadata.Timestamp(r.until(Timestamp, at))
	if err := sign(r.root, r.root, Root, k[Root]); err != nil {
		return nil, err
	}
	if err := r.put("1.root.json", r.root); err != nil {
		return nil, err
	}
	return r, r.write(k, at, Targets)
}

func lifetimes(o *Options) map[Role]time.Duration {
	out := maps.Clone(valid)
	if o != nil {
		for role, d := range o.Valid {
			if d > 0 {
				out[role] = d
			}
		}
	}
	return out
}

func (r *Repository) until(role Role, at time.Time) time.Time {
	return at.Add(r.valid[role]).UTC().Truncate(time.Second)
}

// empower gives the root of r the public keys of k and their thresholds.
func (r *Repository) empower(k Keys, o *Options) error {
	var errs []error
	for _, role := range roles {
		threshold := len(k[role])
		if o != nil && o.Threshold[role] != 0 {
			threshold = o.Threshold[role]
		}
		if threshold < 1 || threshold > len(k[role]) {
			errs = append(errs, fmt.Errorf("tuf: %s: %d of %d keys are to sign", role, threshold, len(k[role])))
			continue
		}
		whole := true
		for _, s := range k[role] {
			key, id, err := publicKey(s)
			if err == nil && role != Root && slices.Contains(r.root.Signed.Roles[string(Root)].KeyIDs, id) {
				err = errors.New("a key of root signs for no other role")
			}
			if err == nil {
				err = r.root.Signed.AddKey(key, string(role))
			}
			if err != nil {
				whole = false
				errs = append(errs, fmt.Errorf("tuf: %s: %w", role, err))
			}
		}
		if n := len(r.root.Signed.Roles[string(role)].KeyIDs); whole && n != len(k[role]) {
			errs = append(errs, fmt.Errorf("tuf: %s: %d of its %d keys are different", role, n, len(k[role])))
		}
		r.root.Signed.Roles[string(role)].Threshold = threshold
	}
	return errors.Join(errs...)
}

// publicKey is the key of s in TUF's form, and its id.
func publicKey(s crypto.Signer) (*metadata.Key, string, error) {
	p, err := keys.Public(s)
	if err != nil {
		return nil, "", err
	}
	if k, ok := p.(*ecdsa.PublicKey); ok && k.Curve != elliptic.P256() {
		return nil, "", errors.New("of ECDSA keys only P-256 is taken")
	}
	key, err := metadata.KeyFromPublicKey(p)
	if err != nil {
		return nil, "", err
	}
	id, err := key.ID()
	return key, id, err
}

// signer lets go-tuf sign with a crypto.Signer.
type signer struct{ key crypto.Signer }

func (s signer) PublicKey(...signature.PublicKeyOption) (crypto.PublicKey, error) {
	return s.key.Public(), nil
}

func (s signer) SignMessage(message io.Reader, _ ...signature.SignOption) ([]byte, error) {
	body, err := io.ReadAll(message)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	switch s.key.Public().(type) {
	case ed25519.PublicKey:
		return s.key.Sign(rand.Reader, body, crypto.Hash(0))
	case *rsa.PublicKey:
		return s.key.Sign(rand.Reader, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	}
	return s.key.Sign(rand.Reader, sum[:], crypto.SHA256)
}

// sign signs m for role by those keys, and checks
// that they are enough for a client.
func sign[T metadata.Roles](root *metadata.Metadata[metadata.RootType], m *metadata.Metadata[T], role Role, by []crypto.Signer) error {
	for _, s := range by {
		_, id, err := publicKey(s)
		if err != nil {
			return fmt.Errorf("tuf: %s: %w", role, err)
		}
		if slices.ContainsFunc(m.Signatures, func(s metadata.Signature) bool { return s.KeyID == id }) {
			continue
		}
		if _, err := m.Sign(signer{s}); err != nil {
			return fmt.Errorf("tuf: %s: %w", role, err)
		}
	}
	if err := root.VerifyDelegate(string(role), m); err != nil {
		return fmt.Errorf("tuf: %s: %w", role, err)
	}
	return nil
}

func (r *Repository) put(name string, m interface{ ToBytes(bool) ([]byte, error) }) error {
	b, err := m.ToBytes(true)
	if err != nil {
		return fmt.Errorf("tuf: %s: %w", name, err)
	}
	r.fresh[name] = b
	return nil
}

// write signs and puts the metadata of the role from, and of those that follow
// from it.
func (r *Repository) write(k Keys, at time.Time, from Role) error {
	if from == Targets {
		r.targets.Signed.Expires = r.until(Targets, at)
		r.targets.ClearSignatures()
		if err := sign(r.root, r.targets, Targets, k[Targets]); err != nil {
			return err
		}
		name := fmt.Sprintf("%d.targets.json", r.targets.Signed.Version)
		if err := r.put(name, r.targets); err != nil {
			return err
		}
		r.snapshot.Signed.Meta["targets.json"] = describe(r.targets.Signed.Version, r.fresh[name])
	}
	if from != Timestamp {
		r.snapshot.Signed.Expires = r.until(Snapshot, at)
		r.snapshot.ClearSignatures()
		if err := sign(r.root, r.snapshot, Snapshot, k[Snapshot]); err != nil {
			return err
		}
		name := fmt.Sprintf("%d.snapshot.json", r.snapshot.Signed.Version)
		if err := r.put(name, r.snapshot); err != nil {
			return err
		}
		r.timestamp.Signed.Meta["snapshot.json"] = describe(r.snapshot.Signed.Version, r.fresh[name])
	}
	r.timestamp.Signed.Expires = r.until(Timestamp, at)
	r.timestamp.ClearSignatures()
	if err := sign(r.root, r.timestamp, Timestamp, k[Timestamp]); err != nil {
		return err
	}
	return r.put("timestamp.json", r.timestamp)
}

// describe names a metadata file with its length and digest, so that it cannot be
// exchanged for another of the same version.
func describe(version int64, b []byte) *metadata.MetaFiles {
	m := metadata.MetaFile(version)
	sum := sha256.Sum256(b)
	m.Length, m.Hashes = int64(len(b)), metadata.Hashes{"sha256": sum[:]}
	return m
}

// next is a copy of r that may be changed.
func (r *Repository) next() (*Repository, error) {
	n := &Repository{base: r.base, fresh: maps.Clone(r.fresh), taken: r.taken, valid: r.valid}
	var err error
	if n.root, err = again(r.root, metadata.Root()); err != nil {
		return nil, err
	}
	if n.targets, err = again(r.targets, metadata.Targets()); err != nil {
		return nil, err
	}
	if n.snapshot, err = again(r.snapshot, metadata.Snapshot()); err != nil {
		return nil, err
	}
	n.timestamp, err = again(r.timestamp, metadata.Timestamp())
	return n, err
}

func again[T metadata.Roles](m, into *metadata.Metadata[T]) (*metadata.Metadata[T], error) {
	b, err := m.ToBytes(false)
	if err != nil {
		return nil, fmt.Errorf("tuf: %w", err)
	}
	return into.FromBytes(b)
}

// Add returns r with more targets; one of a name that is there takes its place.
// k has the keys of Targets, Snapshot and Timestamp. A name is a path with slashes
// that any file system takes, Windows too; it is no folder of another name and differs
// from each by more than case.
func (r *Repository) Add(files map[string][]byte, k Keys, at time.Time) (*Repository, error) {
	return r.change(files, nil, k, at)
}

// Withdraw returns r without the named targets: clients that ask from now on do
// not find them. What a device has installed stays there.
func (r *Repository) Withdraw(names []string, k Keys, at time.Time) (*Repository, error) {
	return r.change(nil, names, k, at)
}

func (r *Repository) change(add map[string][]byte, remove []string, k Keys, at time.Time) (*Repository, error) {
	n, err := r.next()
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(add)) {
		if !plain(name) || len(add[name]) == 0 {
			return nil, fmt.Errorf("tuf: the target %q is empty or not a plain path", name)
		}
		t, err := metadata.TargetFile().FromBytes(name, add[name], "sha256")
		if err != nil {
			return nil, fmt.Errorf("tuf: target %q: %w", name, err)
		}
		n.targets.Signed.Targets[name] = t
		n.fresh[targetFile(name, add[name])] = bytes.Clone(add[name])
	}
	if err := apart(n.targets.Signed.Targets, add); err != nil {
		return nil, err
	}
	for _, name := range remove {
		if _, ok := n.targets.Signed.Targets[name]; !ok {
			return nil, fmt.Errorf("tuf: there is no target %q", name)
		}
		delete(n.targets.Signed.Targets, name)
	}
	if err := n.advance(Targets); err != nil {
		return nil, err
	}
	return n, n.write(k, at, Targets)
}

// targetFile is where a target is published: its digest is in its file's name, so
// that old and new are there at once.
func targetFile(name string, body []byte) string {
	sum := sha256.Sum256(body)
	dir, base := path.Split(name)
	return "targets/" + dir + hex.EncodeToString(sum[:]) + "." + base
}

// Refresh returns r signed anew for the time from at on, without a change: what
// the keeper of the snapshot and timestamp keys does every day.
func (r *Repository) Refresh(k Keys, at time.Time) (*Repository, error) {
	n, err := r.next()
	if err != nil {
		return nil, err
	}
	if err := n.advance(Snapshot); err != nil {
		return nil, err
	}
	return n, n.write(k, at, Snapshot)
}

// Rotate returns r with the keys of every role replaced by those of k: after a
// compromise, or when they are due. The new root is signed by the old root keys
// and by the new ones. What was signed by keys that are no longer named counts no
// more for a client that sees the new root. o gives the thresholds anew.
//
// old are the old root keys, and best all the other old keys, too: what is published
// then is good under both roots, and no client is refused between them. That does not
// make an old key trusted for longer.
func (r *Repository) Rotate(old []crypto.Signer, k Keys, o *Options, at time.Time) (*Repository, error) {
	n, err := r.next()
	if err != nil {
		return nil, err
	}
	n.valid = lifetimes(o)
	n.root = metadata.Root(n.until(Root, at))
	n.root.Signed.Version = r.root.Signed.Version + 1
	if err := n.empower(k, o); err != nil {
		return nil, err
	}
	if err := sign(r.root, n.root, Root, held(r.root, Root, old)); err != nil {
		return nil, fmt.Errorf("%w (by the old keys)", err)
	}
	if err := sign(n.root, n.root, Root, k[Root]); err != nil {
		return nil, err
	}
	if err := n.put(fmt.Sprintf("%d.root.json", n.root.Signed.Version), n.root); err != nil {
		return nil, err
	}
	n.recount()
	if err := n.advance(Targets); err != nil {
		return nil, err
	}
	both := Keys{}
	for role := range k {
		both[role] = slices.Concat(k[role], held(r.root, role, old))
	}
	if err := n.write(both, at, Targets); err != nil {
		return nil, err
	}
	if errors.Join(r.root.VerifyDelegate(string(Targets), n.targets), r.root.VerifyDelegate(string(Snapshot), n.snapshot), r.root.VerifyDelegate(string(Timestamp), n.timestamp)) == nil {
		n.bridge = n.root.Signed.Version
	}
	return n, nil
}

// held are those of all keys that root names for role.
func held(root *metadata.Metadata[metadata.RootType], role Role, all []crypto.Signer) []crypto.Signer {
	return slices.DeleteFunc(slices.Clone(all), func(s crypto.Signer) bool {
		_, id, err := publicKey(s)
		return err != nil || !slices.Contains(root.Signed.Roles[string(role)].KeyIDs, id)
	})
}

// advance gives the metadata from the role from on its next version, of which no file
// is there.
func (r *Repository) advance(from Role) error {
	next := func(role Role, version *int64) error {
		for {
			if *version == math.MaxInt64 {
				return fmt.Errorf("tuf: %s: no version is left: Rotate with other keys of timestamp and snapshot begins anew", role)
			}
			if *version++; !r.taken[versioned(*version, role)] {
				return nil
			}
		}
	}
	var err error
	if from == Targets {
		err = next(Targets, &r.targets.Signed.Version)
	}
	return errors.Join(err, next(Snapshot, &r.snapshot.Signed.Version), next(Timestamp, &r.timestamp.Signed.Version))
}

// far is a version that nobody comes to but a thief who wants none to be left.
const far = 1 << 40

// recount lets versions that are far begin anew where no client holds on to them: what
// they were compared with is not good under the root of r (TUF 5.3.11).
func (r *Repository) recount() {
	timestamp := r.root.VerifyDelegate(metadata.TIMESTAMP, r.timestamp) != nil
	snapshot := timestamp && r.root.VerifyDelegate(metadata.SNAPSHOT, r.snapshot) != nil
	targets := snapshot && r.root.VerifyDelegate(metadata.TARGETS, r.targets) != nil
	if timestamp && r.timestamp.Signed.Version > far {
		r.timestamp.Signed.Version = 0
	}
	if snapshot && r.snapshot.Signed.Version > far {
		r.snapshot.Signed.Version = 0
	}
	if targets && r.targets.Signed.Version > far {
		r.targets.Signed.Version = 0
	}
}

// ReleaseName is the target under which the envelope of a release is published.
func ReleaseName(r patch.Release) string {
	return fmt.Sprintf("%s/%d/release.dsse.json", r.Product, r.Sequence)
}

// AddRelease adds a signed release: its envelope and each of its files, below
// "product/sequence/". The envelope must be signed as t asks, and files hold
// exactly what it describes, documents, SBOM and VEX included. Nothing that is
// published is written over; the product and the files are each one plain name.
func (r *Repository) AddRelease(e patch.Envelope, t patch.Trust, files map[string][]byte, k Keys, at time.Time) (*Repository, error) {
	rel, err := patch.OpenRelease(e, t)
	if err != nil {
		return nil, err
	}
	name := ReleaseName(rel)
	if _, there := r.targets.Signed.Targets[name]; there {
		return nil, fmt.Errorf("tuf: %q is published already", name)
	}
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("tuf: %w", err)
	}
	add := map[string][]byte{name: text}
	want := slices.Concat(rel.Files, rel.Documents, []patch.File{rel.SBOM})
	for _, f := range []patch.File{rel.VEX, rel.Performance} {
		if f != (patch.File{}) {
			want = append(want, f)
		}
	}
	single := func(s string) bool { return plain(s) && !strings.Contains(s, "/") }
	if !single(rel.Product) {
		return nil, fmt.Errorf("tuf: release %q: the product %q is not one plain name", rel.Version, rel.Product)
	}
	for _, f := range want {
		if !single(f.Name) {
			return nil, fmt.Errorf("tuf: release %q: the file %q is not one plain name", rel.Version, f.Name)
		}
		if !f.Holds(files[f.Name]) {
			return nil, fmt.Errorf("tuf: release %q: the file %q is missing or not the one that was signed", rel.Version, f.Name)
		}
		target := path.Dir(name) + "/" + f.Name
		_, published := r.targets.Signed.Targets[target]
		if _, its := add[target]; its || published {
			return nil, fmt.Errorf("tuf: release %q: %q is there already", rel.Version, target)
		}
		add[target] = files[f.Name]
	}
	if len(files) != len(want) {
		return nil, fmt.Errorf("tuf: release %q: there are files that it does not describe", rel.Version)
	}
	return r.Add(add, k, at)
}

// RootBytes returns the newest root, which is put on devices in the factory.
func (r *Repository) RootBytes() []byte {
	b, err := r.root.ToBytes(true)
	if err != nil {
		return nil
	}
	return b
}

// Names returns the names of the targets, in order.
func (r *Repository) Names() []string { return slices.Sorted(maps.Keys(r.targets.Signed.Targets)) }
