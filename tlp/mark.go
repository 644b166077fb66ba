package tlp

import (
	"slices"
	"strings"
)

// A Mark is a label and who set it. The zero Mark is not said, by nobody.
type Mark struct {
	Label Label `json:"label,omitempty"`
	// By names who set the label, such as the sources of a record: sorted,
	// each once. For a mark that is not said it names who was silent, so that
	// they can be asked. Empty means that nobody is recorded.
	By []string `json:"by,omitempty"`
}

// Marked returns the mark l set by these names. It shares no memory with by.
func Marked(l Label, by ...string) Mark { return Join(Mark{Label: l, By: by}) }

// Join returns the mark of a whole that is made of parts with these marks. The
// strictest label wins, and By names those who hold it.
//
// Not said is stricter than RED: one unmarked part makes the whole not said,
// whatever the other parts say, and a [Gate] can refuse it. So leaving a label
// out never makes a thing travel farther, and naming who was silent tells whom
// to ask; once they have answered, the parts are joined again. This is our own
// convention: TLP 2.0 does not speak of joining. A text that is no label is
// joined as not said. Join of nothing is the zero Mark: nothing was said.
//
// Join is commutative and associative, and idempotent: Join(m, m) is Join(m),
// which is m with By sorted, without repeats and empty names.
func Join(marks ...Mark) Mark {
	if len(marks) == 0 {
		return Mark{}
	}
	worst := marks[0].Label
	for _, m := range marks[1:] {
		if m.Label.Compare(worst) > 0 {
			worst = m.Label
		}
	}
	out := Mark{}
	if worst.Valid() {
		out.Label = worst
	}
	for _, m := range marks {
		if m.Label.Compare(worst) != 0 {
			continue
		}
		for _, by := range m.By {
			if by != "" {
				out.By = append(out.By, by)
			}
		}
	}
	slices.Sort(out.By)
	out.By = slices.Compact(out.By)
	return out
}

// Said reports whether m carries one of the five labels.
func (m Mark) Said() bool { return m.Label.Valid() }

// String returns the label and, where known, who set it: "TLP:RED by cert".
func (m Mark) String() string {
	if len(m.By) == 0 {
		return m.Label.String()
	}
	return m.Label.String() + " by " + strings.Join(m.By, ", ")
}
