package rubric

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/cvss"
)

// Label says what a Result is. Whoever shows a vector from here shows it.
const Label = "reconstruction of MITRE rubric v0.12.04; not compared with the qualified document; not itself an MDDT; not endorsed by MITRE"

// PatientSafetyLabel says whose idea the patient-safety flag is.
const PatientSafetyLabel = "convention of this library, not a rule of the rubric: XID, XIT, XIW, XAD, XAT or XAW is High or Unknown"

// Options for [Derive]; nil is the same as none set.
type Options struct {
	// Version of CVSS in the derived vector's header: "3.0" or "3.1". Empty
	// means 3.0, the version that the rubric was written for. Base metrics
	// and base score are the same in both.
	Version string
}

// A Result is what a complete set of answers says.
type Result struct {
	Vector        cvss.Vector `json:"vector"`            // the eight base metrics
	Answers       Answers     `json:"answers"`           // those that were asked, as codes
	Rationale     []Row       `json:"rationale"`         // why, in the order of the vector's metrics
	Open          []string    `json:"open,omitempty"`    // ids answered Unknown, in element order: work items
	OffPath       Answers     `json:"offPath,omitempty"` // answers to questions that were not asked; they decided nothing
	PatientSafety Flag        `json:"patientSafety"`
	Label         string      `json:"label"` // always Label
}

// A Row says why a metric has a value. C, I and A have a row for each category
// of data; their value is the worst of the six.
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

// Derive walks the answers and returns the vector they lead to. Questions that
// were reached and not answered are an [*IncompleteError]; entries that cannot
// be answers are joined [*AnswerError]s. Answers to questions that were not
// reached change nothing and come back in OffPath.
func Derive(answers Answers, opts *Options) (Result, error) {
	version := "3.0"
	if opts != nil && opts.Version != "" {
		version = opts.Version
	}
	if version != "3.0" && version != "3.1" {
		return Result{}, fmt.Errorf("rubric: version %q: the rubric speaks of CVSS 3.0, whose base metrics 3.1 shares: %w", clip(version), cvss.ErrVersion)
	}
	t := flow()
	if t.err != nil {
		return Result{}, t.err
	}
	clean, err := t.codes(answers)
	if err != nil {
		return Result{}, err
	}
	paths, missing := t.walk(clean)
	if len(missing) > 0 {
		return Result{}, &IncompleteError{Missing: ids(missing)}
	}

	r := Result{Answers: Answers{}, Label: Label, PatientSafety: Flag{Label: PatientSafetyLabel}}
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

// Check derives the vector again and compares its base metrics with those of v.
// It returns a [*MismatchError] when they differ, and the error of [Derive] when
// nothing can be derived. Whether v is 3.0 or 3.1 makes no difference, nor do
// its temporal and environmental metrics; v of another version matches
// [cvss.ErrVersion].
func (a Answers) Check(v cvss.Vector) error {
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
