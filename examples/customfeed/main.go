// Command customfeed shows what it takes to write a feed of one's own: feed.go reads
// the bulletins of a house in a format that nobody else has, feed_test.go holds it
// against the promises of feedtest, and this file looks for what they say in a small
// SBOM. It needs no network:
//
//	go run ./examples/customfeed
package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom/read"
	"github.com/open-postmarket/postmarket/store/memory"
)

//go:embed data
var data embed.FS

func main() {
	if err := run(context.Background(), data, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "customfeed:", err)
		os.Exit(1)
	}
}

// run looks into the SBOM device.cdx.json for what the bulletins beside it say.
func run(ctx context.Context, files fs.FS, out io.Writer) error {
	files, err := fs.Sub(files, "data")
	if err != nil {
		return err
	}
	source, mirror := house{files}, memory.New()
	synced, err := feeds.Sync(ctx, source, mirror, &feeds.SyncOptions{At: time.Now().UTC()})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d bulletins, %d that cannot be read\n", synced.Source, synced.Records, len(synced.Rejected))

	document, err := fs.ReadFile(files, "device.cdx.json")
	if err != nil {
		return err
	}
	bom, err := read.Read(bytes.NewReader(document), nil)
	if err != nil {
		return err
	}
	index, err := match.Gather(ctx, mirror, []string{source.Name()}, bom)
	if err != nil {
		return err
	}
	result := index.Find("pump-2.1", bom)
	for _, f := range result.Findings {
		for _, i := range f.Instances {
			fmt.Fprintf(out, "%s affects %s %s: %s (%s)\n", f.Vulnerability, i.Component.Name, i.Component.Version, f.Title, f.Mark)
		}
	}
	for _, c := range result.Coverage {
		fmt.Fprintf(out, "%s: %s by %s\n", c.Component.Name, c.Verdict, c.Source)
	}
	return nil
}
