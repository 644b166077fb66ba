package cyclonedx

import "strings"

// rule judges an object at by a rule on its fields together; place returns
// where the value of a field is, or -1.
func (j *jsonJudge) rule(r clause, at int, place func(string) int) {
	switch r.verb {
	case "one", "some":
		whole := 0
		var names []string
		for _, group := range r.groups {
			all := true
			for _, name := range group {
				all = all && place(name) >= 0
			}
			if all {
				whole++
			}
			names = append(names, strings.Join(group, " and "))
		}
		switch {
		case whole == 0:
			j.violate(RuleRequired, "needs %s", strings.Join(names, " or "))
		case whole > 1 && r.verb == "one":
			j.violate(RuleChoice, "has more than one of %s", strings.Join(names, ", "))
		}
	case "not":
		for _, name := range r.names {
			if place(name) < 0 {
				return
			}
		}
		j.violate(RuleChoice, "has %s together", strings.Join(r.names, " and "))
	case "needs": // a field needs another one of that value
		if place(r.names[0]) < 0 {
			return
		}
		if other := place(r.names[1]); other < 0 || string(j.data[other:j.skip(other)]) == "false" {
			j.violate(RuleChoice, "has %s, which needs %s to be %s", r.names[0], r.names[1], r.names[2])
		}
	case "when":
		if v := place(r.names[0]); v >= 0 && j.data[v] == '"' && j.text(v, j.skip(v)) == r.names[1] {
			j.value(at, r.holds)
		}
	case "as":
		j.value(at, r.holds)
	}
}

// alternatives judges the value at by each of all. What it says when none fits
// is what the only one of the right type has to say.
func (j *jsonJudge) alternatives(at int, all []*holds, exactlyOne bool) (end int, s valueSum) {
	list, more := len(j.list), j.more
	fits := 0
	var fitting, wrong *holds
	candidates := 0
	for _, h := range all {
		if !accepts(h, j.data[at]) {
			continue
		}
		candidates++
		wrong = h
		j.trial++
		j.value(at, h)
		j.trial--
		if len(j.list) == list && j.more == more {
			fits++
			fitting = h
		}
		j.list, j.more = j.list[:list], more
	}
	switch {
	case fits == 1 || fits > 1 && !exactlyOne:
		return j.value(at, fitting)
	case fits > 1:
		j.violate(RuleChoice, "is more than one of the forms allowed")
	case candidates == 1:
		return j.value(at, wrong)
	case candidates == 0:
		j.violate(RuleType, "is a %s, which is none of the forms allowed", jsonType(j.data[at]))
	default:
		j.violate(RuleChoice, "is none of the forms allowed")
	}
	return j.any(at)
}

// accepts reports whether h can hold a value that begins with first.
func accepts(h *holds, first byte) bool {
	switch {
	case h.item != nil:
		return first == '['
	case h.noun != nil:
		return first == '{'
	case h.kind != nil:
		switch {
		case h.kind.base.textual():
			return first == '"'
		case h.kind.base == baseBoolean:
			return first == 't' || first == 'f'
		}
		return jsonType(first) == "number"
	case h.oneOf != nil || h.anyOf != nil:
		for _, a := range append(append([]*holds(nil), h.oneOf...), h.anyOf...) {
			if accepts(a, first) {
				return true
			}
		}
		return false
	}
	return true
}
