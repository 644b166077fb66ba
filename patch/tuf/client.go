package tuf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"
)

// ErrRefused says that what the repository offered is not trusted: wrongly
// signed, older than what was seen, past its date, or not what was signed.
var ErrRefused = errors.New("tuf: refused")

// ErrNotFound says that the repository has no such target, or no such file.
var ErrNotFound = errors.New("tuf: not found")

// ErrClock says that an Update was asked for as of no time, or of one before the last
// that succeeded: whether metadata is past its date cannot be told then.
var ErrClock = errors.New("tuf: the clock cannot be right")

// A Source reads one file of a published repository, at most limit bytes of it;
// a longer one is an error. A file that is not there is fs.ErrNotExist.
type Source func(ctx context.Context, name string, limit int64) ([]byte, error)

// Dir is the repository in a folder, or on a stick that is carried to a device.
func Dir(fsys fs.FS) Source {
	return func(ctx context.Context, name string, limit int64) ([]byte, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, err := fsys.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return readAll(f, name, limit)
	}
}

// HTTP is the repository below the URL base. A nil client is http.DefaultClient.
func HTTP(base string, client *http.Client) Source {
	if client == nil {
		client = http.DefaultClient
	}
	return func(ctx context.Context, name string, limit int64) ([]byte, error) {
		at, err := url.JoinPath(base, strings.Split(name, "/")...)
		if err != nil {
			return nil, err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
		if err != nil {
			return nil, err
		}
		res, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		switch res.StatusCode {
		case http.StatusOK:
			return readAll(res.Body, name, limit)
		case http.StatusNotFound, http.StatusForbidden: // what object stores say of a file that is not there
			return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		return nil, fmt.Errorf("%s: %s", name, res.Status)
	}
}

func readAll(r io.Reader, name string, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%w: %s has more than %d bytes", ErrRefused, name, limit)
	}
	return b, err
}

// A Client updates from one repository. It keeps what it trusts in a folder of its
// own, which must be lasting: who forgets what it saw can be rolled back. It is for
// one goroutine.
type Client struct {
	dir     string
	factory []byte
	from    Source
	now     *updater.Updater
}

// NewClient returns the client that keeps its state in the folder dir and trusts
// the root that the device was shipped with, and what follows from it: of the later
// roots that dir holds from earlier Updates each has to be signed by the one before.
func NewClient(dir string, root []byte, from Source) (*Client, error) {
	if dir == "" || from == nil {
		return nil, errors.New("tuf: client: the folder or the source is missing")
	}
	if _, err := firstRoot(root); err != nil {
		return nil, fmt.Errorf("tuf: client: root: %w", err)
	}
	return &Client{dir: dir, factory: slices.Clone(root), from: from}, nil
}

// trusted is the newest root of the chain that begins with the factory's, each
// signed by the one before. What lies in the folder and is not of it counts as none.
func (c *Client) trusted() ([]byte, *metadata.Metadata[metadata.RootType], error) {
	b := c.factory
	root, err := firstRoot(b)
	for err == nil {
		var kept []byte
		name := versioned(root.Signed.Version+1, Root)
		if kept, err = os.ReadFile(filepath.Join(c.dir, "roots", name)); err != nil {
			break
		}
		n, errNext := nextRoot(root, kept)
		if errNext != nil {
			return b, root, nil
		}
		b, root = kept, n
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return b, root, err
}

// latest is the instant of the last Update that succeeded; zero is none.
func (c *Client) latest() (time.Time, error) {
	b, err := os.ReadFile(filepath.Join(c.dir, "clock"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return time.Time{}, nil
	}
	return at, nil
}

// Update asks the repository what there is as of at: TUF's client workflow, root,
// timestamp, snapshot, targets. What may not be trusted is ErrRefused, and the
// client goes on with what it had; an error of the source is returned as it is.
// After an error there is nothing to Get until an Update succeeds.
//
// An at that is zero or before that of the last Update that succeeded is ErrClock. A
// clock that ran ahead is never ahead by more than what was signed was valid for:
// past that, no Update succeeds.
func (c *Client) Update(ctx context.Context, at time.Time) (err error) {
	c.now = nil
	if at.IsZero() {
		return fmt.Errorf("%w: the time of the update is missing", ErrClock)
	}
	last, err := c.latest()
	if err != nil {
		return fmt.Errorf("tuf: client: %w", err)
	}
	at = at.UTC() // also rid of the monotonic reading, which is of this process only
	if at.Before(last) {
		return fmt.Errorf("%w: %s is before the last update, at %s", ErrClock, at.Format(time.RFC3339), last.Format(time.RFC3339))
	}
	state := filepath.Join(c.dir, "metadata")
	if err := heal(state); err != nil {
		return fmt.Errorf("tuf: client: %w", err)
	}
	// go-tuf reads maps that a holder of a key can leave empty; a publisher's file
	// must not end the device's program.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: malformed metadata: %v", ErrRefused, p)
		}
	}()
	trusted, root, err := c.trusted()
	if err != nil {
		return fmt.Errorf("tuf: client: %w", err)
	}
	get := &fetcher{ctx: ctx, from: c.from, root: root, roots: filepath.Join(c.dir, "roots")}
	cfg, err := config.New(origin, trusted)
	if err != nil {
		return fmt.Errorf("tuf: client: %w", err)
	}
	cfg.Fetcher, cfg.LocalMetadataDir, cfg.LocalTargetsDir = get, state, filepath.Join(c.dir, "targets")
	u, err := updater.New(cfg)
	if err != nil {
		return fmt.Errorf("tuf: client: %w", err)
	}
	u.UnsafeSetRefTime(at) // the time is the caller's, as everywhere in this module
	if err := u.Refresh(); err != nil {
		return get.why(err)
	}
	if at.After(last) {
		if err := writeWhole(filepath.Join(c.dir, "clock"), []byte(at.Format(time.RFC3339Nano))); err != nil {
			return fmt.Errorf("tuf: client: %w", err)
		}
	}
	c.now = u
	return nil
}

// heal removes kept metadata that is not whole or not well formed: go-tuf renames
// without syncing, so a power cut can leave an empty file, and it would never get
// over it.
func heal(dir string) error {
	for _, role := range roles {
		file := filepath.Join(dir, string(role)+".json")
		b, err := os.ReadFile(file)
		if err == nil && wellFormed(string(role)+".json", b) != nil {
			err = os.Remove(file)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Names returns the names of all targets, in order; none before an Update.
func (c *Client) Names() []string {
	if c.now == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(c.now.GetTopLevelTargets()))
}

// Get returns a target as it was signed, from the folder when it is there whole,
// else from the repository, and keeps it then. A name that is not there is
// ErrNotFound; a file that is not what was signed ErrRefused. Update comes first. A
// target is held in memory as a whole, at most the length that was signed.
func (c *Client) Get(ctx context.Context, name string) ([]byte, error) {
	if c.now == nil {
		return nil, errors.New("tuf: client: nothing is known before an update")
	}
	t, ok := c.now.GetTopLevelTargets()[name]
	if !ok {
		return nil, fmt.Errorf("%w: target %q", ErrNotFound, name)
	}
	sum, ok := t.Hashes["sha256"]
	if !ok || !plain(name) {
		return nil, fmt.Errorf("%w: target %q has no SHA-256 or is not a plain path", ErrRefused, name)
	}
	file := filepath.Join(c.dir, "targets", filepath.FromSlash(name))
	if b, err := os.ReadFile(file); err == nil && t.VerifyLengthHashes(b) == nil {
		return b, nil
	}
	dir, base := "", name
	if i := strings.LastIndex(name, "/"); i >= 0 {
		dir, base = name[:i+1], name[i+1:]
	}
	get := &fetcher{ctx: ctx, from: c.from}
	b, err := get.read("targets/"+dir+sum.String()+"."+base, t.Length)
	if err != nil {
		return nil, get.why(err)
	}
	if err := t.VerifyLengthHashes(b); err != nil {
		return nil, fmt.Errorf("%w: target %q: %w", ErrRefused, name, err)
	}
	if err := makeRoom(filepath.Join(c.dir, "targets"), name); err != nil {
		return nil, fmt.Errorf("tuf: client: %w", err)
	}
	if err := writeWhole(file, b); err != nil {
		return nil, fmt.Errorf("tuf: client: %w", err)
	}
	return b, nil
}

// origin stands in for the address of the repository, of which only the Source
// knows.
const origin = "https://repository.invalid/"

// fetcher lets go-tuf, which knows no context, read from a Source. It lives for one
// call.
type fetcher struct {
	ctx  context.Context
	from Source
	err  error // what the source said last

	// root is the newest that is trusted, and roots the folder where the chain is
	// kept; nil when only targets are read.
	root  *metadata.Metadata[metadata.RootType]
	roots string
}

// DownloadFile reads the file at an address below origin.
func (f *fetcher) DownloadFile(at string, limit int64, _ time.Duration) ([]byte, error) {
	name := strings.TrimPrefix(at, origin)
	b, err := f.read(name, limit)
	switch {
	case err == nil:
		if err = wellFormed(name, b); err == nil {
			err = f.keep(name, b)
		}
	case errors.Is(err, ErrNotFound):
		err = &metadata.ErrDownloadHTTP{StatusCode: http.StatusNotFound, URL: at}
	}
	return b, err
}

// keep keeps the next root of the chain before it is acted upon: a device that saw a
// key revoked is not talked out of it. What is not of the chain is go-tuf's to refuse.
func (f *fetcher) keep(name string, b []byte) error {
	if name != versioned(f.root.Signed.Version+1, Root) {
		return nil
	}
	n, err := nextRoot(f.root, b)
	if err != nil {
		return nil
	}
	if f.err = writeWhole(filepath.Join(f.roots, name), b); f.err == nil {
		f.root = n
	}
	return f.err
}

func (f *fetcher) read(name string, limit int64) (b []byte, err error) {
	if b, err = f.from(f.ctx, name, limit); errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	f.err = err
	return b, err
}

// wellFormed refuses metadata that names nothing where it has to: go-tuf takes it
// for granted, keeps the file, and would stumble over it for ever.
func wellFormed(name string, b []byte) error {
	var m struct {
		Signed struct {
			Meta    map[string]*struct{} `json:"meta"`
			Targets map[string]*struct{} `json:"targets"`
			Keys    map[string]*struct{} `json:"keys"`
			Roles   map[string]*struct{} `json:"roles"`
		} `json:"signed"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, part := range []map[string]*struct{}{m.Signed.Meta, m.Signed.Targets, m.Signed.Keys} {
		for k, v := range part {
			if v == nil {
				return fmt.Errorf("%s: %q is null", name, k)
			}
		}
	}
	need := map[string]string{"timestamp.json": "snapshot.json", "snapshot.json": "targets.json"}
	for file, what := range need {
		if (name == file || strings.HasSuffix(name, "."+file)) && m.Signed.Meta[what] == nil {
			return fmt.Errorf("%s: it names no %s", name, what)
		}
	}
	if name == "root.json" || strings.HasSuffix(name, ".root.json") {
		for _, role := range roles {
			if m.Signed.Roles[string(role)] == nil {
				return fmt.Errorf("%s: it names no role %s", name, role)
			}
		}
	}
	return nil
}

// why is the error of the source, when it was the source that failed, else that
// what it gave was refused.
func (f *fetcher) why(err error) error {
	var absent *metadata.ErrDownloadHTTP
	if f.err != nil && (errors.Is(err, f.err) || errors.As(err, &absent)) {
		return fmt.Errorf("tuf: client: %w", f.err)
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}
