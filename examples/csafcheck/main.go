// Command csafcheck says of each file whether it is a valid CSAF 2.0 document.
//
//	csafcheck [-preset basic|extended] [-explain] FILE...
//
// It prints one line a file: the file, a tab, "valid", "invalid" or
// "unreadable", a tab, and the tests that failed, separated by commas. Under
// basic these are "schema" and the mandatory tests 6.1; under extended the
// optional tests 6.2 are judged too, and one that fails is listed but makes
// nothing invalid. With -explain each failure is told on the standard error, with
// its JSON pointer. Only the content is judged, never the file's name.
//
// A file is unreadable when it cannot be opened or is no JSON: empty, cut off, too
// large, not UTF-8, nested too deeply, followed by something else. The standard
// error says why. JSON of any kind is judged, and so is a document of another
// version: it is no valid CSAF 2.0 document.
//
// The status is 0 when all files are valid, 1 when one is invalid, 2 when one is
// unreadable or the command line is wrong. Every file is looked at.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/open-postmarket/postmarket/csaf"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const (
	fine    = 0
	invalid = 1
	failed  = 2
)

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("csafcheck", flag.ContinueOnError)
	flags.SetOutput(stderr)
	preset := flags.String("preset", string(csaf.Basic), "what is judged: basic or extended")
	explain := flags.Bool("explain", false, "tell each failure on the standard error")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: csafcheck [-preset basic|extended] [-explain] FILE...")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return fine
		}
		return failed
	}
	switch {
	case *preset != string(csaf.Basic) && *preset != string(csaf.Extended):
		fmt.Fprintf(stderr, "csafcheck: %q is no preset (there are basic, extended)\n", *preset)
		return failed
	case flags.NArg() == 0:
		flags.Usage()
		return failed
	}
	out := bufio.NewWriter(stdout)
	status := fine
	for _, file := range flags.Args() {
		verdict, err := judge(file, csaf.Preset(*preset))
		word := "valid"
		switch {
		case err != nil:
			fmt.Fprintf(stderr, "csafcheck: %s: %s\n", line(file), line(strings.TrimPrefix(err.Error(), "csaf: ")))
			word, status = "unreadable", failed
		case !verdict.Valid():
			word, status = "invalid", max(status, invalid)
		}
		if err == nil && verdict.Version != "" && verdict.Version != csaf.Version {
			fmt.Fprintf(stderr, "csafcheck: %s: is of CSAF %s and judged by %s\n", line(file), line(verdict.Version), csaf.Version)
		}
		if *explain {
			for _, list := range [][]csaf.Failure{verdict.Failures, verdict.Warnings} {
				for _, f := range list {
					fmt.Fprintf(stderr, "csafcheck: %s: %s\n", line(file), line(f.String()))
				}
			}
		}
		fmt.Fprintf(out, "%s\t%s\t%s\n", line(file), word, strings.Join(verdict.Tests(), ","))
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintf(stderr, "csafcheck: %v\n", err)
		return failed
	}
	return status
}

func judge(file string, preset csaf.Preset) (csaf.Verdict, error) {
	f, err := os.Open(file)
	if err != nil {
		return csaf.Verdict{}, err
	}
	defer f.Close()
	return csaf.Judge(f, preset)
}

// line keeps outside text to one line and one column.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}
