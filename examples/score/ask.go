package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
)

// A dialog asks the questions one at a time.
type dialog struct {
	program
	out               *bufio.Writer // of stdout, flushed before the person is waited for
	file, by, version string
	proposals         map[string][]rubric.Proposal

	answers   rubric.Answers // all that was said, here or in the file
	confirmed []rubric.Confirmed
	again     string // the answered question that is asked again; "" = the first without an answer
	revising  bool   // nothing was missing in the file: changes are asked for
}

var (
	errStop = errors.New("stopped")
	errDone = errors.New("done")
)

// ask walks the questionnaire and prints the result.
func (p program) ask(ctx context.Context, file, hint, by, version string) (int, error) {
	d := dialog{program: p, out: bufio.NewWriter(p.stdout), file: file, by: by, version: version, proposals: map[string][]rubric.Proposal{}}
	if hint != "" {
		v, err := cvss.Parse(hint)
		if err != nil {
			return failed, err
		}
		for _, one := range rubric.ProposeFromVector(v) {
			d.proposals[one.Question] = append(d.proposals[one.Question], one)
		}
	}
	standing, err := rubric.RecognitionAt(version, p.now())
	if err != nil {
		return failed, err
	}
	if err := writable(file); err != nil {
		return failed, err
	}
	if d.answers, d.confirmed, err = open(file); err != nil {
		return failed, err
	}
	if warning, other := warn(standing); other != "" {
		fmt.Fprintf(p.stderr, "score: warning: %s (-version %s)\n", warning, other)
	} else if warning != "" {
		fmt.Fprintf(p.stderr, "score: warning: %s\n", warning)
	}
	if n := len(path(d.answers)); n > 0 {
		_, d.revising = rubric.Next(d.answers)
		fmt.Fprintf(d.out, "%d answers are in %s; going on from there.\n", n, file)
	}
	if err := d.pose(); err != nil {
		return failed, err
	}
	err = lines(p.stdin, func(line string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return d.hear(strings.TrimSpace(line))
	})
	if err == nil || errors.Is(err, errStop) || errors.Is(err, errDone) {
		return d.end()
	}
	return failed, err
}

// path lists the questions that were asked and answered, in their order.
func path(a rubric.Answers) (ids []string) {
	for element := range strings.SplitSeq(a.String(), "/") {
		if id, _, ok := strings.Cut(element, ":"); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// at is the question that is asked now; false means that none is.
func (d *dialog) at() (rubric.Question, bool) {
	for _, q := range rubric.Questions() {
		if q.ID == d.again {
			return q, true
		}
	}
	q, done := rubric.Next(d.answers)
	return q, !done
}

// pose asks the next question, or for changes; errDone means that there is
// nothing to ask.
func (d *dialog) pose() error {
	q, ok := d.at()
	switch {
	case !ok && !d.revising:
		return errDone
	case !ok:
		fmt.Fprintf(d.out, "\nEvery question is answered: %s\n", d.answers)
		if open := unknown(d.answers); len(open) > 0 {
			fmt.Fprintf(d.out, "open, scored as the worst until answered: %s\n", strings.Join(open, " "))
		}
		fmt.Fprint(d.out, "change an answer? (question id, b back, or enter to go on) > ")
		return d.out.Flush()
	}
	fmt.Fprintf(d.out, "\n%s (%s), answered so far: %d\n%s\n", q.ID, q.Number, len(path(d.answers)), q.Text)
	if q.Confidence != rubric.Sure {
		fmt.Fprintf(d.out, "  (%s)\n", q.Confidence.Note())
	}
	for _, p := range d.proposals[q.ID] {
		fmt.Fprintf(d.out, "  %s\n", p)
	}
	if a := d.answers[q.ID]; a != "" {
		fmt.Fprintf(d.out, "  answered %s earlier; an empty line keeps it\n", word(q, a))
	}
	fmt.Fprintf(d.out, "[%s] > ", choices(q, len(d.proposals[q.ID]) > 0))
	return d.out.Flush()
}

// unknown lists the questions that were asked and that nobody could answer.
func unknown(a rubric.Answers) []string {
	return slices.DeleteFunc(path(a), func(id string) bool { return a[id] != rubric.Unknown })
}

// word says a code in full.
func word(q rubric.Question, a rubric.Answer) string {
	switch {
	case a == rubric.No && q.Kind == rubric.Impact:
		return "none"
	case a == rubric.No:
		return "no"
	}
	return map[rubric.Answer]string{rubric.Yes: "yes", rubric.Unknown: "unknown", rubric.High: "high", rubric.Low: "low"}[a]
}

func choices(q rubric.Question, proposed bool) string {
	var all []string
	for _, a := range q.Answers() {
		all = append(all, word(q, a))
	}
	if proposed {
		all = append(all, "p = take the proposal")
	}
	return strings.Join(append(all, "? help", "b back", "q stop"), ", ")
}

// hear takes one line for what was asked.
func (d *dialog) hear(line string) error {
	q, ok := d.at()
	if !ok {
		if err := d.choose(line); err != nil {
			return err
		}
		return d.pose()
	}
	var err error
	switch strings.ToLower(line) {
	case "?", "help":
		fmt.Fprintln(d.out, q.Help)
	case "b", "back":
		d.back(q.ID)
	case "q", "quit", "stop":
		return errStop
	case "p":
		err = d.confirm(q)
	case "":
		if d.answers[q.ID] == "" {
			fmt.Fprintln(d.out, "Please answer, or say unknown.")
		}
		d.again = ""
	default:
		a, bad := rubric.ParseExtended(q.ID + ":" + line)
		if bad != nil || strings.Contains(line, "/") {
			fmt.Fprintf(d.out, "%q is no answer here.\n", line)
			break
		}
		d.take(q.ID, a[q.ID])
	}
	if err := errors.Join(err, d.save()); err != nil {
		return err
	}
	return d.pose()
}

// choose takes one line for which answer is to be changed.
func (d *dialog) choose(line string) error {
	switch strings.ToLower(line) {
	case "", "q", "quit", "stop":
		return errDone
	case "b", "back":
		d.back("")
		return nil
	}
	if id := strings.ToUpper(line); slices.Contains(path(d.answers), id) {
		d.again = id
		return nil
	}
	fmt.Fprintf(d.out, "%q is none of these questions.\n", line)
	return nil
}

// take makes a the answer; who confirmed an earlier one is no longer said.
func (d *dialog) take(id string, a rubric.Answer) {
	d.answers[id], d.again = a, ""
	d.confirmed = slices.DeleteFunc(d.confirmed, func(c rubric.Confirmed) bool { return c.Question == id })
}

// back asks again what was answered before the question from, or last of all.
func (d *dialog) back(from string) {
	before := ""
	answered := path(d.answers)
	for _, q := range rubric.Questions() {
		if q.ID == from {
			break
		}
		if slices.Contains(answered, q.ID) {
			before = q.ID
		}
	}
	if before == "" {
		fmt.Fprintln(d.out, "This is the first question.")
		return
	}
	d.again = before
}

// confirm makes a proposal the answer of the person at the terminal.
func (d *dialog) confirm(q rubric.Question) error {
	list := d.proposals[q.ID]
	switch {
	case len(list) == 0:
		fmt.Fprintln(d.out, "Nothing is proposed here.")
		return nil
	case d.by == "":
		fmt.Fprintln(d.out, "Only a named person can take a proposal: say who with -by. Or answer yourself.")
		return nil
	}
	c, err := rubric.Confirm(list[0], d.by, d.now())
	if err != nil {
		return err
	}
	d.take(q.ID, c.Answer)
	d.confirmed = append(d.confirmed, c)
	return nil
}

func (d *dialog) save() error { return keep(d.file, d.answers, d.confirmed) }

// end prints the result, or what is missing.
func (d *dialog) end() (int, error) {
	r, err := rubric.Derive(d.answers, &rubric.Options{Version: d.version, At: d.now()})
	var missing *rubric.IncompleteError
	if errors.As(err, &missing) {
		fmt.Fprintf(d.stderr, "score: %v\n", missing)
		if d.file != "" {
			fmt.Fprintf(d.stderr, "score: the answers are in %s; run again to go on\n", d.file)
		}
		return bad, d.out.Flush()
	}
	if err != nil {
		return failed, err
	}
	r.OffPath = nil // what a change left behind
	fmt.Fprintf(d.out, "\n%s  %s %s\n", r.Vector, one(r.Vector.Base()), r.Vector.Severity())
	for _, line := range (scored{vector: r.Vector, result: &r}).working() {
		fmt.Fprintln(d.out, line)
	}
	for _, c := range still(d.confirmed, r.Answers) {
		fmt.Fprintf(d.out, "%s:%s confirmed by %s on %s; proposed by %s\n", c.Question, c.Answer, c.By, c.At.Format("2006-01-02"), c.Proposal.By)
	}
	return fine, d.out.Flush()
}
