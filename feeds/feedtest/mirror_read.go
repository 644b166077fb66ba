package feedtest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
)

// plenty is more than a mirror would read or bind in one go.
const plenty = 1100

func packaged(source, item, name string) feeds.Record {
	r := record(source, item, feeds.ID(item))
	r.Packages = []feeds.Package{{Ecosystem: "PyPI", Name: name}}
	return r
}

// fill keeps plenty of records, each about a package of its own, and all of them
// naming CVE-2024-1000, and as many that could not be read.
func (k *kept) fill() ([]sbom.Coordinate, error) {
	var rs []feeds.Record
	var at []sbom.Coordinate
	var bad []feeds.Rejected
	for i := range plenty {
		bad = append(bad, feeds.Rejected{Item: fmt.Sprintf("file %05d.json", i), Why: "cut off"})
		r := packaged("a", fmt.Sprintf("A-%05d", i), fmt.Sprintf("name%d", i))
		r.Names = append(r.Names, "CVE-2024-1000")
		rs = append(rs, r)
		at = append(at, sbom.PackageCoordinate("PyPI", fmt.Sprintf("name%d", i)))
	}
	return at, k.batch(feeds.Batch{Source: "a", Next: "1", Records: rs, Rejected: bad})
}

func aboutFinds(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	r := full("b", "B-1")
	if err := m.keep("b", "1", r, record("b", "B-2")); err != nil {
		return err
	}
	coordinates := r.Coordinates()
	if len(coordinates) < 5 {
		return fmt.Errorf("the suite's record stands at %v only", coordinates)
	}
	for _, at := range coordinates {
		found, err := all(m.About(ctx, at))
		if err := same(fmt.Sprintf("at %q", at), keys(found), err, "b B-1"); err != nil {
			return err
		}
	}
	found, err := all(m.About(ctx, append(coordinates, coordinates...)...))
	if err := same("at all its coordinates, twice each", keys(found), err, "b B-1"); err != nil {
		return err
	}
	found, err = all(m.About(ctx))
	if err := same("at no coordinate", keys(found), err); err != nil {
		return err
	}
	found, err = all(m.About(ctx, "pkg:PyPI/nothing", "", "pkg:PyPI/DEMO'\"%"))
	if err := same("where nothing is", keys(found), err); err != nil {
		return err
	}
	// A record that moved is found where it is now, only.
	if err := m.keep("c", "1", packaged("c", "C-1", "old")); err != nil {
		return err
	}
	if err := m.keep("c", "2", packaged("c", "C-1", "new")); err != nil {
		return err
	}
	for name, want := range map[string][]string{"old": nil, "new": {"c C-1"}} {
		found, err := all(m.About(ctx, sbom.PackageCoordinate("PyPI", name)))
		if err := same("a record that moved, at "+name, keys(found), err, want...); err != nil {
			return err
		}
	}
	at, err := m.fill()
	if err != nil {
		return err
	}
	found, err = all(m.About(ctx, append(at, sbom.EcosystemCoordinate("a", "PyPI"), coordinates[0])...))
	if err != nil || len(found) != plenty+1 || !slices.IsSorted(keys(found)) {
		return fmt.Errorf("asked for %d coordinates: %d records, sorted %v (%v)", len(at)+2, len(found), slices.IsSorted(keys(found)), err)
	}
	return nil
}

func namedFinds(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	if err := m.keep("b", "1", record("b", "B-1", "GHSA-a", "CVE-2024-1001", "CVE-2024-1002"), record("b", "B-2")); err != nil {
		return err
	}
	if err := m.keep("a", "1", record("a", "Z", "CVE-2024-1001"), record("a", "A", "CVE-2024-1001")); err != nil {
		return err
	}
	for id, want := range map[feeds.ID][]string{
		"GHSA-a": {"b B-1"}, "CVE-2024-1001": {"a A", "a Z", "b B-1"}, "CVE-2024-1002": {"b B-1"},
		"CVE-2024-100": nil, "B-1": nil, "": nil, "ghsa-a": nil, "CVE-2024-100_": nil,
	} {
		got, err := m.named(id)
		if err := same(fmt.Sprintf("by %q", id), got, err, want...); err != nil {
			return err
		}
	}
	got, err := m.named("GHSA-a", "CVE-2024-1001", "CVE-2024-1001", "none")
	if err := same("by several ids, one twice", got, err, "a A", "a Z", "b B-1"); err != nil {
		return err
	}
	got, err = m.named()
	if err := same("by no id", got, err); err != nil {
		return err
	}
	if err := m.keep("b", "2", record("b", "B-1", "GHSA-a")); err != nil {
		return err
	}
	got, err = m.named("CVE-2024-1002")
	if err := same("by an id it does not name any more", got, err); err != nil {
		return err
	}
	if _, err := (&kept{Mirror: m.Mirror, ctx: ctx, at: noon}).fillMore(); err != nil {
		return err
	}
	var ids []feeds.ID
	for i := range plenty {
		ids = append(ids, feeds.ID(fmt.Sprintf("D-%05d", i)))
	}
	got, err = m.named(ids...)
	if err != nil || len(got) != plenty {
		return fmt.Errorf("by %d ids: %d records (%v)", len(ids), len(got), err)
	}
	return nil
}

// fillMore keeps plenty of records of another source.
func (k *kept) fillMore() ([]feeds.Record, error) {
	var rs []feeds.Record
	for i := range plenty {
		item := fmt.Sprintf("D-%05d", i)
		rs = append(rs, record("d", item, feeds.ID(item)))
	}
	return rs, k.keep("d", "1", rs...)
}

func itemsSorted(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	if err := m.keep("a", "1", record("a", "c"), record("a", "B"), record("a", "a"), record("a", "10"), record("a", "9")); err != nil {
		return err
	}
	if err := m.batch(feeds.Batch{Source: "a", Next: "2", Gone: []string{"c"}}); err != nil {
		return err
	}
	got, err := all(m.Items(ctx, "a"))
	if err := same("the items", got, err, "10", "9", "B", "a"); err != nil {
		return err
	}
	got, err = all(m.Items(ctx, "nobody"))
	if err := same("the items of a source never kept", got, err); err != nil {
		return err
	}
	if _, err := m.fillMore(); err != nil {
		return err
	}
	got, err = all(m.Items(ctx, "d"))
	if err != nil || len(got) != plenty || !slices.IsSorted(got) {
		return fmt.Errorf("%d of %d items, sorted %v (%v)", len(got), plenty, slices.IsSorted(got), err)
	}
	return nil
}

func changesGrow(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	if _, err := m.fill(); err != nil {
		return err
	}
	if err := m.keep("b", "1", record("b", "B-1")); err != nil {
		return err
	}
	moved := packaged("a", "A-00000", "elsewhere")
	if err := m.keep("a", "2", moved); err != nil {
		return err
	}
	changes, err := m.changes(0)
	if err != nil {
		return err
	}
	if len(changes) != plenty+1 {
		return fmt.Errorf("%d last changes of %d records", len(changes), plenty+1)
	}
	for i, c := range changes {
		if c.Position <= 0 || i > 0 && c.Position <= changes[i-1].Position {
			return fmt.Errorf("change %d has the position %d", i+1, c.Position)
		}
		if c.At.Location() != time.UTC || c.First.Location() != time.UTC {
			return fmt.Errorf("%s: times are in %v and %v, not UTC", c.Item, c.At.Location(), c.First.Location())
		}
	}
	last := changes[plenty]
	want := feeds.Change{Position: last.Position, Source: "a", Item: "A-00000", First: noon.Add(time.Hour), At: m.at, Digest: moved.Digest(), Said: moved.Published}
	if last != want {
		return fmt.Errorf("the last change is %+v, not %+v", last, want)
	}
	got, err := m.changes(last.Position)
	if err := same("changes after the last", got, err); err != nil {
		return err
	}
	got, err = m.changes(changes[plenty-1].Position)
	return same("changes after the last but one", got, err, last)
}

func historyTells(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	first, second := record("a", "A-1", "CVE-2024-1001", "GHSA-a"), record("a", "A-1", "CVE-2024-1001", "GHSA-a")
	second.Text, second.Published = "changed", noon.AddDate(0, 0, -7)
	var at []time.Time
	for i, step := range []feeds.Batch{
		{Records: []feeds.Record{first, record("a", "A-2", "CVE-2024-1002")}},
		{Records: []feeds.Record{second}},
		{Gone: []string{"A-1"}},
		{Records: []feeds.Record{first}},
	} {
		step.Source, step.Next = "a", feeds.Cursor(fmt.Sprint(i))
		if err := m.batch(step); err != nil {
			return err
		}
		at = append(at, m.at)
	}
	for _, ids := range [][]feeds.ID{{"CVE-2024-1001"}, {"GHSA-a"}, {"GHSA-a", "CVE-2024-1001", "none"}} {
		got, err := all(m.History(ctx, ids...))
		if err != nil || len(got) != 4 {
			return fmt.Errorf("the history of %v has %d changes, not 4: %+v (%v)", ids, len(got), got, err)
		}
		for i, digest := range []string{first.Digest(), second.Digest(), "", first.Digest()} {
			said := []time.Time{first.Published, second.Published, {}, first.Published}[i]
			want := feeds.Change{
				Position: got[i].Position, Source: "a", Item: "A-1", First: at[0], At: at[i], Digest: digest, Said: said, Gone: digest == "",
			}
			if got[i] != want || i > 0 && got[i].Position <= got[i-1].Position {
				return fmt.Errorf("change %d in the history of %v is %+v, not %+v", i+1, ids, got[i], want)
			}
		}
	}
	got, err := all(m.History(ctx, "none"))
	return same("the history of an id nobody names", got, err)
}
