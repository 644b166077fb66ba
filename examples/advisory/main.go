// Command advisory goes from a finding to everything a customer is told, without
// network and configuration: an invented pump, matched against an invented record,
// assessed, planned, drafted over the whole fleet, signed off by roles, released,
// sent, and asked of a facility's inventory.
//
//	advisory [-out DIR]
//
// It writes CSAF, CSAF VEX, CycloneDX VEX, OpenVEX and the letter in HTML, Markdown
// and PDF into DIR (./advisory-out unless told otherwise), with an index.html, the
// sources of every sentence, the clocks, the deliveries and the answers for the
// inventory; and a preview of the same as a field safety notice for the European
// Union. All of it is a DEMONSTRATION.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	_ "time/tzdata" // the maker's time zone must be there on every machine
)

func main() {
	out := flag.String("out", "advisory-out", "write into this `folder`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, os.Stdout); err != nil {
		stop()
		fmt.Fprintf(os.Stderr, "advisory: %v\n", err)
		os.Exit(1)
	}
}

// run is the whole way.
func run(ctx context.Context, out string, print io.Writer) error {
	w := newWalk(ctx, out, print)
	for _, step := range []func() error{w.field, w.judge, w.plan, w.write, w.release, w.send, w.receive, w.abroad, w.index} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
