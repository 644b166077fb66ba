package feeds_test

import (
	"context"
	"fmt"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/kev"
	"github.com/open-postmarket/postmarket/store/memory"
)

// The second sync finds what changed, what is new and what is gone.
func ExampleSync() {
	ctx := context.Background()
	mirror := memory.New()
	for i, folder := range []string{"kev/testdata/before", "kev/testdata/after"} {
		at := time.Date(2025, 9, 1+i, 6, 0, 0, 0, time.UTC)
		synced, err := feeds.Sync(ctx, kev.New(&kev.Options{From: folder}), mirror, &feeds.SyncOptions{At: at})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(synced.Source, "told", synced.Records, "gone", synced.Gone)
	}
	for change, err := range mirror.Changed(ctx, 4) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(change.At.Format(time.DateOnly), change.Item, "gone:", change.Gone)
	}
	// Output:
	// kev told 4 gone 0
	// kev told 4 gone 1
	// 2025-09-02 CVE-2025-48384 gone: false
	// 2025-09-02 CVE-2025-23006 gone: false
	// 2025-09-02 CVE-2017-0144 gone: true
}
