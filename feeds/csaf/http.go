package csaf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"

	standard "github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/tlp"
)

// asker returns what asks for an address or a domain.
func (f *Feed) asker(from string) (*asker, error) {
	if at, ok := domain(from); ok {
		from = at
	}
	origin, err := url.Parse(from)
	if err != nil {
		return nil, err
	}
	origin.Fragment, origin.RawFragment = "", ""
	return &asker{origin: origin, ask: func(most int64) *fetch.Options {
		return &fetch.Options{Client: f.opts.Client, Limit: f.limit, MaxBytes: most}
	}}, nil
}

// request reads over HTTP.
func (f *Feed) request(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		a, err := f.asker(f.opts.From)
		if err != nil {
			yield(feeds.Update{}, fmt.Errorf("%s: %w", f.Name(), err))
			return
		}
		r := reading{Feed: f, asker: a, yield: yield, at: reached(since, a.origin.String()), next: since, done: map[string]int{}, refused: map[string]bool{}}
		switch whole, err := r.all(ctx); {
		case errors.Is(err, errStopped):
		case err != nil:
			yield(feeds.Update{}, fmt.Errorf("%s: %w", f.Name(), err))
		default:
			r.at.Midway = false
			yield(feeds.Update{Next: r.at.text(), Whole: whole}, nil)
		}
	}
}

var errStopped = errors.New("the reader stopped")

// reading is one range over Updates.
type reading struct {
	*Feed
	*asker
	yield    func(feeds.Update, error) bool
	provider provider
	ring     *openpgp.EntityList
	// at is how far this reading has come, and next the cursor of the last safe place.
	at   cursor
	next feeds.Cursor
	// done are the documents that were read in this pass, and how many vulnerabilities
	// each has; -1 for one that could not be.
	done map[string]int
	// failed are the documents and lists that could not be had; ok says that there is nothing in this
	// pass that could not be read or trusted.
	failed []error
	row    int // of failures without a success between
	ok     bool
	// refused are the lists that are not for this reader, and were told to be.
	refused map[string]bool
	// changed counts since the last safe place.
	changed int
}

// The reading ends when so many documents in a row, and so many in all, could not be had.
const (
	failedInRow = 5
	failedInAll = 20
)

// all reads what changed, and everything when something was taken away.
func (r *reading) all(ctx context.Context) (whole bool, err error) {
	if r.provider, err = r.find(ctx); err != nil {
		return false, err
	}
	midway, begin := r.at.Midway, len(r.at.Lists) == 0
	gone, err := r.pass(ctx)
	if err != nil {
		return false, err
	}
	switch {
	case begin:
		whole, r.at.Owed = r.ok, !r.ok // what was kept before it, nobody knows
	case !gone && !r.at.Owed:
	case !r.ok || midway:
		// What could not be read may come again later; and who goes on amid a reading
		// cannot be told what is gone.
		r.at.Owed = true
	default:
		r.at.Owed, r.at.Lists, r.done = true, nil, map[string]int{}
		for i := range r.provider.lists {
			r.provider.lists[i].body = nil
		}
		if _, err := r.pass(ctx); err != nil {
			return false, err
		}
		whole, r.at.Owed = r.ok, !r.ok
	}
	if len(r.failed) > 0 {
		// The others were told, and what is safe to go on from is told, too.
		r.safe()
		if !r.yield(feeds.Update{Next: r.next}, nil) {
			return false, errStopped
		}
		return false, errors.Join(r.failed...)
	}
	return whole, nil
}

// pass reads every list once, and reports whether something that was read before is
// no longer there.
func (r *reading) pass(ctx context.Context) (gone bool, err error) {
	r.ok = true
	held, documents := r.at.Lists, 0
	var lists []listing
	for _, l := range r.provider.lists {
		got, err := r.listing(ctx, l, held[l.address].Validators)
		if _, before := held[l.address]; refused(err) && !before && l.label != "" && l.label != tlp.Clear {
			if !r.refused[l.address] {
				r.refused[l.address] = true
				r.notice(l.address, fmt.Errorf("%w (%s): %w", ErrRefused, l.label, err))
			}
			continue
		}
		if err != nil {
			return false, err
		}
		for _, wrong := range got.wrong {
			r.ok, r.failed = false, append(r.failed, wrong)
		}
		documents += len(got.entries)
		if got.unchanged {
			documents += len(held[l.address].Read)
		}
		lists = append(lists, got)
	}
	if documents == 0 {
		return false, errors.Join(append([]error{fmt.Errorf("%s: %w", r.origin, feeds.ErrNothing)}, r.failed...)...)
	}
	every := max(50, documents/20)
	named := map[string]bool{}
	for _, l := range lists {
		for _, e := range l.entries {
			named[path.Base(e.address)] = true
		}
	}
	r.at.Lists = map[string]stand{}
	for _, l := range lists { // those that are still to be read are held
		r.at.Lists[l.address] = stand{Read: held[l.address].Read}
	}
	for address := range held {
		if _, ok := r.at.Lists[address]; !ok {
			gone = true
		}
	}
	for _, l := range lists {
		was := held[l.address]
		if l.unchanged {
			r.at.Lists[l.address] = was
			continue
		}
		lost, err := r.list(ctx, l, was, named, every)
		if err != nil {
			return false, err
		}
		gone = gone || lost
	}
	return gone, nil
}

// list reads the documents of a list that changed, and reports whether one is gone.
func (r *reading) list(ctx context.Context, l listing, was stand, named map[string]bool, every int) (gone bool, err error) {
	is := stand{Read: make(known, len(l.entries)), Validators: l.validators}
	for _, e := range l.entries { // first what stays as it is: a safe place has it
		at := markOf(e.address)
		if s, ok := was.Read[at]; ok && e.token != "" && s.as == listedAs(e.token) {
			is.Read[at] = s
		}
	}
	listed := make(map[mark6]bool, len(l.entries))
	for _, e := range l.entries {
		at := markOf(e.address)
		before, held := was.Read[at]
		listed[at] = true
		if _, same := is.Read[at]; same {
			continue
		}
		count, done := r.done[e.address]
		if !done {
			if count, err = r.document(ctx, l, e, before, held, named); err != nil {
				return false, err
			}
			r.done[e.address] = count
		}
		if count < 0 || e.token == "" { // it is asked for again
			is.Validators = nil
		}
		switch {
		case count >= 0 && e.token != "":
			is.Read[at] = seen{listedAs(e.token), uint16(min(count, math.MaxUint16))}
		case count >= 0:
			is.Read[at] = seen{count: uint16(min(count, math.MaxUint16))}
			continue
		case held: // it still is there
			is.Read[at] = seen{count: before.count}
			continue
		default:
			continue
		}
		if r.changed++; r.changed >= every {
			held := maps.Clone(was.Read) // also what is gone, and what is still to be read again
			if held == nil {
				held = known{}
			}
			maps.Copy(held, is.Read)
			r.at.Lists[l.address] = stand{Read: held}
			r.safe()
			if !r.yield(feeds.Update{Next: r.next}, nil) {
				return false, errStopped
			}
		}
	}
	for at := range was.Read {
		gone = gone || !listed[at]
	}
	if is.Validators != nil && len(l.wrong) > 0 {
		is.Validators = nil
	}
	r.at.Lists[l.address] = is
	return gone, nil
}

// safe makes this a place to go on from.
func (r *reading) safe() {
	r.changed = 0
	at := r.at
	at.Midway = true
	r.next = at.text()
}

// document reads one document, and returns how many vulnerabilities it has; -1 when it could
// not be had, read or trusted.
func (r *reading) document(ctx context.Context, l listing, e entry, before seen, known bool, named map[string]bool) (count int, err error) {
	answer, err := r.get(ctx, e.address, fetch.Validators{}, standard.MaxSize)
	if err != nil {
		return r.lost(ctx, err)
	}
	body := answer.Body
	proof, err := r.verify(ctx, e, body)
	if err != nil {
		return -1, err
	}
	advisory, err := open(r.Name(), bytes.NewReader(body))
	if err != nil {
		if proof.wrong == nil && proof.hashed { // it is published so
			return r.reject(l.called(e), body, err)
		}
		return r.lost(ctx, fmt.Errorf("%s: %w", e.address, err))
	}
	name := standard.Filename(advisory.item)
	if file := path.Base(e.address); name != file && !strings.EqualFold(e.id, advisory.item) && !proof.hashed && named[name] {
		return r.lost(ctx, fmt.Errorf("%s: it is %q, which is another document", e.address, advisory.item))
	}
	switch {
	case proof.wrong != nil:
		return r.reject(advisory.item, body, proof.wrong)
	case r.opts.Verify == VerifyHash && !proof.hashed, r.opts.Verify == VerifySignature && !proof.signed:
		return r.reject(advisory.item, body, errors.Join(append(proof.lacking, proof.broken)...))
	}
	for _, lacking := range proof.lacking {
		r.notice(e.address, lacking)
	}
	advisory.label = l.label
	if err := r.tell(ctx, advisory, before, known); err != nil {
		return -1, err
	}
	if proof.broken != nil {
		return r.lost(ctx, proof.broken)
	}
	r.row = 0
	return len(advisory.Vulnerabilities), nil
}

// called is what a list calls a document: by its name when that is no name.
func (l listing) called(e entry) string {
	if e.id != "" {
		return e.id
	}
	return strings.TrimSuffix(path.Base(e.address), ".json")
}

// tell tells the records of a document, and takes back those that it had and has no more.
func (r *reading) tell(ctx context.Context, a *advisory, before seen, known bool) error {
	for u, err := range a.updates() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		u.Next = r.next
		if !r.yield(u, err) {
			return errStopped
		}
	}
	if !known {
		return nil
	}
	var items []string
	count := len(a.Vulnerabilities)
	for i := count; i < int(before.count); i++ {
		items = append(items, fmt.Sprintf("%s#%d", a.item, i+1))
	}
	if before.count == 0 && count > 0 {
		items = append(items, a.item)
	}
	for _, item := range items {
		record := feeds.Record{Source: a.source, Item: item, State: string(a.Document.Document.Tracking.Status), Modified: a.changed, Rejected: true, Mark: a.mark()}
		if !r.yield(feeds.Update{Record: record, Next: r.next}, nil) {
			return errStopped
		}
	}
	return nil
}

// reject tells of a document that cannot be trusted or read.
func (r *reading) reject(item string, body []byte, why error) (int, error) {
	r.ok, r.row = false, 0
	if !r.yield(feeds.Update{}, &feeds.RecordError{Source: r.Name(), Item: item, Digest: fetch.Digest(body), Err: why}) {
		return -1, errStopped
	}
	return -1, nil
}

// lost notes what could not be had, and goes on with the next unless it is too much.
func (r *reading) lost(ctx context.Context, why error) (int, error) {
	r.ok = false
	if ctx.Err() != nil {
		return -1, ctx.Err()
	}
	if ends(why) {
		return -1, errors.Join(append(r.failed, why)...)
	}
	r.failed = append(r.failed, why)
	if r.row++; r.row >= failedInRow || len(r.failed) >= failedInAll {
		return -1, fmt.Errorf("too much cannot be had: %w", errors.Join(r.failed...))
	}
	return -1, nil
}

// ends reports whether after an error nothing more is asked for: the publisher wants that.
func ends(err error) bool {
	status := (*fetch.StatusError)(nil)
	return errors.As(err, &status) && (status.Status == http.StatusTooManyRequests || status.Status == http.StatusServiceUnavailable)
}

func (r *reading) notice(address string, err error) {
	if r.opts.Notice != nil {
		r.opts.Notice(Notice{address, err})
	}
}
