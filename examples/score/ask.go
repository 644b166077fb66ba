package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
)

// A dialog asks the questions one at a time.
type dialog struct {
	program
	out       *bufio.Writer // of stdout, flushed before the person is waited for
	file, by  string
	proposals map[string][]rubric.Proposal

	given     rubric.Answers // on the way to the question that is asked now
	way       []string       // the ids of given, in the order asked
	earlier   rubric.Answers // from a file, or from before going back
	confirmed []rubric.Confirmed
}

var (
	errStop = errors.New("stopped")
	errDone = errors.New("done")
)

// ask walks the questionnaire and prints the result.
func (p program) ask(ctx context.Context, file, hint, by string) (int, error) {
	d := dialog{program: p, out: bufio.NewWriter(p.stdout), file: file, by: by, proposals: map[string][]rubric.Proposal{}, given: rubric.Answers{}}
	if hint != "" {
		v, err := cvss.Parse(hint)
		if err != nil {
			return failed, err
		}
		for _, one := range rubric.ProposeFromVector(v) {
			d.proposals[one.Question] = append(d.proposals[one.Question], one)
		}
	}
	var err error
	if d.earlier, d.confirmed, err = open(file); err != nil {
		return failed, err
	}
	// What the file answers is not asked again.
	for q, done := rubric.Next(d.given); !done && d.earlier[q.ID] != ""; q, done = rubric.Next(d.given) {
		d.take(q.ID, d.earlier[q.ID])
	}
	if len(d.way) > 0 {
		fmt.Fprintf(d.out, "%d answers are in %s; going on from there.\n", len(d.way), file)
	}
	more, err := d.pose()
	switch {
	case err != nil:
	case more:
		err = lines(p.stdin, func(line string) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return d.hear(strings.TrimSpace(line))
		})
	default:
		err = errDone
	}
	switch {
	case errors.Is(err, errDone):
		return d.result()
	case err == nil, errors.Is(err, errStop):
		return d.stopped()
	}
	return failed, err
}

// pose asks the next question; false means that there is none.
func (d *dialog) pose() (more bool, err error) {
	q, done := rubric.Next(d.given)
	if done {
		return false, nil
	}
	fmt.Fprintf(d.out, "\n%s (%s), answered so far: %d\n%s\n", q.ID, q.Number, len(d.way), q.Text)
	if q.Confidence != rubric.Sure {
		fmt.Fprintf(d.out, "  (%s)\n", q.Confidence.Note())
	}
	for _, p := range d.proposals[q.ID] {
		fmt.Fprintf(d.out, "  %s\n", p)
	}
	if a := d.earlier[q.ID]; a != "" {
		fmt.Fprintf(d.out, "  answered %s earlier; an empty line keeps it\n", word(q, a))
	}
	fmt.Fprintf(d.out, "[%s] > ", choices(q, len(d.proposals[q.ID]) > 0))
	return true, d.out.Flush()
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

// hear takes one line for the question that was asked.
func (d *dialog) hear(line string) error {
	q, _ := rubric.Next(d.given)
	var err error
	switch strings.ToLower(line) {
	case "?", "help":
		fmt.Fprintln(d.out, q.Help)
	case "b", "back":
		d.back()
	case "q", "quit", "stop":
		return errStop
	case "p":
		err = d.confirm(q)
	case "":
		if a := d.earlier[q.ID]; a != "" {
			d.take(q.ID, a)
		} else {
			fmt.Fprintln(d.out, "Please answer, or say unknown.")
		}
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
	more, err := d.pose()
	if err == nil && !more {
		err = errDone
	}
	return err
}

func (d *dialog) take(id string, a rubric.Answer) {
	d.given[id], d.earlier[id] = a, a
	d.way = append(d.way, id)
	d.confirmed = still(d.confirmed, d.earlier)
}

func (d *dialog) back() {
	if len(d.way) == 0 {
		fmt.Fprintln(d.out, "This is the first question.")
		return
	}
	last := d.way[len(d.way)-1]
	d.way = d.way[:len(d.way)-1]
	delete(d.given, last)
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

// save keeps what was said on the way and, beyond it, earlier.
func (d *dialog) save() error { return keep(d.file, d.earlier, d.confirmed) }

func (d *dialog) stopped() (int, error) {
	if err := d.out.Flush(); err != nil {
		return failed, err
	}
	var missing *rubric.IncompleteError
	_, err := rubric.Derive(d.earlier, nil)
	if !errors.As(err, &missing) {
		return bad, err
	}
	fmt.Fprintf(d.stderr, "score: %v\n", missing)
	if d.file != "" {
		fmt.Fprintf(d.stderr, "score: the answers are in %s; run again to go on\n", d.file)
	}
	return bad, nil
}

func (d *dialog) result() (int, error) {
	answers := maps.Clone(d.given)
	r, err := rubric.Derive(answers, &rubric.Options{At: d.now()})
	if err != nil {
		return failed, err
	}
	fmt.Fprintf(d.out, "\n%s  %s %s\n", r.Vector, one(r.Vector.Base()), r.Vector.Severity())
	for _, line := range (scored{vector: r.Vector, result: &r}).working() {
		fmt.Fprintln(d.out, line)
	}
	for _, c := range still(d.confirmed, r.Answers) {
		fmt.Fprintf(d.out, "%s:%s confirmed by %s on %s; proposed by %s\n", c.Question, c.Answer, c.By, c.At.Format("2006-01-02"), c.Proposal.By)
	}
	return fine, d.out.Flush()
}
