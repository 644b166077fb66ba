package tlp

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// LabelsOnly is the gate of a program that has no cases: it decides by the
// label of the content and the audience alone, and by nothing else. It knows
// no embargo, so a program that takes part in coordinated disclosure needs
// another.
//
// The limits are those of TLP 2.0; that our audiences stand for its words
// ("clients", "community") is our own reading:
//
//	CLEAR         everyone
//	GREEN         internal, party, customer, isao, regulator
//	AMBER         internal, customer
//	AMBER+STRICT  internal
//	RED           internal (people not named to this gate cannot be told apart)
//	not said      internal
//
// Beyond that the answer is a [*HeldError] without a time, since a label does
// not end by itself. A kind or an audience that is not said is another error.
// The mark it returns is that of the content.
func LabelsOnly(ctx context.Context, out Outgoing) (Mark, error) {
	if err := ctx.Err(); err != nil {
		return Mark{}, fmt.Errorf("tlp: %w", err)
	}
	if out.Content.Kind == "" {
		return Mark{}, errors.New("tlp: the kind of the content is not said")
	}
	if !out.To.Valid() {
		return Mark{}, fmt.Errorf("tlp: %q is not an audience", out.To)
	}
	t, err := limits()
	if err != nil {
		return Mark{}, err
	}
	mark := Join(out.Content.Mark)
	row, ok := t.row(mark.Label)
	if !ok {
		return Mark{}, fmt.Errorf("tlp: no limit is stated for %s", mark.Label)
	}
	if !slices.Contains(row.To, out.To) {
		return Mark{}, &HeldError{Why: fmt.Sprintf("%s is marked %s: %s; not for audience %s", out.Content.Kind, mark, row.Means, out.To)}
	}
	return mark, nil
}

// table is the shape of labels.json.
type table struct {
	Source    string  `json:"source"` // who states what a label means
	Date      string  `json:"date"`
	Force     string  `json:"force"`
	Certainty string  `json:"certainty"`
	Note      string  `json:"note"` // what of the table is ours
	Limits    []limit `json:"limits"`
}

type limit struct {
	Label Label      `json:"label"` // empty: not said
	Means string     `json:"means"`
	To    []Audience `json:"to"`
}

func (t table) row(l Label) (limit, bool) {
	i := slices.IndexFunc(t.Limits, func(r limit) bool { return r.Label == l })
	if i < 0 {
		return limit{}, false
	}
	return t.Limits[i], true
}

//go:embed labels.json
var labelsJSON []byte

// limits reads the embedded table once.
var limits = sync.OnceValues(func() (table, error) {
	var t table
	if err := json.Unmarshal(labelsJSON, &t); err != nil {
		return table{}, fmt.Errorf("tlp: labels.json: %w", err)
	}
	return t, nil
})
