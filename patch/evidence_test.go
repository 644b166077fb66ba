package patch_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/patch"
)

func digestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// What nobody can hold a document against is no evidence, and one document stands
// for one need, however it is named.
func TestEvidenceThatIsEmptyOrRepeatedIsRefused(t *testing.T) {
	t.Parallel()
	c := begun(assess.Serious)
	show := func(c patch.Change, p patch.Proof) (patch.Change, error) {
		return c.Do(patch.Step{By: "author", At: hour(1), Proof: &p})
	}
	_, err := show(c, patch.Proof{Need: "reproduction-record", Link: "a.pdf", Digest: digestOf(nil)})
	require.ErrorContains(t, err, "digest of nothing")
	_, err = show(c, patch.Proof{Need: "reproduction-record", Link: "a.pdf"})
	require.ErrorContains(t, err, "no digest")

	body := []byte("one and the same document")
	c, err = show(c, patch.Proof{Need: "security-test-report", Link: "tests/a.pdf", Digest: digestOf(body)})
	require.NoError(t, err)
	_, err = show(c, patch.Proof{Need: "safety-test-report", Link: "copy-of-a.pdf", Digest: digestOf(body)})
	require.ErrorContains(t, err, "repeated")
	for _, again := range []string{"tests/a.pdf", " tests/a.pdf", "./tests/a.pdf", "tests//a.pdf", "tests/x/../a.pdf", `tests\a.pdf`} {
		_, err = show(c, patch.Proof{Need: "safety-test-report", Link: again, Digest: digestOf([]byte(again))})
		require.ErrorContains(t, err, "repeated", again)
	}
}

// A record of before digests were asked for is held to the documents themselves.
func TestResolveOpensEachDocumentOnce(t *testing.T) {
	t.Parallel()
	old := begun(assess.Serious)
	old.Schema = 1
	old.Steps = append(old.Steps,
		patch.Step{By: "author", At: hour(1), Proof: &patch.Proof{Need: "security-test-report", Link: "a.pdf"}},
		patch.Step{By: "author", At: hour(2), Proof: &patch.Proof{Need: "safety-test-report", Link: "copy-of-a.pdf"}},
		patch.Step{By: "author", At: hour(3), Proof: &patch.Proof{Need: "change-set", Link: "none.pdf"}})
	require.NoError(t, old.Check(), "it was admissible once")
	body := []byte("one and the same document")
	err := old.Resolve(fstest.MapFS{"a.pdf": {Data: body}, "copy-of-a.pdf": {Data: body}, "none.pdf": {}})
	require.ErrorContains(t, err, `"safety-test-report": the document is that of "security-test-report"`)
	require.ErrorContains(t, err, `"change-set": the document is empty`)
	_, err = old.Do(patch.Step{By: "author", At: hour(4), Proof: &patch.Proof{Need: "reproduction-record", Link: "b.pdf"}})
	require.ErrorContains(t, err, "no digest", "what is new is held to what is asked now")
}

// What was true when somebody asked may not be so any more when another grants.
func TestAnExceptionIsGrantedOnlyWhileItMayBeAskedFor(t *testing.T) {
	t.Parallel()
	ask := func(c patch.Change, e patch.Exception) patch.Change {
		c, err := c.Do(patch.Step{By: "patch-lead", At: noon, Why: "w", Ask: &e})
		require.NoError(t, err)
		return c
	}
	later := patch.Exception{Kind: patch.Defer, Due: hour(9000), Release: "3.0", Meanwhile: "no", Reach: "1 y", Interim: "vlan"}
	c := walked(ask(begun(assess.Serious), later), patch.Deployed)
	grant := patch.Step{By: "quality", At: c.Steps[len(c.Steps)-1].At, Why: "w", Grant: later.Name()}
	d, err := c.Do(grant)
	require.ErrorContains(t, err, "only what is not released")
	require.Equal(t, patch.Deployed, d.State())
	forged := c
	forged.Steps = append(forged.Steps, grant)
	require.ErrorContains(t, forged.Check(), "only what is not released")
	forged.Schema = 1
	require.NoError(t, forged.Check(), "kept before that was looked at")
	require.Equal(t, patch.Deployed, forged.State(), "what is out is not left to later")

	c = ask(begun(assess.Catastrophic), patch.Exception{Kind: patch.Postpone, Need: "vex", Due: hour(900)})
	c.Response = assess.Standard
	_, err = c.Do(patch.Step{By: "quality", At: hour(1), Why: "w", Grant: "postpone vex"})
	require.ErrorContains(t, err, "only an emergency")
	c = ask(begun(assess.Serious), patch.Exception{Kind: patch.Waive, Gate: "reproduction"})
	for i := range c.Gates {
		c.Gates[i].Waivable = false
	}
	_, err = c.Do(patch.Step{By: "quality", At: hour(1), Why: "w", Grant: "waive reproduction"})
	require.ErrorContains(t, err, "not one that may be skipped")
}
