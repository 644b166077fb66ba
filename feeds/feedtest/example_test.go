package feedtest_test

import (
	"context"
	"fmt"
	"os"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
	"github.com/open-postmarket/postmarket/feeds/kev"
	"github.com/open-postmarket/postmarket/store/memory"
)

// A suite brings folders that play the publisher. What it cannot promise has a
// reason.
func ExampleCheck() {
	err := feedtest.Check(context.Background(), feedtest.Suite{
		Name:   "kev",
		Open:   func(p feedtest.Publisher) feeds.Source { return kev.New(&kev.Options{FS: p.FS}) },
		Before: os.DirFS("../kev/testdata/before"), After: os.DirFS("../kev/testdata/after"),
		Bad: os.DirFS("../kev/testdata/bad"), Damaged: []string{"CVE-2020-11023", "CVE-2017-0144"},
		Golden: "../kev/testdata/golden.json",
		Without: map[string]string{
			`"slow down" is obeyed`:      "files do not ask to wait",
			"an endless body is cut":     "shown by its own tests",
			"the name is stable":         "shown by its own tests",
			"a cut-off body is an error": "shown by its own tests",
		},
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleCheckMirror() {
	fmt.Println(feedtest.CheckMirror(context.Background(), func() (feeds.Mirror, error) { return memory.New(), nil }))
	// Output: <nil>
}
