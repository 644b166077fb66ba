// Command scan holds SBOMs against feeds and says what affects which component,
// and for every component whether it was looked at all.
//
//	scan [-feed kind=path]... [-vex FILE]... [-db FILE] [-format table|json|cyclonedx|openvex] SBOM...
//
// The kinds of feed are csaf, cve, epss, kev, manual, nvd, osv and stix; a path is a file or a folder. A flag
// may repeat, also with one kind: several paths of one kind are one feed. With -db
// the feeds are kept in that SQLite file. Kinds that are not given count as it holds
// them from earlier runs; of a kind that is given, what its paths no longer tell is
// gone. Progress and complaints go to the standard error.
//
// VEX documents, in CycloneDX, OpenVEX or CSAF, and what an SBOM itself states of patches, compiled files and
// exploitability, hide what they clear: it stays in the output, with who says so. What such a statement says and
// the SBOM cannot be held against is told on the standard error. The formats
// cyclonedx and openvex are VEX documents: what is not cleared stands as under investigation,
// because that a product is affected is for its maker to say.
//
// The status is 0 when everything was read, whatever was found, and 2 when an
// SBOM or a feed could not be; the rest is done all the same.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/open-postmarket/postmarket/examples/internal/feedflag"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/read"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/sqlite"
	"github.com/open-postmarket/postmarket/vex"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

const (
	fine       = 0
	incomplete = 2
)

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	paths := feedflag.Paths{}
	flags := flag.NewFlagSet("scan", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Var(paths, "feed", "a feed as `kind=path`; may repeat")
	var documents files
	flags.Var(&documents, "vex", "a VEX document as a `file`; may repeat")
	db := flags.String("db", "", "keep the feeds in this SQLite `file`")
	format := flags.String("format", "table", "how to print: table, json, cyclonedx or openvex (VEX)")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: scan [-feed kind=path]... [-vex FILE]... [-db FILE] [-format table|json|cyclonedx|openvex] SBOM...")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return fine
		}
		return incomplete
	}
	print := map[string]func(io.Writer, report) error{
		"table": table, "json": document, "cyclonedx": cyclonedxVEX, "openvex": openVEX,
	}[*format]
	switch {
	case print == nil:
		fmt.Fprintf(stderr, "scan: %q is no format (there are table, json, cyclonedx, openvex)\n", *format)
		return incomplete
	case flags.NArg() == 0:
		flags.Usage()
		return incomplete
	case len(paths) == 0 && *db == "":
		fmt.Fprintln(stderr, "scan: no -feed and no -db: there is nothing to hold the SBOMs against")
		return incomplete
	}
	s := scan{ctx: ctx, stderr: stderr, status: fine}
	docs, err := s.documents(documents)
	if err != nil {
		return incomplete
	}
	r, err := s.all(paths, *db, docs, flags.Args())
	if err != nil {
		s.complain("%v", err)
		s.status = incomplete
		for _, file := range flags.Args()[len(r.looked):] {
			r.looked = append(r.looked, looked{file: file, err: err})
		}
	}
	if *format == "cyclonedx" || *format == "openvex" {
		s.remarks(r)
	}
	if err := print(stdout, r); err != nil {
		s.complain("%v", err)
		return incomplete
	}
	return s.status
}

// scan is one run.
type scan struct {
	ctx    context.Context
	stderr io.Writer
	status int
}

func (s *scan) complain(format string, args ...any) {
	fmt.Fprintf(s.stderr, "scan: "+format+"\n", args...)
}

// mirror is a feeds.Mirror that is closed at the end.
type mirror interface {
	feeds.Mirror
	io.Closer
}

// documents reads the VEX documents. One that cannot be read ends the run: what it
// clears would be told as if nobody had looked at it.
func (s *scan) documents(files []string) ([]vex.Document, error) {
	var out []vex.Document
	var errs []error
	for _, file := range files {
		doc, err := readVEX(file)
		if err != nil {
			s.complain("-vex: %v", err)
		}
		errs = append(errs, err)
		out = append(out, doc)
	}
	return out, errors.Join(errs...)
}

func (s *scan) all(paths feedflag.Paths, db string, docs []vex.Document, files []string) (r report, err error) {
	var m mirror = memory.New()
	if db != "" {
		if m, err = sqlite.Open(db); err != nil {
			return report{}, fmt.Errorf("-db: %w", err)
		}
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	if err := s.sync(paths.Sources(), m); err != nil {
		return report{}, err
	}
	bases, err := s.bases(paths, m)
	if err != nil {
		return report{}, err
	}
	var boms []sbom.BOM
	for _, file := range files {
		bom, err := read.File(file, nil)
		one := looked{file: file, bom: bom, err: err}
		if err != nil {
			s.complain("%v", err)
			s.status = incomplete
		} else {
			boms = append(boms, bom)
		}
		r.looked = append(r.looked, one)
	}
	index, err := match.Gather(s.ctx, m, bases, boms...)
	if err != nil {
		return report{}, err
	}
	for i := range r.looked {
		if r.looked[i].err == nil {
			r.looked[i].result = index.Find(r.looked[i].file, r.looked[i].bom)
			s.decide(&r.looked[i], docs)
			fmt.Fprintf(s.stderr, "%s: %d components\n", r.looked[i].file, len(r.looked[i].bom.Components))
		}
	}
	return r, nil
}

// sync reads every feed. One that fails is complained of, and what it told so
// far counts.
func (s *scan) sync(sources []feeds.Source, m mirror) error {
	for _, source := range sources {
		last := 0
		done, err := feeds.Sync(s.ctx, source, m, &feeds.SyncOptions{At: time.Now(), Progress: func(p feeds.Progress) {
			if p.Records >= last+10_000 {
				last = p.Records
				fmt.Fprintf(s.stderr, "%s: %d records\n", p.Source, p.Records)
			}
		}})
		for _, bad := range done.Rejected {
			s.complain("quarantined: %v", bad)
		}
		if s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		if err != nil {
			s.complain("%v", err)
			s.status = incomplete
		}
		fmt.Fprintf(s.stderr, "%s: %d records read, %d quarantined, %d gone\n", source.Name(), done.Records, len(done.Rejected), done.Gone)
	}
	return nil
}

// bases names the sources that can say that something is affected: those given,
// and those the mirror holds from earlier runs.
func (s *scan) bases(paths feedflag.Paths, m mirror) ([]string, error) {
	var out []string
	for _, kind := range feedflag.Kinds() {
		source := feedflag.Of(kind)
		standing, err := m.Standing(s.ctx, source.Name())
		if err != nil {
			return nil, err
		}
		if feeds.Matches(source) && (len(paths[kind]) > 0 || standing.Records > 0) {
			out = append(out, source.Name())
		}
	}
	return out, nil
}
