package patch_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

// hsm shows nothing of a key but crypto.Signer.
type hsm struct{ key crypto.Signer }

func (h hsm) Public() crypto.PublicKey { return h.key.Public() }
func (h hsm) Sign(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
	return h.key.Sign(r, d, o)
}

// key is always the same for n.
func key(n byte) crypto.Signer {
	return hsm{ed25519.NewKeyFromSeed(slices.Repeat([]byte{n}, ed25519.SeedSize))}
}

func trust(threshold int, signers ...crypto.Signer) patch.Trust {
	t := patch.Trust{Threshold: threshold}
	for _, s := range signers {
		t.Keys = append(t.Keys, s.Public())
	}
	return t
}

// The vector of DSSE's protocol.md.
func TestPAEIsThatOfTheSpecification(t *testing.T) {
	t.Parallel()
	require.Equal(t, "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
		string(patch.PAE("http://example.com/HelloWorld", []byte("hello world"))))
	require.Equal(t, "DSSEv1 0  0 ", string(patch.PAE("", nil)))
	require.Equal(t, "DSSEv1 2 ü 1 \x00", string(patch.PAE("ü", []byte{0})), "lengths are bytes")
}

func TestEveryKindOfKeySignsFromAnHSM(t *testing.T) {
	t.Parallel()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	rsa2048, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	for _, k := range []crypto.Signer{key(1), hsm{p256}, hsm{p384}, hsm{rsa2048}} {
		e, err := patch.Seal("text/plain", []byte("hello"), k)
		require.NoError(t, err)
		body, err := e.Open("text/plain", trust(1, k))
		require.NoError(t, err)
		require.Equal(t, "hello", string(body))
		_, err = e.Open("text/plain", trust(1, key(9)))
		require.ErrorIs(t, err, patch.ErrSignature)
		for i := range e.Payload {
			bad := e
			bad.Payload = slices.Clone(e.Payload)
			bad.Payload[i] ^= 1
			_, err = bad.Open("text/plain", trust(1, k))
			require.ErrorIs(t, err, patch.ErrSignature)
		}
	}
	_, err = patch.Seal("text/plain", []byte("x"), hsm{p224})
	require.ErrorContains(t, err, "P-256")
	_, err = patch.Seal("text/plain", []byte("x"), key(1), key(1))
	require.ErrorContains(t, err, "sign twice")
	_, err = patch.Seal("", []byte("x"), key(1))
	require.Error(t, err)
	_, err = patch.Seal("text/plain", []byte("x"))
	require.Error(t, err)
}

func TestSealAndOpenRefuseAKeyThatIsNotThere(t *testing.T) {
	t.Parallel()
	good, err := patch.Seal("t", []byte("x"), key(1))
	require.NoError(t, err)
	for _, s := range []crypto.Signer{nil, (*ecdsa.PrivateKey)(nil), (*rsa.PrivateKey)(nil), ed25519.PrivateKey(nil), hsm{}, &ecdsa.PrivateKey{}} {
		_, err := patch.Seal("t", []byte("x"), key(1), s)
		require.ErrorContains(t, err, "patch: key: ", "%T", s)
	}
	for _, k := range []crypto.PublicKey{nil, (*ecdsa.PublicKey)(nil), &ecdsa.PublicKey{}, &ecdsa.PublicKey{Curve: elliptic.P256()}, (*rsa.PublicKey)(nil), ed25519.PublicKey(nil)} {
		_, err := patch.KeyID(k)
		require.ErrorContains(t, err, "patch: key: ", "%T", k)
		_, err = good.Open("t", patch.Trust{Keys: []crypto.PublicKey{k, key(1).Public()}, Threshold: 1})
		require.ErrorContains(t, err, "patch: key: ", "%T", k)
	}
}

func TestAThresholdCountsKeysAndNotSignatures(t *testing.T) {
	t.Parallel()
	e, err := patch.Seal("t", []byte("x"), key(1), key(2))
	require.NoError(t, err)
	open := func(e patch.Envelope, tr patch.Trust) error { _, err := e.Open("t", tr); return err }
	require.NoError(t, open(e, trust(2, key(1), key(2), key(3))))
	require.ErrorIs(t, open(e, trust(3, key(1), key(2), key(3))), patch.ErrSignature)
	require.ErrorIs(t, open(e, trust(2, key(1), key(1), key(3))), patch.ErrSignature, "one key named twice")
	require.ErrorIs(t, open(e, trust(0, key(1))), patch.ErrSignature)
	require.ErrorIs(t, open(e, trust(-1, key(1))), patch.ErrSignature)
	one := e
	one.Signatures = []patch.Sig{e.Signatures[0], {KeyID: e.Signatures[1].KeyID, Bytes: e.Signatures[0].Bytes}}
	require.ErrorIs(t, open(one, trust(2, key(1), key(2))), patch.ErrSignature, "one signature under two names")
	lying := e
	lying.Signatures = []patch.Sig{{KeyID: "x", Bytes: e.Signatures[1].Bytes}, {KeyID: "x", Bytes: e.Signatures[0].Bytes}}
	require.NoError(t, open(lying, trust(2, key(1), key(2))), "a key id is a hint")
	_, err = e.Open("other", trust(1, key(1)))
	require.ErrorIs(t, err, patch.ErrSignature)
	retyped := e
	retyped.PayloadType = "other"
	_, err = retyped.Open("other", trust(1, key(1)))
	require.ErrorIs(t, err, patch.ErrSignature, "the type is signed too")
}

func TestAnEnvelopeIsReadAsTheSpecificationWritesIt(t *testing.T) {
	t.Parallel()
	e, err := patch.Seal("t/x", []byte{0xfb, 0xff, 0xfe, 1}, key(1))
	require.NoError(t, err)
	text, err := json.Marshal(e)
	require.NoError(t, err)
	read := func(s string) (patch.Envelope, error) { return patch.ReadEnvelope(strings.NewReader(s)) }
	got, err := read(string(text))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(e, got))
	url := strings.Replace(string(text), base64.StdEncoding.EncodeToString(e.Payload), base64.URLEncoding.EncodeToString(e.Payload), 1)
	require.NotEqual(t, url, string(text))
	got, err = read(strings.Replace(url, "{", `{"extension": {"x": 1}, `, 1))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(e, got))
	for _, bad := range []string{
		``, `[]`, `{}`, `{"payloadType":"t","payload":"eA=="}`, `{"payloadType":"t","payload":"eA==","signatures":[]}`,
		`{"payloadType":"t","payload":"e?==","signatures":[{"sig":"eA=="}]}`, `{"payloadType":"t","payload":"eA==","signatures":[{}]}`,
		`{"payloadType":"t","payload":"eA==","signatures":[{"sig":""}]}`, `{"payload":"eA==","signatures":[{"sig":"eA=="}]}`,
		`{"payloadType":"t","payload":"eA==","signatures":[{"sig":"eA=="}]} x`,
		`{"payloadType":"t","payload":"eA==","signatures":[` + strings.Repeat(`{"sig":"eA=="},`, 64) + `{"sig":"eA=="}]}`,
	} {
		_, err := read(bad)
		require.Error(t, err, bad)
	}
	_, err = patch.ReadEnvelope(io.LimitReader(spaces{}, 17<<20))
	require.ErrorContains(t, err, "more than")
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func FuzzReadEnvelope(f *testing.F) {
	e, err := patch.Seal("t/x", []byte("hello"), key(1))
	if err != nil {
		f.Fatal(err)
	}
	text, err := json.Marshal(e)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"payloadType":"t","payload":"-_8","signatures":[{"keyid":"k","sig":"eA=="}]}`)
	f.Fuzz(func(t *testing.T, data string) {
		e, err := patch.ReadEnvelope(strings.NewReader(data))
		if err != nil {
			return
		}
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		again, err := patch.ReadEnvelope(strings.NewReader(string(text)))
		if err != nil || !cmp.Equal(e, again) {
			t.Fatalf("not the same after writing: %v", err)
		}
		body, err := e.Open("t/x", trust(1, key(1)))
		if err == nil && string(body) != "hello" {
			t.Fatal("opened what was never signed")
		}
	})
}

// content is the file that a release carries under name.
func content(name string) []byte { return []byte("bytes of " + name) }

func attach(need string) patch.File {
	_, body := document(need)
	return patch.Attach(need, body)
}

func released() patch.Change { return walked(begun(assess.Serious), patch.Released) }

func draft() patch.Release {
	return patch.Release{
		Product: "pump", Version: "2.2", Sequence: 7, From: []string{"2.0", "2.1"},
		Files:     []patch.File{patch.Attach("pump-2.2.bin", content("pump-2.2.bin")), patch.Attach("fonts.bin", content("fonts.bin"))},
		Documents: []patch.File{attach("change-description"), attach("installation"), attach("rollback"), attach("known-issues")},
		SBOM:      attach("sbom"), VEX: attach("vex"), Performance: attach("performance-result"),
		Interrupted: "The device goes on with 2.1 from the other slot.", Test: "report 12, power cut at 40 places",
	}
}

func release(t testing.TB) patch.Release {
	t.Helper()
	r, err := patch.MakeRelease(draft(), hour(200), released())
	require.NoError(t, err)
	return r
}

func TestARefusedReleaseListsWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := patch.MakeRelease(draft(), hour(200), walked(begun(assess.Serious), patch.Tested))
	var state *patch.StateError
	require.ErrorAs(t, err, &state)
	require.Equal(t, patch.Released, state.To)
	require.NotEmpty(t, state.Missing)
	for _, c := range []struct {
		name string
		do   func(*patch.Release)
		err  string
	}{
		{"no rollback document", func(r *patch.Release) { r.Documents = r.Documents[:2] }, `the document "rollback" is missing`},
		{"no known issues", func(r *patch.Release) { r.Documents = r.Documents[:3] }, `the document "known-issues" is missing`},
		{"another SBOM", func(r *patch.Release) { r.SBOM = patch.Attach("sbom", []byte("x")) }, `"sbom" is missing or not the one`},
		{"no VEX", func(r *patch.Release) { r.VEX = patch.File{} }, `"vex" is missing or not the one`},
		{"no performance", func(r *patch.Release) { r.Performance = patch.File{} }, `"performance-result" is missing`},
		{"no SBOM", func(r *patch.Release) { r.SBOM = patch.File{} }, "empty or has no name"},
		{"another version", func(r *patch.Release) { r.Version = "2.3" }, "is fixed in"},
		{"over other branches", func(r *patch.Release) { r.From = []string{"1.0"} }, "not installed over"},
		{"no sequence", func(r *patch.Release) { r.Sequence = 0 }, "sequence"},
		{"nothing", func(r *patch.Release) { r.Files = nil }, "nothing is installed"},
		{"a file twice", func(r *patch.Release) { r.Files[1] = r.Files[0] }, "named twice"},
		{"one document for two", func(r *patch.Release) { r.Documents[1].Digest = r.Documents[0].Digest }, "are the same"},
		{"an empty file", func(r *patch.Release) { r.Files[0] = patch.Attach("a", nil) }, "is empty"},
		{"nothing of interruptions", func(r *patch.Release) { r.Interrupted = "" }, "interrupted update"},
	} {
		r := draft()
		c.do(&r)
		_, err := patch.MakeRelease(r, hour(200), released())
		require.ErrorContains(t, err, c.err, c.name)
	}
	_, err = patch.MakeRelease(draft(), hour(200))
	require.ErrorContains(t, err, "no change")
	_, err = patch.MakeRelease(draft(), noon, released())
	require.ErrorContains(t, err, "before")
}

func TestASignedReleaseIsOpenedOrRefused(t *testing.T) {
	t.Parallel()
	r := release(t)
	e, err := r.Sign(key(1), key(2))
	require.NoError(t, err)
	got, err := patch.OpenRelease(e, trust(2, key(1), key(2), key(3)))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(r, got))

	var statement map[string]any
	require.NoError(t, json.Unmarshal(e.Payload, &statement))
	require.Equal(t, "https://in-toto.io/Statement/v1", statement["_type"])
	require.Equal(t, "application/vnd.in-toto+json", e.PayloadType)
	first := statement["subject"].([]any)[0].(map[string]any)
	require.Equal(t, r.Files[0].Digest, first["digest"].(map[string]any)["sha256"])

	_, err = patch.OpenRelease(e, trust(2, key(2), key(3)))
	require.ErrorIs(t, err, patch.ErrSignature)
	other := strings.Replace(string(e.Payload), r.Files[0].Digest, r.Files[1].Digest, 1)
	forged, err := patch.Seal(patch.PayloadType, []byte(other), key(1))
	require.NoError(t, err)
	_, err = patch.OpenRelease(forged, trust(1, key(1)))
	require.ErrorContains(t, err, "about other files")
	_, err = patch.OpenDowngrade(e, trust(1, key(1)))
	require.ErrorContains(t, err, "not of", "a release is no downgrade")
	extra := strings.Replace(string(e.Payload), `"sequence":`, `"x":1,"sequence":`, 1)
	forged, err = patch.Seal(patch.PayloadType, []byte(extra), key(1))
	require.NoError(t, err)
	_, err = patch.OpenRelease(forged, trust(1, key(1)))
	require.ErrorContains(t, err, `unknown field "x"`)
}

func open(name string) ([]byte, error) { return content(name), nil }

func downgrade() patch.Downgrade {
	return patch.Downgrade{Product: "pump", From: 9, To: 7, Why: "2.4 resets at night", Proposed: patch.Proposed{By: "lead", At: noon},
		Approved: assess.Approval{By: "safety", At: hour(1), Why: "agreed"}, Expires: hour(100)}
}

func TestAnOlderReleaseIsInstalledOnlyByASignedDowngrade(t *testing.T) {
	t.Parallel()
	r := release(t) // sequence 7
	now := patch.Installed{Product: "pump", Version: "2.4", Sequence: 9, Highest: 9}
	d := downgrade()
	_, err := stage(now, r, nil, hour(2), open)
	require.ErrorIs(t, err, patch.ErrRollback)
	same := now
	same.Sequence, same.Highest = 7, 7
	_, err = stage(same, r, nil, hour(2), open)
	require.ErrorIs(t, err, patch.ErrRollback, "the same again")

	e, err := d.Sign(key(1), key(2))
	require.NoError(t, err)
	_, err = patch.OpenDowngrade(e, trust(3, key(1), key(2), key(3)))
	require.ErrorIs(t, err, patch.ErrSignature)
	d, err = patch.OpenDowngrade(e, trust(2, key(1), key(2)))
	require.NoError(t, err)
	_, err = patch.OpenRelease(e, trust(2, key(1), key(2)))
	require.Error(t, err, "a downgrade is no release")

	for _, c := range []struct {
		name string
		do   func(*patch.Installed, *patch.Downgrade)
		at   time.Time
	}{
		{"expired", func(*patch.Installed, *patch.Downgrade) {}, hour(101)},
		{"not yet", func(*patch.Installed, *patch.Downgrade) {}, hour(0)},
		{"for another device", func(_ *patch.Installed, d *patch.Downgrade) { d.Product = "mixer" }, hour(2)},
		{"from another", func(_ *patch.Installed, d *patch.Downgrade) { d.From = 8 }, hour(2)},
		{"to another", func(_ *patch.Installed, d *patch.Downgrade) { d.To = 6 }, hour(2)},
		{"approved by the proposer", func(_ *patch.Installed, d *patch.Downgrade) { d.Approved.By = "Lead" }, hour(2)},
		{"upward", func(_ *patch.Installed, d *patch.Downgrade) { d.To = 9 }, hour(2)},
		{"for no reason", func(_ *patch.Installed, d *patch.Downgrade) { d.Why = "" }, hour(2)},
	} {
		i, bad := now, d
		c.do(&i, &bad)
		_, err := stage(i, r, &bad, c.at, open)
		require.ErrorIs(t, err, patch.ErrRollback, c.name)
	}
	back, err := stage(now, r, &d, hour(2), open)
	require.NoError(t, err)
	back = back.Ran(false)
	require.Equal(t, patch.Installed{Product: "pump", Version: "2.2", Sequence: 7, Highest: 9}, back)

	between := r
	between.Sequence, between.From = 8, []string{"2.2"}
	_, err = stage(back, between, nil, hour(3), open)
	require.ErrorIs(t, err, patch.ErrRollback, "what was left stays left")
	_, err = stage(back, r, &d, hour(3), open)
	require.ErrorIs(t, err, patch.ErrRollback, "a downgrade works once")
	lower, further := r, d
	lower.Sequence, further.From, further.To = 5, 7, 5
	low, err := stage(back, lower, &further, hour(3), open)
	require.NoError(t, err, "a second downgrade goes further down")
	_, err = stage(low.Ran(false), r, &d, hour(3), open)
	require.ErrorIs(t, err, patch.ErrRollback)
	between.Sequence = 10
	on, err := stage(back, between, nil, hour(3), open)
	require.NoError(t, err)
	require.EqualValues(t, 10, on.Ran(false).Highest)
}

// However often an update is cut off, and wherever: the device goes on with what
// it had, and the next try starts anew.
func TestAnInterruptedUpdateLeavesWhatRan(t *testing.T) {
	t.Parallel()
	r := release(t)
	now := patch.Installed{Product: "pump", Version: "2.1", Sequence: 6, Highest: 6}
	for cut := range r.Files {
		for _, how := range []string{"error", "short", "changed"} {
			read := 0
			i, err := stage(now, r, nil, hour(2), func(name string) ([]byte, error) {
				body := content(name)
				if read++; read-1 == cut {
					switch how {
					case "error":
						return nil, io.ErrUnexpectedEOF
					case "short":
						body = body[:len(body)-1]
					default:
						body[0] ^= 1
					}
				}
				return body, nil
			})
			require.Error(t, err)
			require.Equal(t, now, i)
			require.Equal(t, now, i.Ran(false), "nothing is staged, so nothing runs")
		}
	}
	staged, err := stage(now, r, nil, hour(2), open)
	require.NoError(t, err)
	require.Equal(t, "2.1", staged.Version, "staged is not installed")
	require.Equal(t, now, staged.Ran(true), "it did not come up: back to what ran")
	again, err := stage(staged, r, nil, hour(2), open)
	require.NoError(t, err, "cut off before it ran")
	require.Equal(t, patch.Installed{Product: "pump", Version: "2.2", Sequence: 7, Highest: 7}, again.Ran(false))
	_, err = stage(patch.Installed{Product: "mixer"}, r, nil, hour(2), open)
	require.ErrorContains(t, err, "not for")
	_, err = stage(patch.Installed{Product: "pump", Version: "1.0"}, r, nil, hour(2), open)
	require.ErrorContains(t, err, "not installed over")
}

func TestADeviceNeverGoesBackUnlessItIsToldTo(t *testing.T) {
	t.Parallel()
	base := release(t)
	rapid.Check(t, func(t *rapid.T) {
		i := patch.Installed{Product: "pump", Version: "2.1", Sequence: 3, Highest: 3}
		for range rapid.IntRange(0, 30).Draw(t, "updates") {
			r := base
			r.Sequence, r.From = rapid.Int64Range(1, 12).Draw(t, "sequence"), []string{"2.1", "2.2"}
			var d *patch.Downgrade
			if rapid.IntRange(0, 3).Draw(t, "downgrade") == 0 {
				x := downgrade()
				x.From, x.To = rapid.Int64Range(1, 12).Draw(t, "from"), rapid.Int64Range(1, 12).Draw(t, "to")
				d = &x
			}
			before := i
			next, err := stage(i, r, d, hour(2), open)
			if err == nil && r.Sequence > before.Sequence && r.Sequence <= before.Highest {
				t.Fatal("what was left runs again")
			}
			i = next.Ran(rapid.Bool().Draw(t, "failed"))
			if i.Highest < before.Highest {
				t.Fatal("the highest went down")
			}
			if i.Sequence < before.Sequence && (err != nil || d == nil || d.From != before.Sequence || d.To != i.Sequence) {
				t.Fatal("went back without being told to")
			}
		}
	})
}

func TestAReleaseIsKeptOnceAndSequencesGoUp(t *testing.T) {
	t.Parallel()
	for name, d := range drivers(t) {
		ctx := t.Context()
		l := store.New(d, &store.Options{Now: func() time.Time { return hour(500) }})
		save := func(r patch.Release) error {
			return patch.SaveRelease(ctx, l, store.By{Who: "release", Why: "2.2"}, r)
		}
		r := release(t)
		require.ErrorIs(t, save(r), store.ErrNotFound, "its change is not kept")
		saveLine(t, l)
		require.NoError(t, planned(ctx, l, assess.Serious))
		c := released()
		for i, s := range c.Steps {
			part := c
			part.Steps = c.Steps[:i+1]
			require.NoError(t, patch.SaveChange(ctx, l, store.By{Who: s.By, Why: "work"}, part))
		}
		require.NoError(t, save(r), name)
		require.NoError(t, save(r), "again")
		other := r
		other.Interrupted = "Bricks."
		require.ErrorIs(t, save(other), patch.ErrRewritten)
		other.Sequence = 6
		require.ErrorIs(t, save(other), patch.ErrRollback)
		other.Sequence = 100
		require.NoError(t, save(other))
		other.Sequence = 99
		require.ErrorIs(t, save(other), patch.ErrRollback)
		e, err := r.Sign(key(1))
		require.NoError(t, err)
		keep := func(e patch.Envelope, tr patch.Trust) error {
			return patch.SaveEnvelope(ctx, l, store.By{Who: "release", Why: "signed"}, e, tr)
		}
		require.ErrorIs(t, keep(e, trust(1, key(2))), patch.ErrSignature)
		require.NoError(t, keep(e, trust(1, key(1))))
		first := e
		both, err := r.Sign(key(1), key(2))
		require.NoError(t, err)
		require.NoError(t, keep(both, trust(2, key(1), key(2))), "a second signature")
		signed, _, err := patch.Envelopes.Latest(ctx, l, "release "+r.Key())
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(both, signed.Envelope))
		bricks := r
		bricks.Interrupted = "Bricks."
		e, err = bricks.Sign(key(1))
		require.NoError(t, err)
		require.ErrorIs(t, keep(e, trust(1, key(1))), patch.ErrRewritten)
		bricks.Sequence = 101
		e, err = bricks.Sign(key(1))
		require.NoError(t, err)
		require.ErrorIs(t, keep(e, trust(1, key(1))), store.ErrNotFound)
		require.ErrorIs(t, keep(first, trust(2, key(1), key(2))), patch.ErrSignature)
		require.ErrorIs(t, keep(first, trust(1, key(1))), patch.ErrRewritten, "a signature is not taken away")
		require.ErrorIs(t, keep(both, trust(1, key(1))), patch.ErrSignature, "a signature that nobody can tell from a forged one")
		require.Len(t, signed.Keys, 2)
		require.Equal(t, 2, signed.Threshold)
		e, err = downgrade().Sign(key(1))
		require.NoError(t, err)
		require.Error(t, keep(e, trust(1, key(1))), "a downgrade is kept by what is trusted for downgrades")
		require.NoError(t, patch.SaveDowngrade(ctx, l, store.By{Who: "release", Why: "back"}, e, trust(1, key(1))))
		none := downgrade()
		none.To = 5
		e, err = none.Sign(key(1))
		require.NoError(t, err)
		require.ErrorIs(t, patch.SaveDowngrade(ctx, l, store.By{Who: "release", Why: "back"}, e, trust(1, key(1))), store.ErrNotFound)
		for entry, err := range l.Trail(ctx, 0, store.Name{Kind: "patch.line", Key: "pump"}) {
			require.NoError(t, err)
			require.Contains(t, []string{`{"product":"pump","sequence":7}`, `{"product":"pump","sequence":100}`}, string(entry.Body))
		}
		kept, _, err := patch.Releases.Latest(ctx, l, r.Key())
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(r, kept))
		require.NoError(t, l.Verify(ctx))
	}
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return hour(100) }})
	require.ErrorContains(t, patch.SaveRelease(t.Context(), l, store.By{Who: "x", Why: "y"}, release(t)), "after it is written")
}

// saveLine keeps which products call themselves a pump.
func saveLine(t *testing.T, l *store.Ledger) {
	t.Helper()
	require.NoError(t, l.Do(t.Context(), store.By{Who: "quality", Why: "line"}, func(tx *store.Tx) error {
		return device.Lines.Put(tx, device.Line{ID: "pump", Name: "Pump", Manufacturer: "Maker", Variants: []device.Variant{{Model: "P-2", Products: []string{"pump-2.0", "pump-2.1"}}}})
	}))
}

// What MakeRelease would not have made is not kept either.
func TestOnlyWhatWasApprovedIsKeptAsARelease(t *testing.T) {
	t.Parallel()
	l, c := later(), released()
	require.NoError(t, planned(t.Context(), l, assess.Serious))
	saveSteps(t, l, c)
	save := func(r patch.Release) error {
		return patch.SaveRelease(t.Context(), l, store.By{Who: "release", Why: "2.2"}, r)
	}
	good := release(t)
	require.ErrorContains(t, save(good), `in no line "pump"`)
	saveLine(t, l)
	for _, bad := range []struct {
		name string
		do   func(*patch.Release)
		err  string
	}{
		{"another version", func(r *patch.Release) { r.Version = "9.9" }, "is fixed in"},
		{"over others", func(r *patch.Release) { r.From = []string{"1.0"} }, "not installed over"},
		{"another SBOM", func(r *patch.Release) { r.SBOM = patch.Attach("sbom", []byte("another")) }, `"sbom" is missing or not the one`},
		{"another description", func(r *patch.Release) {
			r.Documents = slices.Clone(r.Documents)
			r.Documents[0] = patch.Attach("change-description", []byte("x"))
		}, `"change-description" is missing or not the one`},
		{"another VEX", func(r *patch.Release) { r.VEX = patch.Attach("vex", []byte("x")) }, `"vex" is missing or not the one`},
		{"no result", func(r *patch.Release) { r.Performance = patch.File{} }, `"performance-result" is missing`},
		{"before it was approved", func(r *patch.Release) { r.At = noon }, "is made before"},
		{"a change twice", func(r *patch.Release) { r.Changes = []string{c.Key(), c.Key()} }, "named twice"},
		{"another device", func(r *patch.Release) { r.Product = "mixer" }, `in no line "mixer"`},
		{"the digest of nothing", func(r *patch.Release) { r.VEX.Digest = patch.Attach("x", nil).Digest }, "is empty"},
	} {
		r := good
		bad.do(&r)
		require.ErrorContains(t, save(r), bad.err, bad.name)
	}
	require.NoError(t, save(good))

	q := twoRemedies("2.3")
	savePlan(t, l, q)
	require.NoError(t, patch.SaveChange(t.Context(), l, store.By{Who: "patch-lead", Why: "w"}, start(q, 1, "2.1", c)))
	good.Sequence = 8
	var state *patch.StateError
	require.ErrorAs(t, save(good), &state, "another has taken the place of its change")
}

func TestEvidenceThatBindsNothingIsNotReleased(t *testing.T) {
	t.Parallel()
	old := released()
	old.Schema = 1
	old.Steps = slices.Clone(old.Steps)
	for i, s := range old.Steps {
		if s.Proof != nil {
			p := *s.Proof
			p.Digest = ""
			old.Steps[i].Proof = &p
		}
	}
	require.NoError(t, old.Check(), "a change of before")
	_, err := patch.MakeRelease(draft(), hour(200), old)
	for _, need := range []string{"change-description", "installation", "rollback", "known-issues", "sbom", "vex", "performance-result"} {
		require.ErrorContains(t, err, "with \""+need+"\" by a link alone")
	}

	c := begun(assess.Serious)
	c, err = c.Do(patch.Step{By: "lead", At: noon, Why: "w", Ask: &patch.Exception{Kind: patch.Waive, Gate: "performance-impact"}})
	require.NoError(t, err)
	c, err = c.Do(patch.Step{By: "quality", At: noon, Why: "w", Grant: "waive performance-impact"})
	require.NoError(t, err)
	for i, s := range steps(c, patch.Released) {
		if s.Proof != nil && s.Proof.Need == "performance-result" || s.Sign != nil && s.Sign.Gate == "performance-impact" {
			continue
		}
		s.At = hour(i)
		c, err = c.Do(s)
		require.NoError(t, err)
	}
	_, err = patch.MakeRelease(draft(), hour(200), c)
	require.ErrorContains(t, err, `"performance-result" is attached, and no change was approved with one`)
	r := draft()
	r.Performance = patch.File{}
	_, err = patch.MakeRelease(r, hour(200), c)
	require.NoError(t, err)
}

func TestAReleaseOfVersionOneStillOpens(t *testing.T) {
	t.Parallel()
	name := filepath.Join("testdata", "release.v1.json")
	if _, err := os.Stat(name); err != nil {
		e, err := release(t).Sign(key(1))
		require.NoError(t, err)
		text, err := json.MarshalIndent(e, "", "  ")
		require.NoError(t, err)
		golden.Equal(t, append(text, '\n'), name)
	}
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	e, err := patch.ReadEnvelope(f)
	require.NoError(t, err)
	kept := patch.Signed{Of: "release " + release(t).Key(), Envelope: e}
	text, err := json.MarshalIndent(kept, "", "  ")
	require.NoError(t, err)
	name = filepath.Join("testdata", "envelope.v1.json")
	if _, err := os.Stat(name); err != nil {
		golden.Equal(t, append(text, '\n'), name)
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, string(want), string(text)+"\n")
	r, err := patch.OpenRelease(e, trust(1, key(1)))
	require.NoError(t, err)
	told := release(t)
	told.Changes = []string{"pump-2.1 cpe:a:wolfssl:wolfssl CVE-2022-25640 @2.1"} // a key of then
	require.Empty(t, cmp.Diff(told, r))
	again, err := r.Sign(key(1))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(e, again))
}

func ExampleRelease_Sign() {
	r, err := patch.MakeRelease(draft(), hour(200), released())
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := r.Sign(key(1), key(2)) // any crypto.Signer
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := patch.OpenRelease(e, trust(2, key(1), key(2)))
	fmt.Println(got.Key(), len(got.Files), err)
	_, err = patch.OpenRelease(e, trust(2, key(1), key(3)))
	fmt.Println(errors.Is(err, patch.ErrSignature), err)
	// Output:
	// pump #000000000007 2 <nil>
	// true patch: not signed by enough trusted keys: 1 of 2
}

func ExampleInstalled_Stage() {
	r, err := patch.MakeRelease(draft(), hour(200), released())
	if err != nil {
		fmt.Println(err)
		return
	}
	device := patch.Installed{Product: "pump", Version: "2.1", Sequence: 6, Highest: 6}
	device, err = stage(device, r, nil, hour(201), open)
	fmt.Println(device.Version, device.Next.Version, err)
	device = device.Ran(false)
	_, err = stage(device, r, nil, hour(202), open)
	fmt.Println(device.Version, err)
	// Output:
	// 2.1 2.2 <nil>
	// 2.2 patch: an older release is not installed: 7 is not above 7
}

func ExampleSeal() {
	e, err := patch.Seal("text/plain", []byte("hello"), key(1)) // any crypto.Signer
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := e.Open("text/plain", trust(1, key(1)))
	fmt.Println(string(body), err)
	e.Payload = []byte("hullo")
	_, err = e.Open("text/plain", trust(1, key(1)))
	fmt.Println(err)
	// Output:
	// hello <nil>
	// patch: not signed by enough trusted keys: 0 of 1
}

func ExampleDowngrade_Sign() {
	e, err := downgrade().Sign(key(1), key(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := patch.OpenDowngrade(e, trust(2, key(1), key(2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := patch.MakeRelease(draft(), hour(200), released()) // sequence 7
	if err != nil {
		fmt.Println(err)
		return
	}
	device := patch.Installed{Product: "pump", Version: "2.4", Sequence: 9, Highest: 9}
	_, err = stage(device, r, nil, hour(2), open)
	fmt.Println(err)
	device, err = stage(device, r, &d, hour(2), open)
	fmt.Println(device.Ran(false).Version, err)
	// Output:
	// patch: an older release is not installed: 7 is not above 9
	// 2.2 <nil>
}

// Open never gives out a payload that too few of the trusted keys have signed,
// whatever signatures are mixed, repeated or cut.
func TestOpenHoldsForEveryMixOfSignatures(t *testing.T) {
	t.Parallel()
	signers := []crypto.Signer{key(1), key(2), key(3), key(4)}
	full, err := patch.Seal("t", []byte("x"), signers...)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		e := patch.Envelope{PayloadType: "t", Payload: []byte("x")}
		signed := map[int]bool{}
		for range rapid.IntRange(0, 8).Draw(t, "signatures") {
			i := rapid.IntRange(0, 3).Draw(t, "signer")
			s := patch.Sig{KeyID: full.Signatures[rapid.IntRange(0, 3).Draw(t, "hint")].KeyID, Bytes: slices.Clone(full.Signatures[i].Bytes)}
			if rapid.Bool().Draw(t, "broken") {
				s.Bytes[rapid.IntRange(0, len(s.Bytes)-1).Draw(t, "byte")] ^= 1
			} else {
				signed[i] = true
			}
			e.Signatures = append(e.Signatures, s)
		}
		trusted := rapid.SliceOfDistinct(rapid.IntRange(0, 3), rapid.ID).Draw(t, "trusted")
		tr, want := patch.Trust{Threshold: rapid.IntRange(-1, 4).Draw(t, "threshold")}, 0
		for _, i := range trusted {
			tr.Keys = append(tr.Keys, signers[i].Public())
			if signed[i] {
				want++
			}
		}
		_, err := e.Open("t", tr)
		if (err == nil) != (tr.Threshold >= 1 && want >= tr.Threshold) {
			t.Fatalf("%d of %d signed: %v", want, tr.Threshold, err)
		}
	})
}

// stageKey signs what the tests stage.
var stageKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// stage stages r, signed, with the downgrade d, signed, unless it is nil.
func stage(i patch.Installed, r patch.Release, d *patch.Downgrade, at time.Time, open func(string) ([]byte, error)) (patch.Installed, error) {
	own := patch.Trust{Keys: []crypto.PublicKey{stageKey.Public()}, Threshold: 1}
	e, err := r.Sign(stageKey)
	if err != nil {
		return i, err
	}
	var down *patch.Envelope
	if d != nil {
		signed, err := d.Sign(stageKey)
		if err != nil {
			return i, fmt.Errorf("%w: %w", patch.ErrRollback, err)
		}
		down = &signed
	}
	return i.Stage(e, down, patch.Trusted{Release: own, Downgrade: own}, at, open)
}

func TestADeviceStagesOnlyWhatIsSignedByWhomItTrusts(t *testing.T) {
	t.Parallel()
	r := release(t)
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	own, foreign := patch.Trust{Keys: []crypto.PublicKey{stageKey.Public()}, Threshold: 1}, patch.Trust{Keys: []crypto.PublicKey{other.Public()}, Threshold: 1}
	e, err := r.Sign(stageKey)
	require.NoError(t, err)
	now := patch.Installed{Product: r.Product, Version: r.From[0], Sequence: r.Sequence - 1, Highest: r.Sequence - 1}
	_, err = now.Stage(e, nil, patch.Trusted{Release: foreign}, hour(2), nil)
	require.ErrorIs(t, err, patch.ErrSignature)
	_, err = now.Stage(e, nil, patch.Trusted{}, hour(2), nil)
	require.ErrorIs(t, err, patch.ErrSignature, "who trusts nobody installs nothing")
	_, err = now.Stage(e, &e, patch.Trusted{Release: own, Downgrade: own}, hour(2), nil)
	require.Error(t, err, "a release is no downgrade")
}
