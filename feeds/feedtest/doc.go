// Package feedtest holds the promises of a feeds.Source and of a feeds.Mirror as
// tests. Whoever writes one runs them and needs no other test of what a source
// or a mirror means.
//
// It owns the [Suite]. It plays the publisher, over HTTP in memory or as files,
// honest and failing. It does not test how fast a source is, nor whether what it
// decodes is true: the golden file is read by a person.
//
//	func TestPromises(t *testing.T) {
//		feedtest.Run(t, feedtest.Suite{
//			Name:   "bulletins",
//			URL:    "https://publisher.example/bulletins.json",
//			Open:   func(p feedtest.Publisher) feeds.Source { return bulletins.New(p.URL, p.Client) },
//			Before: os.DirFS("testdata/before"), After: os.DirFS("testdata/after"),
//			Bad:    os.DirFS("testdata/bad"), Damaged: []string{"B-2"},
//			Golden: "testdata/golden.json",
//		})
//	}
package feedtest
