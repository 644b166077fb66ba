package threat_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess/threat"
)

func files(t testing.TB) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	for _, name := range []string{threat.AIFile, threat.HarmFile, threat.RansomwareFile} {
		body, err := os.ReadFile(name)
		require.NoError(t, err)
		out[name] = &fstest.MapFile{Data: body}
	}
	return out
}

func TestTheDefaultTableHolds(t *testing.T) {
	t.Parallel()
	own, err := threat.Default()
	require.NoError(t, err)
	again, err := threat.Load(files(t))
	require.NoError(t, err)
	require.Equal(t, own.Digest(), again.Digest())
	require.Len(t, own.Digest(), 64)
}

func TestAnotherTableTakesItsPlace(t *testing.T) {
	t.Parallel()
	f := files(t)
	f[threat.RansomwareFile].Data = []byte(strings.Replace(string(f[threat.RansomwareFile].Data), `"months": 12`, `"months": 1`, 1))
	own, err := threat.Load(f)
	require.NoError(t, err)
	std, err := threat.Default()
	require.NoError(t, err)
	require.NotEqual(t, std.Digest(), own.Digest())
	r, err := threat.Ransomware(ready(), nil, own, noon)
	require.NoError(t, err)
	require.Len(t, r.Gaps, 1)
	require.Equal(t, threat.TooOld, r.Gaps[0].State)
	require.Equal(t, own.Digest(), r.Table)
}

// TestEveryFaultOfATableIsTold plants one fault at a time.
func TestEveryFaultOfATableIsTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, from, to, want string }{
		{threat.AIFile, `"weaknesses"`, `"weakness"`, "unknown field"},
		{threat.AIFile, `"effect": "steered"`, `"effect": "bent"`, `effect "bent" is not known`},
		{threat.AIFile, `"when": "generative"`, `"when": "creative"`, `condition "creative" is not known`},
		{threat.AIFile, `"cite": "ours"`, `"cite": "theirs"`, `citation "theirs" is not known`},
		{threat.AIFile, `"cite": "pccp"`, `"cite": "x"`, `ask poisoning-again: citation "x" is not known`},
		{threat.AIFile, `"ids": ["AML.T0020", "AML.T0019"`, `"ids": ["AML.T9999", "AML.T0019"`, `id "AML.T9999" is in no list`},
		{threat.AIFile, `"ids": ["ML01:2023"`, `"ids": ["ML01:2023", "LLM99:2025"`, `"LLM99:2025" is not of that system`},
		{threat.AIFile, `"ids": ["ML01:2023"`, `"ids": ["ML01:2023", "ML02:2023"`, `"ML02:2023" is not of that system, or there twice`},
		{threat.AIFile, `"ids": ["ML09:2023"],`, `"ids": [],`, "there is no id"},
		{threat.AIFile, `"card": ["hashes"]`, `"card": ["digest"]`, `field "digest" of a card is not known`},
		{threat.AIFile, `"id": "tampering"`, `"id": "poisoning"`, `id "poisoning" is empty or there twice`},
		{threat.AIFile, `"id": "evasion-reach"`, `"id": "evasion-tried"`, `there twice`},
		{threat.AIFile, `"id": "evasion-reach"`, `"id": "acts"`, `has the id of a condition`},
		{threat.AIFile, `"summarization"`, `"Summarization!"`, "is not in plain lower-case words"},
		{threat.AIFile, `"force": "guidance"`, `"force": "wish"`, `force "wish" is not known`},
		{threat.AIFile, `"about": "What to look for`, `"about": "", "abouT": "`, `field "abouT" is not known`},
		{threat.HarmFile, `"effect": "absent", "function": "monitoring", "harm": "critical"`, `"effect": "absent", "function": "triage", "harm": "critical"`, "harm absent × monitoring is there 0 times"},
		{threat.HarmFile, `"harm": "catastrophic"`, `"harm": "bad"`, "a word is not known"},
		{threat.HarmFile, `"id": "triage"`, `"id": "sorting"`, `function "sorting" is not known`},
		{threat.HarmFile, `"at_least": "serious"`, `"at_least": ""`, `essential: harm "" is not known`},
		{threat.HarmFile, `"effects": ["steered", "acted"`, `"effects": ["bent", "acted"`, `essential: effect "bent" is not known`},
		{threat.HarmFile, `"kind": "workflow"`, `"kind": "work"`, `kind "work"`},
		{threat.HarmFile, `"clause": "4.3 and`, `"clause": "", "x": "`, "unknown field"},
		{threat.RansomwareFile, `"effect": "absent"`, `"effect": "gone"`, `effect "gone" is not known`},
		{threat.RansomwareFile, `"to": "high"`, `"to": "sky"`, `level "sky" is not known`},
		{threat.RansomwareFile, `"kind": "at-most"`, `"kind": "about"`, `kind "about" is not known`},
		{threat.RansomwareFile, `"kind": "done", "months": 12`, `"kind": "done"`, "months 0 do not go with kind"},
		{threat.RansomwareFile, `"id": "keys", "kind": "yes"`, `"id": "keys", "kind": "yes", "months": 3`, "months 3 do not go with kind"},
		{threat.RansomwareFile, `"id": "media"`, `"id": "keys"`, `"keys" is empty or there twice`},
		{threat.RansomwareFile, `"certainty": "memory"`, `"certainty": "sure"`, `certainty "sure" is not known`},
	} {
		f := files(t)
		text := string(f[c.file].Data)
		require.Contains(t, text, c.from)
		f[c.file].Data = []byte(strings.Replace(text, c.from, c.to, 1))
		_, err := threat.Load(f)
		require.ErrorContains(t, err, c.want, "%s → %s", c.from, c.to)
		require.ErrorContains(t, err, c.file)
	}
	_, err := threat.Load(fstest.MapFS{})
	for _, name := range []string{threat.AIFile, threat.HarmFile, threat.RansomwareFile} {
		require.ErrorContains(t, err, name, "all are told")
	}
}

// TestHarmsOfTheDefaultTableAreInOrder: that somebody chooses a wrong output is no
// less harm than that nobody does, and losing data is no patient harm (FDA,
// Postmarket Management of Cybersecurity in Medical Devices, IV.F).
func TestHarmsOfTheDefaultTableAreInOrder(t *testing.T) {
	t.Parallel()
	for _, f := range threat.Functions() {
		r := ai(t, "scribe", threat.Facts{Uses: []threat.Use{{Function: f}}, Answers: []threat.Answer{yes("acts")}})
		harm := func(weakness string) int { return rank(look(t, r, weakness).Harms[0].Harm) }
		require.GreaterOrEqual(t, harm("evasion"), harm("drift"), f)
		require.GreaterOrEqual(t, harm("agency"), harm("drift"), f)
		require.GreaterOrEqual(t, harm("evasion"), harm("denial"), f)
		require.Zero(t, harm("membership"), f)
	}
}

// TestSourcesSayHowSureTheyAre: nothing of the default table is marked as read
// but the ids of the three lists.
func TestSourcesSayHowSureTheyAre(t *testing.T) {
	t.Parallel()
	for name, f := range files(t) {
		var read int
		var walk func(v any)
		walk = func(v any) {
			switch v := v.(type) {
			case map[string]any:
				if v["certainty"] == "verified" {
					read++
				}
				for _, one := range v {
					walk(one)
				}
			case []any:
				for _, one := range v {
					walk(one)
				}
			}
		}
		var all any
		require.NoError(t, json.Unmarshal(f.Data, &all))
		walk(all)
		require.Equal(t, map[string]int{threat.AIFile: 3}[name], read, name)
	}
}
