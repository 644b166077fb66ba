package openvex

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/vex"
)

//go:embed mapping.json
var embedded []byte

type table struct {
	Source    string `json:"source"`
	Force     string `json:"force"`
	Certainty string `json:"certainty"`
	Note      string `json:"note"`
	Statuses  []struct {
		Token  string     `json:"token"`
		Status vex.Status `json:"status"`
		// Needs are the members of which one must be there, Texts those that may be.
		Needs []string `json:"needs"`
		Texts []string `json:"texts"`
	} `json:"statuses"`
	Justifications []struct {
		Token         string            `json:"token"`
		Justification vex.Justification `json:"justification"`
		Note          string            `json:"note"`
	} `json:"justifications"`
	// Never are words that are mapped to nothing, with the reason.
	Never []struct {
		Token  string `json:"token"`
		Format string `json:"format"`
		Note   string `json:"note"`
		// Outside says that what protects is not part of the product.
		Outside bool `json:"outside"`
	} `json:"never"`
}

var mapping = sync.OnceValues(func() (table, error) {
	var t table
	if err := strictjson.Decode(embedded, &t); err != nil {
		return table{}, fmt.Errorf("openvex: mapping.json: %w", err)
	}
	return t, nil
})

// Status is the status that a word of OpenVEX stands for. ok is false for every
// other word; the status is then empty.
func Status(token string) (s vex.Status, ok bool) {
	t, _ := mapping()
	for _, row := range t.Statuses {
		if row.Token == token {
			return row.Status, true
		}
	}
	return "", false
}

// Justification is the justification that a word of OpenVEX stands for. ok is
// false for every other word; the justification is then empty.
func Justification(token string) (j vex.Justification, ok bool) {
	t, _ := mapping()
	for _, row := range t.Justifications {
		if row.Token == token {
			return row.Justification, true
		}
	}
	return "", false
}

// texts are the members that may and those that must stand beside s: one of the
// latter will do.
func texts(s vex.Status) (may, must []string) {
	t, _ := mapping()
	for _, row := range t.Statuses {
		if row.Status == s {
			return row.Texts, row.Needs
		}
	}
	return nil, nil
}

// outside reports whether the reason that o gives is a control of whoever runs the
// product, and none of its own, in whatever format it stood.
func outside(o vex.Original) bool {
	t, _ := mapping()
	for _, row := range t.Never {
		if row.Token == o.Justification {
			return row.Outside
		}
	}
	return false
}
