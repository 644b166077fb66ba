package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/open-postmarket/postmarket/internal/canon"
)

// An Act is everything one Do writes: one person, one reason, one time, any
// number of records. Drivers get it from the Ledger; an Authorize hook may look
// at it and must not change it.
type Act struct {
	Who, Why  string
	At        time.Time
	Writes    []Write
	Seen      []Seen // the records fn read, as it found them
	Signature *Signature
}

// A Write is a record's new body.
type Write struct {
	Name
	Version int
	Body    []byte
	Refs    []Ref
}

// Seen says which entry of a record was the last when it was read. Seq 0 means
// that there was no such record.
type Seen struct {
	Name
	Seq int64
}

// ActOf puts the entries of one act together again, for instance to check its
// signature against Digest. Seen is not kept in a ledger and stays empty.
func ActOf(entries ...Entry) (Act, error) {
	if len(entries) == 0 {
		return Act{}, errors.New("store: no entries, no act")
	}
	first := entries[0].Clone()
	a := Act{Who: first.Who, Why: first.Why, At: first.At, Signature: first.Signature}
	for i, e := range entries {
		if e.Act != first.Seq || e.Seq != first.Seq+int64(i) {
			return Act{}, fmt.Errorf("store: entry %d is not number %d of act %d", e.Seq, i+1, first.Seq)
		}
		e = e.Clone()
		a.Writes = append(a.Writes, Write{Name: e.Name, Version: e.Version, Body: e.Body, Refs: e.Refs})
	}
	return a, nil
}

// Digest is what By.Sign signs: who, why and every write, in order. The time
// is not in it, as the act gets its final time after it was signed.
func (a Act) Digest() [32]byte {
	return canon.Sum("postmarket act 1", func(w *canon.Writer) {
		w.Text(a.Who)
		w.Text(a.Why)
		w.List(len(a.Writes))
		for _, x := range a.Writes {
			x.canon(w)
		}
	})
}

func (x Write) canon(w *canon.Writer) {
	w.Text(x.Kind)
	w.Text(x.Key)
	w.Int(int64(x.Version))
	w.Bytes(x.Body)
	w.List(len(x.Refs))
	for _, r := range x.Refs {
		w.Text(r.System)
		w.Text(r.ID)
		w.Text(r.URL)
	}
}

// Seal turns a into the entries that follow head, numbered and chained. Head
// is the zero Entry in an empty ledger. Only drivers call it, inside Commit.
//
// The entries get a.At, or head.At where that is later: clocks step back and
// acts overtake each other, a ledger's time does not. An act that is not fit
// to be kept is an error: no writer, no reason, no writes, a kind that is not
// "room.noun", a text that is not UTF-8 or has a NUL in it.
func Seal(head Entry, a Act) ([]Entry, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	at := micro(a.At)
	if at.Before(head.At) {
		at = micro(head.At)
	}
	entries := make([]Entry, 0, len(a.Writes))
	prev := head
	for _, w := range a.Writes {
		e := Entry{
			Name: w.Name, Seq: prev.Seq + 1, Act: head.Seq + 1,
			At: at, Who: a.Who, Why: a.Why,
			Version: w.Version, Body: w.Body, Refs: w.Refs,
			Signature: a.Signature, Prev: prev.Hash,
		}.Clone()
		if e.Body == nil {
			e.Body = []byte{}
		}
		if len(e.Refs) == 0 {
			e.Refs = nil
		}
		e.Hash = e.digest()
		entries = append(entries, e)
		prev = e
	}
	return entries, nil
}

func (a Act) check() error {
	if err := checkBy(a.Who, a.Why); err != nil {
		return err
	}
	if a.At.IsZero() {
		return errors.New("store: an act needs a time")
	}
	if len(a.Writes) == 0 {
		return errors.New("store: an act without writes leaves nothing to keep")
	}
	if s := a.Signature; s != nil && (!clean(s.KeyID) || !clean(s.Algorithm)) {
		return errors.New("store: the signature's key id or algorithm is not plain UTF-8 text")
	}
	for _, w := range a.Writes {
		if err := w.check(); err != nil {
			return err
		}
	}
	return nil
}

func checkBy(who, why string) error {
	switch {
	case strings.TrimSpace(who) == "":
		return errors.New("store: an act needs a Who")
	case strings.TrimSpace(why) == "":
		return errors.New("store: an act needs a Why")
	case !clean(who) || !clean(why):
		return errors.New("store: Who and Why must be UTF-8 text without NUL")
	}
	return nil
}

func (x Write) check() error {
	if err := x.Name.check(); err != nil {
		return err
	}
	if x.Version < 1 {
		return fmt.Errorf("store: %s: version %d, versions begin at 1", x.Name, x.Version)
	}
	for _, r := range x.Refs {
		if !clean(r.System) || !clean(r.ID) || !clean(r.URL) {
			return fmt.Errorf("store: %s: reference %q is not UTF-8 text without NUL", x.Name, r)
		}
		if r.System == "" || r.ID == "" && r.URL == "" {
			return fmt.Errorf("store: %s: reference %q needs a System and an ID or a URL", x.Name, r)
		}
	}
	return nil
}

func (n Name) check() error {
	if err := checkKind(n.Kind); err != nil {
		return err
	}
	if n.Key == "" {
		return fmt.Errorf("store: a %s without a key", n.Kind)
	}
	if !clean(n.Key) {
		return fmt.Errorf("store: key %q is not UTF-8 text without NUL", n.Key)
	}
	return nil
}

// checkKind wants room.noun, lower case: "patch.plan", "host.ward-round".
func checkKind(kind string) error {
	parts := strings.Split(kind, ".")
	ok := len(parts) >= 2
	for _, p := range parts {
		ok = ok && p != "" && p[0] >= 'a' && p[0] <= 'z' && !strings.ContainsFunc(p, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
		})
	}
	if !ok {
		return fmt.Errorf("store: kind %q is not room.noun in lower case", kind)
	}
	return nil
}

// clean reports whether every database keeps s as it is.
func clean(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// micro is t as a ledger keeps it.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// sameRefs reports whether a and b point at the same records in the same order.
func sameRefs(a, b []Ref) bool { return slices.Equal(a, b) }
