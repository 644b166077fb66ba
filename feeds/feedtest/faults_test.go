package feedtest_test

import (
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
)

func TestAnHonestSourceKeepsItsPromises(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, bulletinSuite(t, ""))
}

func TestAPlantedFaultIsCaughtByThePromiseItBreaks(t *testing.T) {
	t.Parallel()
	for flaw, promise := range map[string]string{
		"changes its name":                            "the name is stable",
		"gives records another source":                "the name is stable",
		"skips a record when it goes on":              "nothing is missed from any Next",
		"moves the cursor ahead of its records":       "nothing is missed from any Next",
		"refuses a strange cursor":                    "nothing is missed from any Next",
		"says Whole of a part":                        "nothing is missed from any Next",
		"remembers the first page":                    "a changed old record comes again",
		"reads before the first range":                "a reader may stop early",
		"goes on when stopped":                        "a reader may stop early",
		"leaves a body open":                          "a reader may stop early",
		"swallows a failing publisher":                "a failing publisher is an error",
		"goes on after an error":                      "a failing publisher is an error",
		"asks again at once":                          `"slow down" is obeyed`,
		"gives up when asked to wait":                 `"slow down" is obeyed`,
		"takes a cut-off body for the end":            "a cut-off body is an error",
		"takes any length":                            "a cut-off body is an error",
		"reads without end":                           "an endless body is cut",
		"waits for ever":                              "a slow publisher is given up",
		"takes any type":                              "the wrong content type is an error",
		"takes any page":                              "a page told twice or out of order loses nothing",
		"asks at the end how far it is":               "a change amid a reading is not missed",
		"hides the rest of a page after a bad record": "one bad record does not hide the next",
		"ends at a bad record":                        "one bad record does not hide the next",
		"passes a bad record over in silence":         "one bad record does not hide the next",
		"ignores its context":                         "a cancelled context ends the reading",
		"leaves a goroutine":                          "no goroutine is left",
		"decodes another text":                        "what is decoded matches the golden",
	} {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				err := feedtest.Check(t.Context(), alone(bulletinSuite(t, flaw), promise))
				time.Sleep(3 * time.Hour) // a goroutine that was left ends with its bubble
				require.Equal(t, []string{promise}, broken(err), "caught: %v", err)
			})
		})
	}
}

func TestASuiteThatLacksSomethingIsRefused(t *testing.T) {
	t.Parallel()
	none := feedtest.Check(t.Context(), feedtest.Suite{})
	for _, what := range []string{"Name", "Open", "Before", "After", "Bad or Damaged", "Golden", "URL"} {
		require.ErrorContains(t, none, "lacks "+what)
	}
	s := bulletinSuite(t, "")
	s.Without = map[string]string{"no such promise": "because", "the name is stable": ""}
	err := feedtest.Check(t.Context(), s)
	require.ErrorContains(t, err, `"no such promise", which is no promise`)
	require.ErrorContains(t, err, `lacks the reason why it is without "the name is stable"`)
	s = bulletinSuite(t, "")
	s.After = s.Before
	require.ErrorContains(t, feedtest.Check(t.Context(), alone(s, "a changed old record comes again")), "changes no record")
	s.Before = fstest.MapFS{"bulletins.json": {Data: []byte(`[{"seq":1,"id":"B-1","text":"one"}]`)}}
	require.ErrorContains(t, feedtest.Check(t.Context(), alone(s, "nothing is missed from any Next")), "too few")
}

func TestAPromiseIsLeftOutOnlyByName(t *testing.T) {
	t.Parallel()
	s := bulletinSuite(t, "decodes another text")
	require.Equal(t, []string{"what is decoded matches the golden"}, broken(feedtest.Check(t.Context(), alone(s, "what is decoded matches the golden"))))
	require.NoError(t, feedtest.Check(t.Context(), alone(s, "the name is stable")))
}

// alone is s with one promise.
func alone(s feedtest.Suite, promise string) feedtest.Suite {
	s.Without = map[string]string{}
	for _, p := range []string{
		"the name is stable", "nothing is missed from any Next", "a changed old record comes again", "a reader may stop early",
		"a failing publisher is an error", `"slow down" is obeyed`, "a cut-off body is an error", "an endless body is cut",
		"a slow publisher is given up", "the wrong content type is an error", "a page told twice or out of order loses nothing",
		"a change amid a reading is not missed", "one bad record does not hide the next", "a cancelled context ends the reading", "no goroutine is left",
		"what is decoded matches the golden",
	} {
		if p != promise {
			s.Without[p] = "the test looks at another"
		}
	}
	return s
}

// broken lists the promises an error of Check tells of.
func broken(err error) []string {
	switch err := err.(type) {
	case *feedtest.PromiseError:
		return []string{err.Promise}
	case interface{ Unwrap() []error }:
		var out []string
		for _, e := range err.Unwrap() {
			out = append(out, broken(e)...)
		}
		return out
	}
	return nil
}

var _ feeds.Source = (*bulletins)(nil)
