package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

// brittle is a store that survives its Close and takes only so many acts.
type brittle struct {
	database
	left *int
}

var errPower = errors.New("the power went")

func (b brittle) Close() error { return nil }

func (b brittle) Commit(ctx context.Context, a store.Act) ([]store.Entry, error) {
	if *b.left == 0 {
		return nil, errPower
	}
	*b.left--
	return b.database.Commit(ctx, a)
}

// later is ticking from another hour of the day on.
func later(hours int) func() time.Time {
	now := ticking(2)
	return func() time.Time { return now().Add(time.Duration(hours) * time.Hour) }
}

var (
	instants = regexp.MustCompile(`"?2026-03-02[T ][0-9:.]+(Z| UTC)?"?`)
	digests  = regexp.MustCompile(`[0-9a-f]{64}|monitor-[0-9a-f]{24}|(patch|compensating-control) [0-9a-f]{16}`)
)

// sealed are what was signed, and the signatures.
var sealed = regexp.MustCompile(`"(payload|sig)":\s?"([^"]*)"`)

// timeless is text without instants of the run and what is computed from them, also
// within what was signed.
func timeless(text string) string {
	text = sealed.ReplaceAllStringFunc(text, func(all string) string {
		part := sealed.FindStringSubmatch(all)
		payload, err := base64.StdEncoding.DecodeString(part[2])
		if err != nil || part[1] == "sig" {
			return "SIGNATURE"
		}
		return string(payload)
	})
	return digests.ReplaceAllString(instants.ReplaceAllString(text, "TIME"), "DIGEST")
}

// history is what a ledger holds, act by act, save times.
func history(t *testing.T, db database) []string {
	t.Helper()
	var out []string
	for e, err := range db.Trail(t.Context(), 0) {
		require.NoError(t, err)
		out = append(out, timeless(fmt.Sprintf("%d %s: %s: %s %s", e.Act, e.Who, e.Why, e.Name, e.Body)))
	}
	return out
}

// written are the files of a folder, save times.
func written(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(p)
		name, _ := filepath.Rel(dir, p)
		out[filepath.ToSlash(name)] = timeless(string(body))
		return err
	}))
	return out
}

func TestARunThatWasInterruptedAnywhereCanBeRunAgain(t *testing.T) {
	t.Parallel()
	run := func(db database, acts, hours int, dir string) error {
		o := options{out: dir, data: without(t), now: later(hours), print: &bytes.Buffer{}}
		o.store = func() (database, error) { return brittle{db, &acts}, nil }
		return walk(t.Context(), o)
	}
	whole, dir := memory.New(), t.TempDir()
	require.NoError(t, run(whole, -1, 0, dir))
	want, files := history(t, whole), written(t, dir)
	require.Len(t, files, 6+4+16+19, "the summaries, and the evidence of two changes")
	acts := 0
	for e, err := range whole.Trail(t.Context(), 0) {
		require.NoError(t, err)
		if e.Seq == e.Act {
			acts++
		}
	}
	require.Greater(t, acts, 70)
	for n := range acts {
		if n%4 != 0 && os.Getenv("POSTMARKET_TEST_LONG") == "" {
			continue // a run for each takes its time: POSTMARKET_TEST_LONG=1 stops after every act
		}
		t.Run(fmt.Sprintf("after %d acts", n), func(t *testing.T) {
			t.Parallel()
			db, dir := memory.New(), t.TempDir()
			require.ErrorIs(t, run(db, n, 0, dir), errPower)
			require.Len(t, slices.Compact(actsOf(t, db)), n)
			require.NoError(t, run(db, -1, 1, dir))
			require.Equal(t, want, history(t, db))
			require.Equal(t, files, written(t, dir))
		})
	}
}

func actsOf(t *testing.T, db database) []int64 {
	t.Helper()
	var out []int64
	for e, err := range db.Trail(t.Context(), 0) {
		require.NoError(t, err)
		out = append(out, e.Act)
	}
	return out
}

// changed is the embedded data with text in one file replaced.
func changed(t *testing.T, file, old, now string) fs.FS {
	t.Helper()
	data := without(t).(fstest.MapFS)
	body := string(data[file].Data)
	require.Contains(t, body, old)
	data[file].Data = []byte(strings.Replace(body, old, now, 1))
	return data
}

// issued reads what a run wrote of the advisory.
func (o output) issued(t *testing.T) (version string, summaries []string) {
	t.Helper()
	var doc struct {
		Document struct {
			Tracking struct {
				Version         string `json:"version"`
				Status          string `json:"status"`
				RevisionHistory []struct {
					Summary string `json:"summary"`
				} `json:"revision_history"`
			} `json:"tracking"`
		} `json:"document"`
	}
	require.NoError(t, json.Unmarshal([]byte(o.advisory(t)[".json"]), &doc))
	require.Equal(t, "final", doc.Document.Tracking.Status)
	for _, r := range doc.Document.Tracking.RevisionHistory {
		summaries = append(summaries, r.Summary)
	}
	return doc.Document.Tracking.Version, summaries
}

func TestWhatChangedBetweenRunsIsANewRevision(t *testing.T) {
	t.Parallel()
	again := "What is known or planned has changed since the revision before."
	for name, data := range map[string]fs.FS{
		"another range":   changed(t, "nvd/CVE-2022-25640.json", `"versionEndExcluding": "5.2.0"`, `"versionEndExcluding": "5.3.0"`),
		"a record is out": without(t, "CVE-2022-25640.json"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := filepath.Join(t.TempDir(), "device.db")
			first := walkedOn(t, 2, without(t), db)
			second := walkedOn(t, 9, data, db)
			third := walkedOn(t, 16, data, db)
			fourth := walkedOn(t, 23, without(t), db)

			version, summaries := first.issued(t)
			require.Equal(t, "1", version)
			require.Equal(t, []string{"First version."}, summaries)
			version, summaries = second.issued(t)
			require.Equal(t, "2", version)
			require.Equal(t, []string{"First version.", again}, summaries)
			require.Equal(t, second.ledger, third.ledger)
			require.Equal(t, second.advisory(t), third.advisory(t))
			version, summaries = fourth.issued(t)
			require.Equal(t, "3", version)
			require.Equal(t, []string{"First version.", again, again}, summaries)
			require.True(t, strings.HasPrefix(fourth.ledger, first.ledger[:strings.LastIndex(first.ledger[:len(first.ledger)-1], "\n")]), "nothing is lost")
			require.Equal(t, name == "a record is out", !strings.Contains(second.advisory(t)[".md"], "CVE-2022-25640"))
		})
	}
}

func TestAFileOfAnEarlierRunThatIsNoLongerSoIsTakenAway(t *testing.T) {
	t.Parallel()
	dir, db := t.TempDir(), filepath.Join(t.TempDir(), "device.db")
	run := func(day int, data fs.FS) {
		require.NoError(t, walk(t.Context(), options{out: dir, store: keep(db), data: data, now: ticking(day), print: &bytes.Buffer{}}))
	}
	run(2, without(t))
	own := filepath.Join(dir, "advisory", "notes.md")
	require.NoError(t, os.WriteFile(own, []byte("mine"), 0o600))
	require.Len(t, output{dir: dir}.files(t), 4)
	run(9, without(t, "CVE-2022-25640.json", "CVE-2022-34293.json"))
	require.Equal(t, []string{"notes.md"}, output{dir: dir}.files(t), "what is not ours stays")
	run(16, without(t))
	require.Len(t, output{dir: dir}.files(t), 4)
}

func (o output) files(t *testing.T) []string {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(o.dir, "advisory"))
	require.NoError(t, err)
	var out []string
	for _, f := range list {
		out = append(out, f.Name())
	}
	return out
}

func TestAPlanForAnotherRiskIsNotReused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "device.db")
	walkedOn(t, 2, without(t), file)
	db, err := sqlite.Open(file)
	require.NoError(t, err)
	l := store.New(db, &store.Options{Now: ticking(3)})
	// A plan from before the risk was determined, on the same evidence.
	var kept patch.Plan
	for p, err := range patch.Plans.All(t.Context(), l, "") {
		require.NoError(t, err)
		if p.Vulnerability == "CVE-2022-25640" {
			kept = p
		}
	}
	stale := kept
	stale.Risk, stale.Class, stale.Approved = "", patch.Undetermined, nil
	require.NoError(t, l.Do(t.Context(), store.By{Who: engineer, Why: "test"}, func(tx *store.Tx) error { return patch.Plans.Put(tx, stale) }))
	require.NoError(t, db.Close())

	o := walkedOn(t, 9, without(t), file)
	for _, j := range o.judged {
		if j.Assessment.Vulnerability == "CVE-2022-25640" {
			require.Equal(t, patch.OutOfCycle, j.Plan.Class)
			require.Equal(t, patch.Approved, j.Plan.State())
			require.True(t, j.Plan.Proposed.At.After(kept.Proposed.At))
		}
	}
	version, _ := o.issued(t)
	require.Equal(t, "2", version, "it rests on another plan")
}

func TestNothingUnsignedIsWritten(t *testing.T) {
	t.Parallel()
	db, left := memory.New(), -1
	o := options{out: t.TempDir(), data: without(t), now: ticking(2), print: &bytes.Buffer{}}
	o.store = func() (database, error) { return brittle{db, &left}, nil }
	require.NoError(t, walk(t.Context(), o))
	l := store.New(db, &store.Options{Now: ticking(3)})
	a, _, err := advisory.Advisories.Latest(t.Context(), l, advisoryID)
	require.NoError(t, err)
	a.SignOffs[0].By = "somebody-else"
	require.NoError(t, l.Do(t.Context(), store.By{Who: "mallory", Why: "test"}, func(tx *store.Tx) error { return advisory.Advisories.Put(tx, a) }))
	o.now = ticking(9)
	require.ErrorIs(t, walk(t.Context(), o), advisory.ErrUnrecorded)
	require.Empty(t, output{dir: o.out}.files(t))
}
