package cyclonedx

import (
	_ "embed"
	"fmt"
	"slices"
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
	States    []struct {
		Token  string     `json:"token"`
		Status vex.Status `json:"status"`
		Note   string     `json:"note"`
		// Back says that this token stands for Status in the other direction.
		Back bool `json:"back"`
	} `json:"states"`
	Justifications []struct {
		Token         string            `json:"token"`
		Justification vex.Justification `json:"justification"`
		Note          string            `json:"note"`
		// Outside says that what protects is not part of the product.
		Outside bool `json:"outside"`
		// Back are the justifications that this token stands for in the other
		// direction.
		Back []vex.Justification `json:"back"`
	} `json:"justifications"`
	Responses []struct {
		Token string `json:"token"`
		// Remediations are the categories of CSAF that this token is written for.
		Remediations []string `json:"remediations"`
	} `json:"responses"`
	// Never are words that are mapped to nothing, with the reason.
	Never []struct {
		Token string `json:"token"`
		Note  string `json:"note"`
	} `json:"never"`
}

var mapping = sync.OnceValues(func() (table, error) {
	var t table
	if err := strictjson.Decode(embedded, &t); err != nil {
		return table{}, fmt.Errorf("cyclonedx: mapping.json: %w", err)
	}
	return t, nil
})

// Status is the status that an analysis state stands for. ok is false for a
// state that CycloneDX does not define; the status is then empty.
func Status(state string) (s vex.Status, ok bool) {
	t, _ := mapping()
	for _, row := range t.States {
		if row.Token == state {
			return row.Status, true
		}
	}
	return "", false
}

// Justification is the justification that an analysis justification stands for.
// It is empty, and ok true, for those that have no equal: what an attack
// requires, and what protects from outside the product ([Outside]). ok is false
// for a token that CycloneDX does not define.
func Justification(token string) (j vex.Justification, ok bool) {
	t, _ := mapping()
	for _, row := range t.Justifications {
		if row.Token == token {
			return row.Justification, true
		}
	}
	return "", false
}

// Outside reports whether a justification points at something that is not part
// of the product, such as a hospital's firewall: a reason to look closer at
// whoever says not_affected, and never a reason to say so (our convention).
func Outside(token string) bool {
	t, _ := mapping()
	for _, row := range t.Justifications {
		if row.Token == token {
			return row.Outside
		}
	}
	return false
}

// State is the analysis state that is written for a status; empty for one that
// is not valid.
func State(s vex.Status) string {
	t, _ := mapping()
	for _, row := range t.States {
		if row.Back && row.Status == s {
			return row.Token
		}
	}
	return ""
}

// Token is the analysis justification that is written for j; empty for one that
// is not valid. Component_not_present and
// vulnerable_code_cannot_be_controlled_by_adversary have no equal: what is
// written for them says less, so the original word belongs in the detail.
func Token(j vex.Justification) string {
	t, _ := mapping()
	for _, row := range t.Justifications {
		if slices.Contains(row.Back, j) {
			return row.Token
		}
	}
	return ""
}

// Response is the analysis response that is written for a word: for itself, or
// for the category of a remediation of CSAF. It is empty for every other word.
func Response(word string) string {
	t, _ := mapping()
	for _, row := range t.Responses {
		if row.Token == word || slices.Contains(row.Remediations, word) {
			return row.Token
		}
	}
	return ""
}
