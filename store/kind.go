package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
)

// Keyed is a value that knows its key: what tells it from others of its kind,
// for good. Any UTF-8 text without NUL, not empty.
type Keyed interface{ Key() string }

// A Kind is a drawer of records of one type, declared as a constant:
//
//	const Plans store.Kind[Plan] = "patch.plan"
//
// The name is room.noun in lower case; a host's own begin with "host.". Values
// are kept as JSON; everything a value is must survive that. T is a plain
// struct type, not a pointer.
//
// A type whose JSON changes shape says so by SchemaVersion and reads its older
// shapes by Upcast (see Versioned and Upcaster).
type Kind[T Keyed] string

// Versioned is a type whose stored shape has a version other than 1.
// SchemaVersion is asked of the zero value.
type Versioned interface{ SchemaVersion() int }

// Upcaster is a type that reads bodies of earlier versions. Upcast is called
// on a new value, for versions below the present one only.
type Upcaster interface {
	Upcast(version int, body []byte) error
}

// Put writes v in the act, whether or not it differs from what is there. A
// second Put of the same key in one act takes the place of the first. Refs
// are those of this entry; earlier ones stay on earlier entries.
func (k Kind[T]) Put(tx *Tx, v T, refs ...Ref) error {
	w, err := k.write(tx, v, refs)
	if err != nil {
		return err
	}
	return tx.put(w)
}

// PutIfChanged writes v unless the record already says exactly that, and
// reports whether it wrote. Refs count only when some are given. It reads the
// record, as Get does.
func (k Kind[T]) PutIfChanged(tx *Tx, v T, refs ...Ref) (bool, error) {
	w, err := k.write(tx, v, refs)
	if err != nil {
		return false, err
	}
	e, err := tx.get(w.Name)
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return false, err
	case e.Version == w.Version && bytes.Equal(e.Body, w.Body) && (len(refs) == 0 || sameRefs(e.Refs, refs)):
		return false, nil
	}
	return true, tx.put(w)
}

// Get reads a record within the act: first what this act put, else what is
// stored. If it changes before the act is kept, the act runs again. A record
// that is not there is ErrNotFound, and that too must still be so at the end.
func (k Kind[T]) Get(tx *Tx, key string) (T, error) {
	v, _, err := k.Find(tx, key)
	return v, err
}

// Find is Get with the entry that says so: who wrote it, and when. What this act
// put has no number, writer and time yet.
func (k Kind[T]) Find(tx *Tx, key string) (T, Entry, error) {
	var zero T
	if tx.l == nil {
		return zero, Entry{}, errOver
	}
	if err := tx.l.claim(string(k), reflect.TypeFor[T]()); err != nil {
		return zero, Entry{}, err
	}
	e, err := tx.get(Name{string(k), key})
	if err != nil {
		return zero, Entry{}, err
	}
	v, err := k.Decode(e)
	if err != nil {
		return zero, Entry{}, err
	}
	return v, e.Clone(), nil
}

// Latest reads a record outside an act, with the entry that says so. A record
// that is not there is ErrNotFound.
func (k Kind[T]) Latest(ctx context.Context, l *Ledger, key string) (T, Entry, error) {
	var zero T
	if err := l.claim(string(k), reflect.TypeFor[T]()); err != nil {
		return zero, Entry{}, err
	}
	e, err := l.d.Latest(ctx, string(k), key)
	if err != nil {
		return zero, Entry{}, err
	}
	v, err := k.Decode(e)
	if err != nil {
		return zero, Entry{}, err
	}
	return v, e, nil
}

// All yields the records whose key begins with prefix as they are now, in the
// byte order of their keys, all of one moment. An error is the last thing
// yielded, save for a body that cannot be read: then more may follow.
func (k Kind[T]) All(ctx context.Context, l *Ledger, prefix string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		if err := l.claim(string(k), reflect.TypeFor[T]()); err != nil {
			yield(zero, err)
			return
		}
		for e, err := range l.d.Scan(ctx, string(k), prefix) {
			if err != nil {
				yield(zero, err)
				return
			}
			if !yield(k.Decode(e)) {
				return
			}
		}
	}
}

// History yields every entry of one record, oldest first; none is not an
// error. Decode gives the value each held.
func (k Kind[T]) History(ctx context.Context, l *Ledger, key string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		n := Name{string(k), key}
		if err := n.check(); err != nil {
			yield(Entry{}, err)
			return
		}
		for e, err := range l.d.Trail(ctx, 0, n) {
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Decode reads the body of an entry of this kind, of this or an earlier
// version (*VersionError otherwise).
func (k Kind[T]) Decode(e Entry) (T, error) {
	var v, zero T
	if e.Kind != string(k) {
		return zero, fmt.Errorf("store: %s is not a %s", e.Name, k)
	}
	var err error
	want := version(zero)
	up, can := any(&v).(Upcaster)
	switch {
	case e.Version == want:
		err = json.Unmarshal(e.Body, &v)
	case e.Version < want && can:
		err = up.Upcast(e.Version, e.Body)
	default:
		return zero, &VersionError{Name: e.Name, Have: e.Version, Want: want}
	}
	if err != nil {
		return zero, fmt.Errorf("store: %s, entry %d: %w", e.Name, e.Seq, err)
	}
	return v, nil
}

// write encodes v.
func (k Kind[T]) write(tx *Tx, v T, refs []Ref) (Write, error) {
	if tx.l == nil {
		return Write{}, errOver
	}
	w, err := k.encode(v, refs)
	if err == nil {
		err = tx.l.claim(string(k), reflect.TypeFor[T]())
	}
	if err != nil {
		tx.fail(err)
		return Write{}, err
	}
	return w, nil
}

func (k Kind[T]) encode(v T, refs []Ref) (Write, error) {
	var zero T
	if rv := reflect.ValueOf(&v).Elem(); rv.Kind() == reflect.Pointer && rv.IsNil() {
		return Write{}, fmt.Errorf("store: nil is not a %s", k)
	}
	n := Name{string(k), v.Key()}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return Write{}, fmt.Errorf("store: %s: %w", n, err)
	}
	body := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if err := checkText(v, body); err != nil {
		return Write{}, fmt.Errorf("store: %s: %w", n, err)
	}
	return Write{Name: n, Version: version(zero), Body: body, Refs: append([]Ref(nil), refs...)}, nil
}

// version is the one T is written in.
func version(zero any) int {
	if v, ok := zero.(Versioned); ok {
		return v.SchemaVersion()
	}
	return 1
}
