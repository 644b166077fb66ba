package rubric

import (
	"fmt"
	"slices"
	"strings"
)

// Propose returns what the facts of a device make likely to be answered, in
// element order, at most one proposal for a question. It is our convention, not
// a rule of the rubric: facts are of the device, answers of one vulnerability,
// so every proposal is the widest reading and a person has to hold it against
// the vulnerability at hand. What no fact speaks of has no proposal; AC, UI and
// S never have one, nor has an impact of which only its presence is known.
// What lowers a score because something is not among the facts is proposed only
// when they are said to be all.
func Propose(f Facts) []Proposal {
	p := proposals{}
	p.reach(f)
	p.privilege(f.Authorization)
	p.impact(f)
	return p.list()
}

// reach proposes the attack vector: that of the interface that is open widest.
func (p proposals) reach(f Facts) {
	const judge = "; whether the vulnerability is reached by it is to be judged"
	of := func(l Layer) []Interface {
		return slices.DeleteFunc(slices.Clone(f.Interfaces), func(i Interface) bool { return i.Layer != l })
	}
	ip, radio, hands := of(IP), of(NonIP), of(NoProtocol)
	all := f.AllInterfaces && len(ip)+len(radio)+len(hands) == len(f.Interfaces)
	switch {
	case len(ip) > 0:
		p.add("XAVN", Yes, Likely, ip[0].by("layer ip"), "it is a network protocol"+judge)
		p.add("XAVT", Yes, Likely, ip[0].by("layer ip"), "it runs on IP"+judge)
	case len(radio) > 0:
		p.add("XAVN", Yes, Likely, radio[0].by("layer non-ip"), "it is a communication protocol"+judge)
		if all {
			p.add("XAVT", No, Doubtful, "the whole list of interfaces", "none of them speaks IP")
			p.below(radio)
		}
	case len(hands) > 0 && all:
		p.add("XAVN", No, Doubtful, "the whole list of interfaces", "none of them speaks a protocol")
		p.hands(hands)
	}
}

// below proposes what interfaces below IP give, the worst first: a cable or a
// radio that reaches far is Adjacent, a short one Local.
func (p proposals) below(list []Interface) {
	wired := func(i Interface) bool { return i.Wireless != nil && !*i.Wireless }
	wireless := func(i Interface) bool { return i.Wireless != nil && *i.Wireless }
	far := func(i Interface) bool { return wireless(i) && i.Range > near }
	short := func(i Interface) bool { return wireless(i) && i.Range > 0 && i.Range <= near }
	all := func(is func(Interface) bool) bool {
		return !slices.ContainsFunc(list, func(i Interface) bool { return !is(i) })
	}
	if i := slices.IndexFunc(list, wired); i >= 0 {
		p.add("XAVW", No, Likely, list[i].by("wireless: no"), "an attack by this link comes on a cable")
		return
	}
	if i := slices.IndexFunc(list, far); i >= 0 {
		p.add("XAVW", Yes, Likely, list[i].by("wireless: yes"), "an attack by this link comes by radio")
		p.add("XAVR", No, Likely, list[i].by(fmt.Sprintf("range %g m", list[i].Range)), "it reaches beyond about 3 meters")
		return
	}
	if all(wireless) {
		p.add("XAVW", Yes, Likely, list[0].by("wireless: yes"), "every link below IP is by radio")
	}
	if all(short) {
		p.add("XAVR", Yes, Doubtful, list[0].by(fmt.Sprintf("range %g m", list[0].Range)), "no link is said to reach farther; an attacker's antenna may")
	}
}

func (p proposals) hands(list []Interface) {
	is := func(fact func(Interface) *bool, want bool) func(Interface) bool {
		return func(i Interface) bool { b := fact(i); return b != nil && *b == want }
	}
	contact := func(i Interface) *bool { return i.Contact }
	operating := func(i Interface) *bool { return i.Operating }
	count := func(is func(Interface) bool) (n int) {
		for _, i := range list {
			if is(i) {
				n++
			}
		}
		return n
	}
	switch {
	case slices.ContainsFunc(list, is(contact, false)):
		i := slices.IndexFunc(list, is(contact, false))
		p.add("XAVP", No, Likely, list[i].by("contact: no"), "the device need not be touched")
		return
	case count(is(contact, true)) < len(list):
		return
	}
	p.add("XAVP", Yes, Likely, list[0].by("contact: yes"), "every way in needs the device to be touched")
	if i := slices.IndexFunc(list, is(operating, true)); i >= 0 {
		p.add("XAVPA", Yes, Likely, list[i].by("operating: yes"), "people operate the device by it")
	} else if count(is(operating, false)) == len(list) {
		p.add("XAVPA", No, Likely, list[0].by("operating: no"), "no way in is what people operate the device by")
	}
}

func (i Interface) by(fact string) string { return fmt.Sprintf("interface %q, %s", i.Name, fact) }

// privilege proposes the privileges required.
func (p proposals) privilege(a Authorization) {
	var roles []string
	for _, r := range a.Roles {
		if r = strings.TrimSpace(r); r != "" && !slices.Contains(roles, r) {
			roles = append(roles, r)
		}
	}
	switch {
	case len(roles) == 1:
		p.add("XPRL", No, Doubtful, fmt.Sprintf("role %q", roles[0]), "with one role all may do the same; the affected component may have its own")
		return
	case len(roles) > 1:
		p.add("XPRL", Yes, Likely, fmt.Sprintf("roles %q", roles), "the device tells roles apart; the affected component may not")
	}
	required, privileged := a.Required, a.Privileged
	if required == nil && privileged != nil && *privileged {
		required = privileged
	}
	const around = "; a vulnerability may go around it"
	switch {
	case required == nil:
	case !*required && privileged != nil && *privileged: // they contradict each other
	case !*required:
		p.add("XPRZ", No, Likely, "authorization required: no", "something can be done without any")
	default:
		p.add("XPRZ", Yes, Doubtful, "authorization required: yes", "the device asks for one first"+around)
		if privileged != nil && *privileged {
			p.add("XPRS", Yes, Doubtful, "authorization privileged: yes", "an ordinary one is not enough"+around)
		} else if privileged != nil {
			p.add("XPRS", No, Likely, "authorization privileged: no", "an ordinary one is enough")
		}
	}
}

// impact proposes the worst that a function can suffer, and None where there is
// no such function.
func (p proposals) impact(f Facts) {
	all := f.AllFunctions && !slices.ContainsFunc(f.Functions, func(f Function) bool { return !f.Category.Valid() })
	for _, c := range []Category{Records, Diagnosis, Therapy, Workflow, System, Other} {
		at := -1
		for i, fn := range f.Functions {
			if fn.Category == c && (at < 0 || fn.Essential && !f.Functions[at].Essential) {
				at = i
			}
		}
		const whole = "the whole list of functions"
		why := fmt.Sprintf("none of them is of the kind %q", string(c))
		switch {
		case c == Records:
			holds := f.Patients != nil && *f.Patients > 0
			if at < 0 && !holds && all {
				p.none("P", "CIA", whole, why)
				continue
			}
			p.records(f, at)
		case at < 0 && all:
			p.none(letters[c], "CIA", whole, why)
		case at >= 0 && (c == Diagnosis || c == Therapy || c == Workflow):
			p.function(c, f.Functions[at])
		}
	}
}

func (p proposals) function(c Category, f Function) {
	by, sure := fmt.Sprintf("function %q, %s", f.Name, c), Doubtful
	if f.Essential {
		by, sure = by+", essential", Likely
	}
	p.add("XI"+letters[c], High, sure, by, "the worst if an attacker can change it; whether the vulnerability lets them, and what that does, is to be judged")
	p.add("XA"+letters[c], High, sure, by, "the worst if an attacker can stop it; whether the vulnerability lets them, and what that does, is to be judged")
}

// records proposes who can read how many patients' data. at is the place of a
// function that holds such data, or less than 0.
func (p proposals) records(f Facts, at int) {
	var by []string
	if at >= 0 {
		by = append(by, fmt.Sprintf("function %q, %s", f.Functions[at].Name, Records))
	}
	number := 0
	if f.Patients != nil {
		number = *f.Patients
		by = append(by, fmt.Sprintf("number of patients %d", number))
	}
	switch {
	case f.Patients != nil && (number < 0 || number == 0 && at >= 0): // no number, or one that contradicts the function
	case f.Patients != nil && number == 0:
		p.add("XCP", No, Doubtful, by[0], "it is said to hold nobody's data")
	case len(by) > 0:
		p.add("XCP", Yes, Doubtful, strings.Join(by, "; "), "there is such data; whether the vulnerability lets an attacker read it is to be judged")
		if f.Patients == nil {
			return
		}
		last := by[len(by)-1]
		switch {
		case number >= breach:
			p.add("XCPM", Yes, Likely, last, "500 or more, if all of it can be read")
		case f.PerDevice:
			p.add("XCPM", No, Doubtful, last+" on one device", "fewer than 500 on one device; an attack that reaches many devices or their server may read more")
		default:
			p.add("XCPM", No, Likely, last, "fewer than 500")
		}
	}
}
