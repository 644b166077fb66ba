package stix_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/stix"
)

const (
	white  = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
	green  = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
	amber1 = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
	strict = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
	red    = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
	own    = "marking-definition--11111111-1111-4111-8111-111111111111"
)

func read(t *testing.T, doc string) stix.Object {
	t.Helper()
	o, err := stix.Read([]byte(doc))
	require.NoError(t, err)
	return o
}

func definition(id, rest string) string {
	return fmt.Sprintf(`{"type":"marking-definition","spec_version":"2.1","id":%q,"created":"2026-01-01T00:00:00Z"%s}`, id, rest)
}

func marked(refs ...string) string {
	list, _ := json.Marshal(refs)
	return fmt.Sprintf(`{"type":"vulnerability","spec_version":"2.1","id":"vulnerability--1","modified":"2026-01-01T00:00:00Z","object_marking_refs":%s}`, list)
}

func TestTheStrictestMarkingWins(t *testing.T) {
	t.Parallel()
	extension := func(label string) string {
		return `,"extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"` + label + `"}}`
	}
	for name, c := range map[string]struct {
		refs     []string
		defined  []string
		want     stix.Label
		unknown  []string
		unmarked bool
	}{
		"none":                         {unmarked: true},
		"white of TLP 1.0 is CLEAR":    {refs: []string{white}, want: stix.Clear},
		"labels of both versions":      {refs: []string{green, amber1}, want: stix.Amber},
		"AMBER+STRICT is above AMBER":  {refs: []string{strict, amber1}, want: stix.AmberStrict},
		"RED is above all":             {refs: []string{red, strict, white}, want: stix.Red},
		"a definition that is nowhere": {refs: []string{white, own}, want: stix.Red, unknown: []string{own}},
		"what is no definition":        {refs: []string{""}, want: stix.Red, unknown: []string{""}},
		"a statement is no label": {refs: []string{own}, unmarked: true,
			defined: []string{definition(own, `,"definition_type":"statement","definition":{"statement":"Copyright"}`)}},
		"a definition of the publisher's own": {refs: []string{own}, want: stix.Amber,
			defined: []string{definition(own, `,"definition_type":"tlp","definition":{"tlp":"amber"}`)}},
		"an extension of the publisher's own": {refs: []string{own}, want: stix.AmberStrict,
			defined: []string{definition(own, extension("amber+strict"))}},
		"a type of marking that is not known": {refs: []string{green, own}, want: stix.Red, unknown: []string{own},
			defined: []string{definition(own, `,"definition_type":"PAP","definition":{"PAP":"white"}`)}},
		"a label that is not known": {refs: []string{own}, want: stix.Red, unknown: []string{own},
			defined: []string{definition(own, extension("mauve"))}},
		"an extension that is not known beside a label": {refs: []string{own}, want: stix.Red, unknown: []string{own},
			defined: []string{definition(own, `,"definition_type":"tlp","definition":{"tlp":"white"},"extensions":{"x":{}}`)}},
		"a definition that says nothing": {refs: []string{own}, want: stix.Red, unknown: []string{own}, defined: []string{definition(own, "")}},
		"what is fixed is not lowered": {refs: []string{red}, want: stix.Red,
			defined: []string{definition(red, `,"definition_type":"tlp","definition":{"tlp":"white"}`)}},
		"what is fixed may be said more strictly": {refs: []string{white}, want: stix.Red, defined: []string{definition(white, extension("red"))}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var g stix.Graph
			for _, d := range c.defined {
				g.Add(read(t, d))
			}
			m := g.Marking(read(t, marked(c.refs...)))
			require.Equal(t, stix.Marking{Whole: c.want, Unknown: c.unknown}, m)
			require.Equal(t, c.unmarked, !m.Said())
		})
	}
}

func TestPartsAreMarkedApart(t *testing.T) {
	t.Parallel()
	var g stix.Graph
	m := g.Marking(read(t, `{"type":"note","spec_version":"2.1","id":"note--1","modified":"2026-01-01T00:00:00Z","object_marking_refs":["`+green+`"],
		"granular_markings":[{"lang":"de","selectors":["content"]},{"marking_ref":"`+amber1+`","selectors":["content"]},{"marking_ref":"`+own+`","selectors":["abstract"]}]}`))
	require.Equal(t, stix.Marking{Whole: stix.Green, Parts: stix.Red, Unknown: []string{own}}, m)
}

func TestTheNewestVersionIsHeld(t *testing.T) {
	t.Parallel()
	version := func(name, modified string) stix.Object {
		return read(t, fmt.Sprintf(`{"type":"vulnerability","spec_version":"2.1","id":"vulnerability--1","name":%q,"modified":%q}`, name, modified))
	}
	name := func(g *stix.Graph) string { return g.Get("vulnerability--1").(*stix.Vulnerability).Name }
	var g stix.Graph
	g.Add(version("second", "2026-02-01T00:00:00Z"))
	g.Add(version("first", "2026-01-01T00:00:00Z"))
	require.Equal(t, "second", name(&g))
	g.Add(version("second again", "2026-02-01T00:00:00.000Z"))
	require.Equal(t, "second again", name(&g))
	g.Add(version("third", "2026-02-01T00:00:00.001Z"))
	require.Equal(t, "third", name(&g))
	g.Add(read(t, `{"type":"indicator","id":"indicator--1"}`))
	g.Add(read(t, `{"type":"software","id":"software--1","name":"a"}`))
	g.Add(read(t, `{"type":"software","id":"software--1","name":"b"}`))
	require.Equal(t, "b", g.Get("software--1").(*stix.Software).Name)
	require.Equal(t, 2, g.Len())
	require.Len(t, slices.Collect(g.All()), 2)
	require.Nil(t, g.Get("indicator--1"))
	for range g.All() {
		break
	}
}

func TestWhatIsNotNeededDoesNoHarmAndWhatDoesNotFitIsSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ doc, want string }{
		"an unknown type, whatever it holds": {`{"type":"x-acme","id":7.5e3,"modified":"never"}`, ""},
		"an unknown type":                    {`{"type":"x-acme","id":"x-acme--1","modified":"never","name":[1]}`, ""},
		"a pattern":                          {`{"type":"indicator","id":"indicator--1","pattern":"[a:b='c']"}`, ""},
		"no type":                            {`{"id":"vulnerability--1"}`, "without a type"},
		"no object":                          {`[]`, "cannot unmarshal array"},
		"null":                               {`null`, "without a type"},
		"an id of another type":              {`{"type":"vulnerability","spec_version":"2.1","id":"report--1"}`, `the id "report--1" is none of a vulnerability`},
		"no id":                              {`{"type":"vulnerability","spec_version":"2.1"}`, `the id "" is none`},
		"STIX 2.0":                           {`{"type":"vulnerability","id":"vulnerability--1","modified":"2026-01-01T00:00:00Z"}`, "STIX 2.0 or older"},
		"STIX 2.0 that says so":              {`{"type":"vulnerability","spec_version":"2.0","id":"vulnerability--1","modified":"2026-01-01T00:00:00Z"}`, `spec_version "2.0" is not read`},
		"another STIX":                       {`{"type":"note","spec_version":"3.0","id":"note--1","modified":"2026-01-01T00:00:00Z"}`, `spec_version "3.0" is not read`},
		"STIX 2.0 of another shape":          {`{"type":"report","id":"report--1","name":["a"]}`, "STIX 2.0 or older"},
		"a property of another type":         {`{"type":"report","spec_version":"2.1","id":"report--1","name":["a"]}`, "cannot unmarshal array"},
		"a date that is none":                {`{"type":"note","spec_version":"2.1","id":"note--1","modified":"May"}`, "parsing time"},
		"no modified":                        {`{"type":"note","spec_version":"2.1","id":"note--1"}`, "no modified"},
		"the year 10000":                     {`{"type":"note","spec_version":"2.1","id":"note--1","modified":"9999-12-31T23:59:59-01:00"}`, "a date in the year 10000"},
		"a software says no version of STIX": {`{"type":"software","id":"software--1","name":"a"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := stix.Read([]byte(c.doc))
			require.NotNil(t, o)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.IsType(t, &stix.Other{}, o)
			if strings.Contains(c.want, "spec_version") || strings.Contains(c.want, "STIX 2.0") {
				var version *stix.VersionError
				require.ErrorAs(t, err, &version)
			}
		})
	}
}

func TestEveryTypeThatIsReadHasItsStruct(t *testing.T) {
	t.Parallel()
	for _, kind := range stix.Types() {
		o := read(t, fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":"%s--1","modified":"2026-01-01T00:00:00Z"}`, kind, kind))
		_, other := o.(*stix.Other)
		require.False(t, other, kind)
		require.Equal(t, kind, o.Head().Type)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(marked(red, own)))
	f.Add([]byte(definition(own, `,"definition_type":"tlp","definition":{"tlp":"amber"}`)))
	f.Add([]byte(`{"type":"software","id":"software--1","name":"a","extensions":{"x":null}}`))
	f.Add([]byte(`{"type":"report","spec_version":"2.1","id":"report--1","modified":"9999-12-31T23:59:59-23:59","object_refs":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := stix.Read(raw)
		if o == nil {
			t.Fatal("no object")
		}
		if _, other := o.(*stix.Other); err != nil && !other {
			t.Fatal("an object that does not fit is handed out")
		}
		var g stix.Graph
		g.Add(o)
		m := g.Marking(o)
		if len(m.Unknown) > 0 && m.Whole != stix.Red && m.Parts != stix.Red {
			t.Fatalf("%+v: a marking that is not known is not RED", m)
		}
	})
}
