package rubric

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/cvss"
)

// Label says what a Result is, unless the caller supplies an [Equivalence].
// Whoever shows a vector from here shows it.
const Label = "reconstruction of MITRE rubric v0.12.04; not compared with the qualified document; not itself an MDDT; not endorsed by MITRE"

// PatientSafetyLabel says whose idea the patient-safety flag is.
const PatientSafetyLabel = "convention of this library, not a rule of the rubric: XID, XIT, XIW, XAD, XAT or XAW is High or Unknown"

// Options for [Derive]; nil is the same as none set.
type Options struct {
	// Version of CVSS in the derived vector's header: "3.0" or "3.1". Empty
	// means 3.0, the version that the rubric was written for. Base metrics
	// and base score are the same in both.
	Version string
	// Equivalence is the caller's record of a comparison with the qualified
	// document. Only with it does the label name the MDDT, and only for a
	// vector of 3.0, the version that the qualification speaks of. Nil means
	// that there is none.
	Equivalence *Equivalence
	// At is the instant for which FDA's recognition of the version is told and
	// beyond which no comparison can lie. Zero means that neither is looked at.
	At time.Time
}

// A Result is what a complete set of answers says.
type Result struct {
	Vector        cvss.Vector `json:"vector"`            // the eight base metrics
	Answers       Answers     `json:"answers"`           // those that were asked, as codes
	Rationale     []Row       `json:"rationale"`         // why, in the order of the vector's metrics
	Open          []string    `json:"open,omitempty"`    // ids answered Unknown, in element order: work items
	OffPath       Answers     `json:"offPath,omitempty"` // answers to questions that were not asked; they decided nothing
	PatientSafety Flag        `json:"patientSafety"`
	Label         string      `json:"label"` // Label, or that of Equivalence
	// Equivalence is the record that Label rests on; nil when there is none.
	Equivalence *Equivalence `json:"equivalence,omitempty"`
	// Recognition is that of the vector's version on the day of Options.At; nil
	// when no instant was given. Its Warning is to be shown.
	Recognition *Standing `json:"recognition,omitempty"`
}

// A Row says why a metric has a value. C, I and A have a row for each category
// of data; their value is the worst of the six. Its String is one line.
type Row struct {
	Metric     string     `json:"metric"`
	Value      string     `json:"value"`   // what this row alone gives
	Answers    string     `json:"answers"` // that led here, in extended notation
	Decides    bool       `json:"decides"` // the metric has this row's value
	Category   string     `json:"category,omitempty"`
	Source     string     `json:"source"`           // implementations that have this branch
	Ruling     int        `json:"ruling,omitempty"` // our ruling about it, see Rulings; 0 = none was needed
	Confidence Confidence `json:"confidence"`
}

// A Flag is a hint of ours that hangs on answers.
type Flag struct {
	Set     bool     `json:"set"`
	Because []string `json:"because,omitempty"` // ids, in element order
	Label   string   `json:"label"`             // whose idea it is
}

// metrics in the order of a vector.
var metrics = [...]string{"AV", "AC", "PR", "UI", "S", "C", "I", "A"}

// worst orders the values of C, I and A.
const worst = "NLH"

// String says all of r in one line. A row whose confidence is not high says so
// and why.
func (r Row) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%s because %s", r.Metric, r.Value, r.Answers)
	if r.Category != "" {
		fmt.Fprintf(&b, " (%s)", r.Category)
	}
	if !r.Decides {
		b.WriteString(", outweighed")
	}
	b.WriteString("; " + r.Confidence.Note())
	if r.Ruling > 0 {
		fmt.Fprintf(&b, "; ruling %d", r.Ruling)
	}
	return b.String() + "; from " + r.Source
}

// Derive walks the answers and returns the vector they lead to. Questions that
// were reached and not answered are an [*IncompleteError]; entries that cannot
// be answers are joined [*AnswerError]s. Answers to questions that were not
// reached change nothing and come back in OffPath.
func Derive(answers Answers, opts *Options) (Result, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	version := cmp.Or(o.Version, "3.0")
	if version != "3.0" && version != "3.1" {
		return Result{}, fmt.Errorf("rubric: %w", versionError(version))
	}
	t := flow()
	if t.err != nil {
		return Result{}, t.err
	}
	r := Result{Answers: Answers{}, Label: Label, PatientSafety: Flag{Label: PatientSafetyLabel}}
	if err := r.stand(version, o); err != nil {
		return Result{}, err
	}
	clean, err := t.codes(answers)
	if err != nil {
		return Result{}, err
	}
	paths, missing := t.walk(clean)
	if len(missing) > 0 {
		return Result{}, &IncompleteError{Missing: ids(missing)}
	}

	values := map[string]string{}
	for _, p := range paths {
		row := t.row(p, clean)
		if now, ok := values[row.Metric]; !ok || strings.Index(worst, row.Value) > strings.Index(worst, now) {
			values[row.Metric] = row.Value
		}
		r.Rationale = append(r.Rationale, row)
		for _, n := range p.asked {
			a := clean[n.ID]
			r.Answers[n.ID] = a
			if a == Unknown {
				r.Open = append(r.Open, n.ID)
			}
			if touchesPatient(n.ID) && (a == High || a == Unknown) {
				r.PatientSafety.Because = append(r.PatientSafety.Because, n.ID)
			}
		}
	}
	r.PatientSafety.Set = len(r.PatientSafety.Because) > 0
	for id, a := range clean {
		if _, asked := r.Answers[id]; !asked {
			if r.OffPath == nil {
				r.OffPath = Answers{}
			}
			r.OffPath[id] = a
		}
	}
	for i := range r.Rationale {
		r.Rationale[i].Decides = r.Rationale[i].Value == values[r.Rationale[i].Metric]
	}
	slices.SortStableFunc(r.Rationale, func(a, b Row) int {
		return slices.Index(metrics[:], a.Metric) - slices.Index(metrics[:], b.Metric)
	})

	text := "CVSS:" + version
	for _, m := range metrics {
		text += "/" + m + ":" + values[m]
	}
	if r.Vector, err = cvss.Parse(text); err != nil {
		return Result{}, fmt.Errorf("rubric: derived vector: %w", err)
	}
	return r, nil
}

// stand says what r rests on besides the answers.
func (r *Result) stand(version string, o Options) error {
	if !o.At.IsZero() {
		s, err := RecognitionAt(version, o.At)
		if err != nil {
			return err
		}
		r.Recognition = &s
	}
	if o.Equivalence == nil {
		return nil
	}
	if version != "3.0" {
		return fmt.Errorf("rubric: equivalence: the qualification speaks of CVSS 3.0 only: %w", versionError(version))
	}
	e := *o.Equivalence
	if err := e.Check(o.At); err != nil {
		return err
	}
	r.Equivalence, r.Label = &e, e.Label()
	return nil
}

func (t *tree) row(p path, a Answers) Row {
	last := p.asked[len(p.asked)-1]
	var sources []string
	for _, s := range p.end.Sources {
		sources = append(sources, t.sources[s])
	}
	return Row{
		Metric: last.Group, Value: p.end.Value, Answers: notation(p.asked, a), Category: last.Category,
		Source: strings.Join(sources, "; "), Ruling: p.end.Ruling, Confidence: p.end.Confidence,
	}
}

// touchesPatient reports whether a question is about diagnosis, therapy or
// workflow being wrong or missing.
func touchesPatient(id string) bool {
	switch id {
	case "XID", "XIT", "XIW", "XAD", "XAT", "XAW":
		return true
	}
	return false
}

// A MismatchError tells that a stored vector is not what its answers say.
type MismatchError struct {
	Stored  cvss.Vector
	Derived cvss.Vector
	Differ  []string // base metrics, in the order of the vector
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("rubric: the answers give %q, not %q: differ in %s", e.Derived, e.Stored, strings.Join(e.Differ, " "))
}

// ErrNoVector is what [Answers.Check] says of the zero Vector.
var ErrNoVector = errors.New("rubric: there is no stored vector to compare with")

// Check derives the vector again and compares its base metrics with those of v.
// It returns a [*MismatchError] when they differ, the error of [Derive] when
// nothing can be derived, and [ErrNoVector] when v is the zero Vector. Whether v is 3.0 or 3.1 makes no difference, nor do
// its temporal and environmental metrics; v of another version matches
// [cvss.ErrVersion].
func (a Answers) Check(v cvss.Vector) error {
	if v.IsZero() {
		return ErrNoVector
	}
	r, err := Derive(a, &Options{Version: v.Version()})
	if err != nil {
		return err
	}
	var differ []string
	for _, m := range metrics {
		if v.Get(m) != r.Vector.Get(m) {
			differ = append(differ, m)
		}
	}
	if len(differ) > 0 {
		return &MismatchError{Stored: v, Derived: r.Vector, Differ: differ}
	}
	return nil
}
