// Command quickstart walks one device through the house, without network and
// without configuration: a real component list, held against embedded records,
// assessed for patients, planned, told to customers, fixed and rolled out, and kept
// in a ledger.
//
//	quickstart [-out DIR] [-db FILE]
//
// Two findings go all the way. The uncontrolled one has a compensating control that
// some hospitals have and one has not, and then a patch: both pass every gate of
// change control, the patch is released with a signed record and brought to six
// devices of three customers, of which one is not heard of. The controlled one is
// accepted, with what would open it again. At the end the walk of each is printed as
// the ledger tells it, one act a line.
//
// It writes findings.json, assessments.json, advisory/, evidence/ (every document
// that change control rests on), summary/ (the risk of each of the two, for an
// auditor) and ledger.jsonl into DIR (./quickstart-out unless told otherwise). With
// -db the ledger and the records are kept in that SQLite file: a second run with it
// adds nothing twice, tells what changed meanwhile as a new revision of the advisory,
// and goes on where one was interrupted.
package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"time"
	_ "time/tzdata" // the maker's time zone must be there on every machine
)

//go:embed data
var embedded embed.FS

func main() {
	out := flag.String("out", "quickstart-out", "write into this `folder`")
	db := flag.String("db", "", "keep ledger and records in this SQLite `file`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := start(ctx, *out, *db, os.Stdout); err != nil {
		stop()
		fmt.Fprintf(os.Stderr, "quickstart: %v\n", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, out, db string, print io.Writer) error {
	data, err := fs.Sub(embedded, "data")
	if err != nil {
		return err
	}
	return walk(ctx, options{out: out, store: keep(db), data: data, now: time.Now, print: print})
}
