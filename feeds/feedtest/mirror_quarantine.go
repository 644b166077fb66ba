package feedtest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
)

// quarantined are what is in quarantine, as texts that can be compared.
func (k *kept) quarantined(source string) ([]string, error) {
	rs, err := all(k.Quarantine(k.ctx, source))
	var out []string
	for _, r := range rs {
		out = append(out, fmt.Sprintf("%s %q %q %s", r.Item, r.Digest, r.Why, r.At.UTC().Format("15:04")))
	}
	return out, err
}

func quarantineTells(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	got, err := m.quarantined("a")
	if err := same("the quarantine of a source never kept", got, err); err != nil {
		return err
	}
	digest := strings.Repeat("0f", 32)
	if err := m.batch(feeds.Batch{Source: "a", Next: "1", Rejected: []feeds.Rejected{
		{Item: "file b/x.json", Why: "at byte 7: ' \" %"}, {Item: "A-1", Digest: digest, Why: "no date"},
	}}); err != nil {
		return err
	}
	if err := m.batch(feeds.Batch{Source: "b", Rejected: []feeds.Rejected{{Item: "A-1", Why: "of another source"}}}); err != nil {
		return err
	}
	got, err = m.quarantined("a")
	if err := same("the quarantine", got, err, `A-1 "`+digest+`" "no date" 13:00`, `file b/x.json "" "at byte 7: ' \" %" 13:00`); err != nil {
		return err
	}
	for _, r := range []feeds.Rejected{{Item: "A-1", Why: "no id", Digest: "other"}} {
		if err := m.batch(feeds.Batch{Source: "a", Next: "2", Rejected: []feeds.Rejected{r}}); err != nil {
			return err
		}
	}
	got, err = m.quarantined("a")
	if err := same("bad again for another reason", got, err, `A-1 "other" "no id" 15:00`, `file b/x.json "" "at byte 7: ' \" %" 13:00`); err != nil {
		return err
	}
	if err := m.keep("a", "3", record("a", "A-1")); err != nil {
		return err
	}
	got, err = m.quarantined("a")
	return same("when A-1 could be read", got, err, `file b/x.json "" "at byte 7: ' \" %" 13:00`)
}

func mendedLeaves(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	bad := []feeds.Rejected{{Item: "file x.json", Why: "cut off"}, {Item: "file y.json", Why: "cut off"}, {Item: "file z.json", Why: "cut off"}}
	for _, source := range []string{"a", "b"} {
		if err := m.batch(feeds.Batch{Source: source, Next: "1", Rejected: bad}); err != nil {
			return err
		}
	}
	// What is mended and bad again in one batch is bad.
	if err := m.batch(feeds.Batch{Source: "a", Next: "1", Done: true, Mended: []string{"file x.json", "file y.json", "file never.json"},
		Rejected: bad[1:2]}); err != nil {
		return err
	}
	got, err := m.quarantined("a")
	if err := same("when two files are mended, one of them bad again", got, err, `file y.json "" "cut off" 15:00`, `file z.json "" "cut off" 13:00`); err != nil {
		return err
	}
	for source, want := range map[string]int{"a": 2, "b": 3} {
		st, err := m.Standing(ctx, source)
		if err != nil || st.Quarantined != want {
			return fmt.Errorf("when x.json of a is mended, %d of %s are counted in quarantine, not %d (%v)", st.Quarantined, source, want, err)
		}
	}
	changes, err := m.changes(0)
	return same("the changes of a source without records", changes, err)
}

func turns(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	// The cursor never moves, as with a file that is read anew each time.
	step := func(turn int64, item string) feeds.Batch {
		return feeds.Batch{Source: "a", At: noon, Turn: turn, Records: []feeds.Record{record("a", item, "CVE-2024-1001")}}
	}
	for turn := int64(1); turn <= 2; turn++ {
		if err := m.Keep(ctx, step(turn, "A-1")); err != nil {
			return fmt.Errorf("batch %d in its turn: %w", turn, err)
		}
	}
	if err := m.Keep(ctx, feeds.Batch{Source: "a", At: noon, Turn: 3, Failed: "it broke"}); err != nil {
		return fmt.Errorf("a failed batch in its turn: %w", err)
	}
	for _, turn := range []int64{1, 2, 3, 5, 9} {
		if err := m.Keep(ctx, step(turn, "A-2")); !errors.Is(err, feeds.ErrConflict) {
			return fmt.Errorf("after batch 3 batch %d gives %v, not feeds.ErrConflict", turn, err)
		}
	}
	if err := m.Keep(ctx, step(0, "A-1")); err != nil {
		return fmt.Errorf("a batch that leaves its turn open: %w", err)
	}
	st, err := m.Standing(ctx, "a")
	if err != nil || st.Turn != 4 {
		return fmt.Errorf("after 4 batches %d are counted (%v)", st.Turn, err)
	}
	got, err := m.named("CVE-2024-1001")
	return same("of batches out of turn", got, err, "a A-1")
}

func equalDigest(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	likely := func(p float64, more string) feeds.Record {
		r := record("a", "A-1", "CVE-2024-1001")
		r.Probability, r.Text = &feeds.Probability{Score: p}, r.Text+more
		return r
	}
	first, second := likely(0.011, ""), likely(0.012, "")
	if first.Digest() != second.Digest() || first.Digest() == likely(0.9, "").Digest() {
		return errors.New("the suite's records are no example")
	}
	if err := m.keep("a", "1", first); err != nil {
		return err
	}
	before, err := m.changes(0)
	if err != nil {
		return err
	}
	changed := m.at
	if err := m.keep("a", "2", second); err != nil {
		return err
	}
	after, err := m.changes(0)
	if err := same("a new body with the same digest: the changes", after, err, before...); err != nil {
		return err
	}
	history, err := all(m.History(ctx, "CVE-2024-1001"))
	if err := same("a new body with the same digest: the history", history, err, before...); err != nil {
		return err
	}
	got, err := all(m.Named(ctx, "CVE-2024-1001"))
	if err != nil || len(got) != 1 || got[0].Probability == nil || got[0].Probability.Score != 0.012 {
		return fmt.Errorf("a new body with the same digest is not what is read: %+v (%v)", got, err)
	}
	st, err := m.Standing(ctx, "a")
	if err != nil || !st.Changed.Equal(changed) {
		return fmt.Errorf("a new body with the same digest: changed %v, not %v (%v)", st.Changed, changed, err)
	}
	if err := m.keep("a", "3", likely(0.9, "")); err != nil {
		return err
	}
	if after, err = m.changes(before[0].Position); err != nil || len(after) != 1 {
		return fmt.Errorf("a new body with another digest is not told: %+v (%v)", after, err)
	}
	return nil
}
