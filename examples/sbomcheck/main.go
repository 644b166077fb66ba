// Command sbomcheck reads SBOMs and says of each what it is, how many
// components it has and how many of them can be matched, and whether it is
// valid by the specification it names.
//
//	sbomcheck [-format table|json|md] FILE...
//
// A file may be CycloneDX or SPDX in any form that is read, wrapped in an
// attestation or not. What is valid is said by read.Check: CycloneDX is judged by
// the rules of its schemas, SPDX 2 by a table of rules of its own, SPDX 3 by its form. Components
// are counted nested ones included, without the root; one can be matched when it has a
// purl or a CPE that names a product and states a version that is one. With md each file gets its
// quality report too.
//
// The status is 0 when every file was read and is valid, whatever its quality;
// 1 when one was read that is not valid; 2 when one is not an SBOM or could
// not be read, and when the command line is wrong. Every file is looked at.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/read"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const (
	fine    = 0
	invalid = 1
	failed  = 2
)

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("sbomcheck", flag.ContinueOnError)
	flags.SetOutput(stderr)
	format := flags.String("format", "table", "how to print: table, json or md")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: sbomcheck [-format table|json|md] FILE...")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return fine
		}
		return failed
	}
	print := map[string]func(io.Writer, []row) error{"table": table, "json": list, "md": page}[*format]
	switch {
	case print == nil:
		fmt.Fprintf(stderr, "sbomcheck: %q is no format (there are table, json, md)\n", *format)
		return failed
	case flags.NArg() == 0:
		flags.Usage()
		return failed
	}
	status := fine
	var rows []row
	for _, file := range flags.Args() {
		r := look(file)
		switch {
		case r.Error != "":
			fmt.Fprintf(stderr, "sbomcheck: %s: %s\n", file, r.Error)
			status = failed
		case !r.Valid:
			status = max(status, invalid)
		}
		rows = append(rows, r)
	}
	if err := print(stdout, rows); err != nil {
		fmt.Fprintf(stderr, "sbomcheck: %v\n", err)
		return failed
	}
	return status
}

// A row is what is said of one file.
type row struct {
	File       string           `json:"file"`
	Format     sbom.Format      `json:"format"`
	Spec       string           `json:"spec"`
	Components int              `json:"components"`
	Matchable  int              `json:"matchable"`
	Valid      bool             `json:"valid"`
	Problems   []read.Violation `json:"problems"`
	Error      string           `json:"error"` // why it was not read
	quality    sbom.QualityReport
}

// reading is the rule of what the reader of CycloneDX found odd. It makes no
// document invalid.
const reading = "reading"

// look reads and judges one file.
func look(file string) row {
	r := row{File: file, Problems: []read.Violation{}}
	fail := func(err error) row {
		r.Error = strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), file+": ")), " ")
		return r
	}
	data, err := load(file)
	if err != nil {
		return fail(err)
	}
	bom, err := read.Read(bytes.NewReader(data), nil)
	if err != nil {
		// One that is refused for what it calls itself is judged all the same.
		if found, unread := read.Check(bytes.NewReader(data), nil); unread == nil {
			r.Problems = append(r.Problems, found...)
		}
		return fail(err)
	}
	found, err := read.Check(bytes.NewReader(data), nil)
	if err != nil { // read by the tolerance of its reader alone
		found = []read.Violation{{Rule: "syntax", Message: err.Error()}}
	}
	r.Format, r.Spec, r.Components = bom.Format, bom.Spec, len(bom.Components)
	r.Valid = len(found) == 0
	r.Problems = append(r.Problems, found...)
	for _, p := range bom.Problems {
		if !strings.HasPrefix(string(bom.Format), "spdx") {
			r.Problems = append(r.Problems, read.Violation{Path: p.Path, Rule: reading, Message: p.Message})
		}
	}
	if r.quality, err = sbom.Quality(bom, nil); err != nil {
		return fail(err)
	}
	r.Matchable = r.quality.Matchable.Have
	return r
}

// load reads a file, but no more of it than is read as an SBOM.
func load(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, read.MaxBytes+1))
}
