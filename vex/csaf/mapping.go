package csaf

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
	Statuses  []struct {
		Token  string     `json:"token"`
		Status vex.Status `json:"status"`
	} `json:"statuses"`
	Justifications []struct {
		Token         string            `json:"token"`
		Justification vex.Justification `json:"justification"`
		Note          string            `json:"note"`
	} `json:"justifications"`
	// Never are words that are mapped to nothing, with the reason.
	Never []struct {
		Token string `json:"token"`
		Note  string `json:"note"`
	} `json:"never"`
	// Outside are reasons of other formats that are controls outside the product.
	Outside []string `json:"outside"`
}

var mapping = sync.OnceValues(func() (table, error) {
	var t table
	if err := strictjson.Decode(embedded, &t); err != nil {
		return table{}, fmt.Errorf("csaf: mapping.json: %w", err)
	}
	return t, nil
})

// Status is the status that a list of product_status stands for. ok is false for
// every other word, such as recommended; the status is then empty.
func Status(list string) (s vex.Status, ok bool) {
	t, _ := mapping()
	for _, row := range t.Statuses {
		if row.Token == list {
			return row.Status, true
		}
	}
	return "", false
}

// Justification is the justification that a flag stands for. ok is false for
// every other word; the justification is then empty.
func Justification(flag string) (j vex.Justification, ok bool) {
	t, _ := mapping()
	for _, row := range t.Justifications {
		if row.Token == flag {
			return row.Justification, true
		}
	}
	return "", false
}
