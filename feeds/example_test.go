package feeds_test

import (
	"context"
	"fmt"
	"testing/fstest"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/kev"
	"github.com/open-postmarket/postmarket/feeds/nvd"
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

// A file that cannot be read is put in quarantine and the others are kept; once it
// is mended, a reading of all that there is lets it go.
func ExampleSync_quarantine() {
	ctx := context.Background()
	mirror := memory.New()
	files := fstest.MapFS{
		"CVE-2024-0001.json": {Data: []byte(`{"id": "CVE-2024-0001", "vulnStatus": "Analyzed"}`)},
		"CVE-2024-0002.json": {Data: []byte(`{"id": "CVE-2024-0002", "vulnSta`)},
	}
	for day := range 2 {
		at := time.Date(2026, 3, 29+day, 6, 0, 0, 0, time.UTC)
		synced, err := feeds.Sync(ctx, nvd.New(&nvd.Options{FS: files}), mirror, &feeds.SyncOptions{At: at})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(synced.Records, "records, partial:", synced.Partial(), "mended:", synced.Mended)
		for bad, err := range mirror.Quarantine(ctx, "nvd") {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(bad.At.Format(time.DateOnly), bad.Item, "|", bad.Why)
		}
		files["CVE-2024-0002.json"].Data = []byte(`{"id": "CVE-2024-0002", "vulnStatus": "Analyzed"}`)
	}
	// Output:
	// 1 records, partial: true mended: 0
	// 2026-03-29 CVE-2024-0002.json | at byte 24: unexpected EOF
	// 2 records, partial: false mended: 1
}
