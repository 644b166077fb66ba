// Command score scores CVSS vectors of 2.0, 3.0, 3.1 and 4.0, and extended
// vectors of the MITRE medical-device rubric.
//
//	score [-explain] [-lenient] [VECTOR]...
//	score -ask [-version 3.0|3.1] [-file FILE] [-hint VECTOR] [-by NAME]
//
// Without arguments it reads vectors from the standard input, one per line. It
// prints a header and one row per vector or input line, in order, with tabs
// between the cells:
//
//	vector version base temporal environmental overall severity cvss
//
// The cell cvss is the vector that was derived from an extended one, else "-".
// An extended vector is one whose first element is a question such as XAVN; a
// header CVSS:3.0/ or CVSS:3.1/ may stand before it and says which version to
// derive, 3.0 when there is none. Scores have one decimal, and a score whose
// metrics are not given is "-". For 4.0, base is CVSS-B, temporal is CVSS-BT and
// environmental CVSS-BE or CVSS-BTE. Overall is the vector's own score, and
// severity rates it.
//
// A line that is no vector, an empty one included, has the row
//
//	vector error reason
//
// and makes the status 1 at the end. Characters that would break a row are
// written as Go escapes. With -lenient, white space around a vector, letters of
// either case and the like are forgiven, as cvss.ParseLenient says. With -explain the working of each row follows it, in
// lines that begin with "#".
//
// With -ask it asks the rubric's questions one at a time. Besides the answers it
// takes ? (help), b (back), q (stop) and, where an earlier answer stands, an
// empty line to keep it. Unknown is an answer: it scores as the worst and stays
// open. With -file every answer is kept in that file at once, and a later run
// goes on from it. With -hint a published vector proposes answers; they stay
// proposals until the person named by -by takes one with p. The end is the
// result with its rationale; stopping before makes the status 1.
//
// The status is 2 when the program was called wrongly or could not read or
// write.
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

const (
	fine   = 0
	bad    = 1 // a line is no vector, or the questions were not answered to the end
	failed = 2
)

// A program is one run.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return program{stdin, stdout, stderr, time.Now}.run(ctx, args)
}

func (p program) run(ctx context.Context, args []string) int {
	flags := flag.NewFlagSet("score", flag.ContinueOnError)
	flags.SetOutput(p.stderr)
	explain := flags.Bool("explain", false, "print the working of each row")
	lenient := flags.Bool("lenient", false, "forgive how a vector is written")
	asking := flags.Bool("ask", false, "ask the questions of the rubric")
	version := flags.String("version", "", "with -ask: the CVSS `version` of the result, 3.0 or 3.1 (default 3.0)")
	file := flags.String("file", "", "with -ask: keep the answers in this `file` and go on from it")
	hint := flags.String("hint", "", "with -ask: a published `vector` that proposes answers")
	by := flags.String("by", "", "with -ask: `who` answers; needed to take a proposal")
	flags.Usage = func() {
		fmt.Fprintln(p.stderr, "usage: score [-explain] [-lenient] [VECTOR]...\n       score -ask [-version 3.0|3.1] [-file FILE] [-hint VECTOR] [-by NAME]")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return fine
		}
		return failed
	}
	var status int
	var err error
	switch {
	case !*asking && (*version != "" || *file != "" || *hint != "" || *by != ""):
		err = errors.New("-version, -file, -hint and -by go with -ask")
	case *asking && (*explain || *lenient || flags.NArg() > 0):
		err = errors.New("-ask takes no vectors, and explains its result in any case")
	case *asking:
		status, err = p.ask(ctx, *file, *hint, *by, cmp.Or(*version, "3.0"))
	default:
		status, err = p.table(ctx, flags.Args(), *explain, *lenient)
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "score: %v\n", err)
		return failed
	}
	return status
}

// maxLine bounds how much of a line is read; no vector comes near it.
const maxLine = 64 << 10

// cutOff ends what is shown of a line that is too long. No vector and no answer
// has it, so that none is read from the beginning of such a line.
var cutOff = fmt.Sprintf("… (cut after %d bytes)", maxLine)

// lines yields the lines of r without their ends, and of a line that is too long
// the beginning and cutOff.
func lines(r io.Reader, yield func(string) error) error {
	b := bufio.NewReaderSize(r, maxLine)
	for first := true; ; first = false {
		part, more, err := b.ReadLine()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		line := string(part)
		cut := false
		for more && err == nil {
			part, more, err = b.ReadLine()
			cut = cut || len(part) > 0
		}
		if err != nil && err != io.EOF {
			return err
		}
		if first {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if cut {
			line = whole(line) + cutOff
		}
		if err := yield(line); err != nil {
			return err
		}
	}
}

// whole leaves out a character of which the end was cut off.
func whole(line string) string {
	for n := range utf8.UTFMax {
		at := len(line) - n - 1
		if at >= 0 && utf8.RuneStart(line[at]) {
			if !utf8.FullRuneInString(line[at:]) {
				return line[:at]
			}
			break
		}
	}
	return line
}
