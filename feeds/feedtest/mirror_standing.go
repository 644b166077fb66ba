package feedtest

import (
	"context"
	"fmt"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
)

func tombstones(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	r := full("a", "A-1")
	if err := m.keep("a", "1", r, record("a", "A-2", "CVE-2024-10001")); err != nil {
		return err
	}
	start, err := m.changes(0)
	if err != nil || len(start) != 2 {
		return fmt.Errorf("two records were kept, the changes are %+v (%v)", start, err)
	}
	if err := m.batch(feeds.Batch{Source: "a", Next: "2", Gone: []string{"A-1", "never there"}}); err != nil {
		return err
	}
	got, err := m.named("CVE-2024-10001")
	if err := same("by name, when A-1 is gone", got, err, "a A-2"); err != nil {
		return err
	}
	found, err := all(m.About(ctx, r.Coordinates()...))
	if err := same("by coordinate, when A-1 is gone", keys(found), err); err != nil {
		return err
	}
	items, err := all(m.Items(ctx, "a"))
	if err := same("items, when A-1 is gone", items, err, "A-2"); err != nil {
		return err
	}
	changes, err := m.changes(0)
	if err != nil || len(changes) != 2 || changes[0].Item != "A-2" || changes[1].Item != "A-1" {
		return fmt.Errorf("when A-1 is gone the last changes are %+v (%v), not one of A-2 and then one of A-1", changes, err)
	}
	gone := changes[1]
	if !gone.Gone || gone.Digest != "" || !gone.At.Equal(m.at) || !gone.First.Equal(noon.Add(time.Hour)) || gone.Position <= start[1].Position {
		return fmt.Errorf("the tombstone is %+v", gone)
	}
	// Gone once more is no news; told again it comes back, known since it was first seen.
	if err := m.batch(feeds.Batch{Source: "a", Next: "3", Gone: []string{"A-1"}}); err != nil {
		return err
	}
	if changes, err = m.changes(gone.Position); err != nil || len(changes) != 0 {
		return fmt.Errorf("gone a second time it changes again: %+v (%v)", changes, err)
	}
	if err := m.keep("a", "4", r); err != nil {
		return err
	}
	changes, err = m.changes(gone.Position)
	if err != nil || len(changes) != 1 || changes[0].Gone || changes[0].Digest != r.Digest() || !changes[0].First.Equal(gone.First) || !changes[0].At.Equal(m.at) {
		return fmt.Errorf("come back unchanged, the change told is %+v (%v)", changes, err)
	}
	st, err := m.Standing(ctx, "a")
	if err != nil || st.Records != 2 {
		return fmt.Errorf("come back, %d records are counted (%v)", st.Records, err)
	}
	got, err = m.named("CVE-2024-10001")
	return same("by name, when A-1 has come back", got, err, "a A-1", "a A-2")
}

func failuresCount(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	if err := m.batch(feeds.Batch{Source: "a", Next: "1", Records: []feeds.Record{record("a", "A-1")}, Done: true}); err != nil {
		return err
	}
	succeeded := m.at
	for n := 1; n <= 3; n++ {
		why := fmt.Sprintf("failure %d", n)
		if err := m.batch(feeds.Batch{Source: "a", Failed: why}); err != nil {
			return err
		}
		st, err := m.Standing(ctx, "a")
		if err != nil {
			return err
		}
		if st.Cursor != "1" || st.Records != 1 || st.Failures != n || st.Failed != why || !st.Tried.Equal(m.at) || !st.Succeeded.Equal(succeeded) {
			return fmt.Errorf("after failure %d it stands so: %+v", n, st)
		}
	}
	if err := m.batch(feeds.Batch{Source: "a", Next: "1", Done: true}); err != nil {
		return err
	}
	st, err := m.Standing(ctx, "a")
	if err != nil || st.Failures != 0 || st.Failed != "" || !st.Succeeded.Equal(m.at) {
		return fmt.Errorf("a reading ended well, and it stands so: %+v (%v)", st, err)
	}
	if err := m.batch(feeds.Batch{Source: "b", Failed: "never began"}); err != nil {
		return err
	}
	st, err = m.Standing(ctx, "b")
	if err != nil || st.Failures != 1 || st.Cursor != "" || !st.Succeeded.IsZero() {
		return fmt.Errorf("a source whose first reading failed stands so: %+v (%v)", st, err)
	}
	return nil
}

func midway(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	for i, step := range []struct {
		what string
		b    feeds.Batch
		want bool
	}{
		{"records without a new cursor", feeds.Batch{Records: []feeds.Record{record("a", "A-1")}}, false},
		{"a failure then", feeds.Batch{Failed: "it broke"}, false},
		{"a new cursor", feeds.Batch{Next: "1"}, true},
		{"more at the same cursor", feeds.Batch{Next: "1"}, true},
		{"a failure amid", feeds.Batch{Failed: "it broke"}, true},
		{"the end", feeds.Batch{Next: "2", Done: true}, false},
		{"a batch that is all of a reading", feeds.Batch{Next: "3", Done: true}, false},
		{"the next reading", feeds.Batch{Next: "3", Records: []feeds.Record{record("a", "A-2")}}, false},
	} {
		step.b.Source = "a"
		if err := m.batch(step.b); err != nil {
			return err
		}
		st, err := m.Standing(ctx, "a")
		if err != nil {
			return err
		}
		if st.Midway != step.want {
			return fmt.Errorf("step %d, %s: Midway is %v", i+1, step.what, st.Midway)
		}
	}
	return nil
}

func standing(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	st, err := m.Standing(ctx, "a")
	if err != nil || st != (feeds.Standing{Source: "a"}) {
		return fmt.Errorf("a source never kept stands so: %+v (%v)", st, err)
	}
	first := feeds.Batch{
		Source: "a", Next: "1", Done: true,
		Records:  []feeds.Record{record("a", "A-1"), record("a", "A-2"), record("a", "A-3")},
		Rejected: []feeds.Rejected{{Item: "A-4", Why: "bad", Digest: "d"}, {Item: "A-5", Why: "bad"}, {Item: "A-1 too", Why: "bad"}},
	}
	if err := m.batch(first); err != nil {
		return err
	}
	changed := m.at
	want := feeds.Standing{Source: "a", Cursor: "1", Turn: 1, Records: 3, Quarantined: 3, Tried: m.at, Succeeded: m.at, Changed: m.at}
	if st, err = m.Standing(ctx, "a"); err != nil || st != want {
		return fmt.Errorf("it stands so: %+v, not %+v (%v)", st, want, err)
	}
	// The same record is bad again, one could be read at last.
	second := feeds.Batch{
		Source: "a", Next: "2", Done: true,
		Records: []feeds.Record{record("a", "A-1")}, Rejected: []feeds.Rejected{{Item: "A-5", Why: "still bad"}},
	}
	if err := m.batch(second); err != nil {
		return err
	}
	want = feeds.Standing{Source: "a", Cursor: "2", Turn: 2, Records: 3, Quarantined: 3, Tried: m.at, Succeeded: m.at, Changed: changed}
	if st, err = m.Standing(ctx, "a"); err != nil || st != want {
		return fmt.Errorf("a record is bad a second time, and it stands so: %+v, not %+v (%v)", st, want, err)
	}
	if err := m.batch(feeds.Batch{Source: "a", Next: "3", Records: []feeds.Record{record("a", "A-4")}, Gone: []string{"A-2", "A-5"}}); err != nil {
		return err
	}
	want = feeds.Standing{Source: "a", Cursor: "3", Turn: 3, Records: 3, Quarantined: 1, Tried: m.at, Succeeded: want.Succeeded, Changed: m.at, Midway: true}
	if st, err = m.Standing(ctx, "a"); err != nil || st != want {
		return fmt.Errorf("a bad record was read and another is gone, and it stands so: %+v, not %+v (%v)", st, want, err)
	}
	return nil
}
