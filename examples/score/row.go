package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
)

const header = "vector\tversion\tbase\ttemporal\tenvironmental\toverall\tseverity\tcvss"

// table prints a row for each vector of args, or of the standard input.
func (p program) table(ctx context.Context, args []string, explain, lenient bool) (status int, err error) {
	out := bufio.NewWriter(p.stdout)
	defer func() { err = errors.Join(err, out.Flush()) }()
	fmt.Fprintln(out, header)
	number := 0
	told := map[string]bool{}
	tell := func(words string) {
		if !told[words] {
			told[words] = true
			fmt.Fprintf(p.stderr, "score: %s\n", words)
		}
	}
	row := func(text string) error {
		number++
		s, err := read(text, lenient, rubric.Options{At: p.now()})
		if err != nil {
			status = bad
			fmt.Fprintf(out, "%s\terror\t%s\n", cell(text), cell(err.Error()))
			return ctx.Err()
		}
		fmt.Fprintln(out, strings.Join(s.cells(text), "\t"))
		if s.result != nil && !explain { // the working says both
			tell(s.result.Label)
			if warning, _ := warn(*s.result.Recognition); warning != "" {
				tell("warning: " + warning)
			}
		}
		if s.result != nil && len(s.result.OffPath) > 0 {
			fmt.Fprintf(p.stderr, "score: vector %d: not asked for, so they decide nothing: %s\n", number, offPath(s.result.OffPath))
		}
		if explain {
			for _, line := range s.working() {
				fmt.Fprintln(out, strings.TrimRight("# "+line, " "))
			}
		}
		return ctx.Err()
	}
	if len(args) == 0 {
		return status, lines(p.stdin, row)
	}
	for _, text := range args {
		if err := row(text); err != nil {
			return status, err
		}
	}
	return status, nil
}

// A scored is a vector that could be read.
type scored struct {
	vector cvss.Vector
	result *rubric.Result // of an extended vector
}

// read reads a plain or an extended vector.
func read(text string, lenient bool, opts rubric.Options) (scored, error) {
	parse := cvss.Parse
	if lenient {
		parse, text = cvss.ParseLenient, strings.TrimSpace(text)
	}
	elements := text
	for _, v := range []string{"3.0", "3.1"} {
		if rest, ok := strings.CutPrefix(text, "CVSS:"+v+"/"); ok {
			opts.Version, elements = v, rest
		}
	}
	if !strings.HasPrefix(elements, "X") {
		v, err := parse(text)
		return scored{vector: v}, err
	}
	answers, err := rubric.ParseExtended(text)
	if err != nil {
		return scored{}, err
	}
	r, err := rubric.Derive(answers, &opts)
	if err != nil {
		return scored{}, err
	}
	return scored{vector: r.Vector, result: &r}, nil
}

func (s scored) cells(text string) []string {
	v := s.vector
	temporal, environmental, derived := "-", "-", "-"
	if v.HasTemporal() {
		temporal = one(v.Temporal())
	}
	if v.HasEnvironmental() {
		environmental = one(v.Environmental())
	}
	if s.result != nil {
		derived = v.String()
	}
	return []string{cell(text), v.Version(), one(v.Base()), temporal, environmental, one(v.Score()), string(v.Rate(v.Score())), derived}
}

func one(score float64) string { return strconv.FormatFloat(score, 'f', 1, 64) }

// cell writes text so that it stays one cell of one row.
func cell(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, breaks) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		if breaks(r) || r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			_, size := utf8.DecodeRuneInString(text[i:])
			quoted := strconv.Quote(text[i : i+size])
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// breaks reports whether r could end a line or a cell for whoever reads a row.
func breaks(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) }
