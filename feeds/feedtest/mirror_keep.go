package feedtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/tlp"
)

// full is a record with every field filled, and texts that databases like to change.
func full(source, item string) feeds.Record {
	day := time.Date(2024, 2, 29, 23, 59, 59, 999999999, time.UTC)
	return feeds.Record{
		Source: source, Item: item, Names: []feeds.ID{"CVE-2024-10001", "GHSA-aaaa-bbbb-cccc"},
		State: "Analyzed", Published: day, Modified: day.AddDate(0, 1, 0), Withdrawn: day.AddDate(1, 0, 0), Rejected: true,
		Title: "quote ' \" and % _ \\ ünï \U0001F9EC", Text: strings.Repeat("long <&> text\r\n\t", 5000),
		Scores:     []feeds.Score{{Vector: "CVSS:3.1/AV:N", Base: 7.5, By: "nvd@nist.gov", Primary: true}},
		Weaknesses: []string{"CWE-20"},
		References: []feeds.Reference{{URL: "https://example.org/a?b=c&d=e", Tags: []string{"Patch"}}},
		Packages: []feeds.Package{{
			Ecosystem: "Debian:12", Name: "demo", PURL: "pkg:deb/debian/demo", Versions: []string{"1", "1~rc1"},
			Ranges: []feeds.Range{{Type: feeds.Git, Repo: "https://example.org/r", Events: []feeds.Event{
				{Introduced: "0"}, {Fixed: "1"}, {Introduced: "2"}, {LastAffected: "3"}, {Introduced: "4"}, {Limit: "5"},
			}}},
		}},
		Configurations: []feeds.Configuration{{Operator: "AND", Negate: true, Nodes: []feeds.Node{{
			Operator: "OR", Negate: true,
			Criteria: []feeds.Criterion{{
				CPE: `cpe:2.3:o:demo:firmware\!:*:*:*:*:*:*:*:*`, Vulnerable: true,
				StartIncluding: "1", StartExcluding: "2", EndIncluding: "3", EndExcluding: "4",
			}},
			Nodes: []feeds.Node{{Criteria: []feeds.Criterion{{CPE: "cpe:2.3:h:demo:board:-:*:*:*:*:*:*:*"}}}},
		}}}},
		Exploited: &feeds.Exploited{Added: day, Due: day.AddDate(0, 0, 21), Ransomware: true, Vendor: "Demo", Product: "Demo Pump", Action: "Update."},
		Mark:      tlp.Marked(tlp.Amber, "a", "b"),
	}
}

func recordsComeBack(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	want := []feeds.Record{full("a", "A-1"), {Source: "a", Item: "A-2 %_'\"", Names: []feeds.ID{"X"}}}
	if err := m.keep("a", "1", want...); err != nil {
		return err
	}
	got, err := all(m.Named(ctx, "CVE-2024-10001", "X"))
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%d records came back, not as they were:\n%+v\n%+v", len(got), got, want)
	}
	got[0].Names[0] = "scribbled"
	if again, err := all(m.Named(ctx, "CVE-2024-10001", "X")); err != nil || !reflect.DeepEqual(again, want) {
		return fmt.Errorf("what a reader does to a record changes the mirror's (%w)", err)
	}
	return nil
}

func oneTransaction(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	if err := m.keep("a", "1", record("a", "A-0", "CVE-2024-1000")); err != nil {
		return err
	}
	good := record("a", "A-1", "CVE-2024-1001")
	for what, b := range map[string]feeds.Batch{
		"a record without an item":           {Records: []feeds.Record{good, record("a", "")}},
		"a record of another source":         {Records: []feeds.Record{good, record("b", "B-1")}},
		"a record with a date after 9999":    {Records: []feeds.Record{good, {Source: "a", Item: "A-2", Modified: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}}},
		"a failed batch that moves on":       {Records: []feeds.Record{good}, Failed: "it broke"},
		"a cursor the source does not stand": {Records: []feeds.Record{good}, Gone: []string{"A-0"}, From: "7"},
	} {
		b.Source, b.At, b.Next = "a", noon.Add(48*time.Hour), "2"
		b.Rejected = []feeds.Rejected{{Item: "A-9", Why: "bad"}}
		if b.From == "" {
			b.From = "1"
		}
		if err := m.Keep(ctx, b); err == nil {
			return fmt.Errorf("a batch with %s is kept", what)
		}
		st, err := m.Standing(ctx, "a")
		if err != nil {
			return err
		}
		if st.Cursor != "1" || st.Records != 1 || st.Quarantined != 0 || st.Failures != 0 || st.Tried.After(noon.Add(24*time.Hour)) {
			return fmt.Errorf("a batch with %s leaves a trace: %+v", what, st)
		}
		got, err := m.named("CVE-2024-1000", "CVE-2024-1001")
		if err := same("after a batch with "+what, got, err, "a A-0"); err != nil {
			return err
		}
	}
	return nil
}

func oneWriterWins(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	if err := m.keep("a", "1", record("a", "A-1", "CVE-2024-1001")); err != nil {
		return err
	}
	for _, from := range []feeds.Cursor{"", "0", "2", "1 "} {
		b := feeds.Batch{Source: "a", At: noon, From: from, Next: "9", Records: []feeds.Record{record("a", "A-2", "CVE-2024-1001")}}
		if err := m.Keep(ctx, b); !errors.Is(err, feeds.ErrConflict) {
			return fmt.Errorf("the source stands at \"1\", a batch from %q gives %v, not feeds.ErrConflict", from, err)
		}
		b.Next, b.Failed = from, "it broke"
		if err := m.Keep(ctx, b); !errors.Is(err, feeds.ErrConflict) {
			return fmt.Errorf("the source stands at \"1\", a failed batch from %q gives %v, not feeds.ErrConflict", from, err)
		}
	}
	if err := m.Keep(ctx, feeds.Batch{Source: "new", At: noon, From: "1", Next: "2"}); !errors.Is(err, feeds.ErrConflict) {
		return fmt.Errorf("a source never kept stands at \"\", a batch from \"1\" gives %v, not feeds.ErrConflict", err)
	}
	const writers = 8
	errs := make(chan error, writers)
	for i := range writers {
		go func() {
			errs <- m.Keep(ctx, feeds.Batch{
				Source: "a", At: noon, From: "1", Next: feeds.Cursor(fmt.Sprint("to ", i)),
				Records: []feeds.Record{record("a", fmt.Sprint("W-", i), "CVE-2024-2000")},
			})
		}()
	}
	won := 0
	var other error
	for range writers {
		switch err := <-errs; {
		case err == nil:
			won++
		case !errors.Is(err, feeds.ErrConflict):
			other = errors.Join(other, err)
		}
	}
	if other != nil {
		return fmt.Errorf("of two writers at once one fails otherwise than with feeds.ErrConflict: %w", other)
	}
	got, err := m.named("CVE-2024-2000")
	if won != 1 || len(got) != 1 || err != nil {
		return fmt.Errorf("of %d writers from one cursor %d won, and %v is kept (%v)", writers, won, got, err)
	}
	return nil
}

func equalWritesNothing(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	r := full("a", "A-1")
	if err := m.keep("a", "1", r); err != nil {
		return err
	}
	before, err := m.changes(0)
	if err != nil {
		return err
	}
	if len(before) != 1 {
		return fmt.Errorf("one record was kept, %d changes are told", len(before))
	}
	st, err := m.Standing(ctx, "a")
	if err != nil {
		return err
	}
	if err := m.keep("a", "2", r); err != nil {
		return err
	}
	after, err := m.changes(0)
	if err := same("kept again unchanged, the changes", after, err, before...); err != nil {
		return err
	}
	again, err := m.Standing(ctx, "a")
	if err != nil {
		return err
	}
	if again.Cursor != "2" || again.Records != 1 || !again.Changed.Equal(st.Changed) || !again.Tried.After(st.Tried) {
		return fmt.Errorf("kept again unchanged it stands so: %+v", again)
	}
	r.Text = "another"
	if err := m.keep("a", "3", r); err != nil {
		return err
	}
	if after, err = m.changes(before[0].Position); err != nil || len(after) != 1 || after[0].Digest != r.Digest() || !after[0].First.Equal(before[0].First) {
		return fmt.Errorf("kept changed, the change told is %+v (%w)", after, err)
	}
	return nil
}

func newestStands(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	first, last := record("a", "A-1", "CVE-2024-1001"), record("a", "A-1", "CVE-2024-1001")
	first.Text, last.Text = "first", "last"
	if err := m.keep("a", "1", first, record("a", "A-2"), last); err != nil {
		return err
	}
	got, err := all(m.Named(ctx, "CVE-2024-1001"))
	if err != nil || len(got) != 1 || got[0].Text != "last" {
		return fmt.Errorf("one item twice in a batch: %+v stands (%v)", got, err)
	}
	st, err := m.Standing(ctx, "a")
	if err != nil || st.Records != 2 {
		return fmt.Errorf("one item twice in a batch of three: %d records (%v)", st.Records, err)
	}
	changes, err := m.changes(0)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if c.Item == "A-1" && c.Digest != last.Digest() {
			return errors.New("the last change told of an item is not its newest")
		}
	}
	return nil
}
