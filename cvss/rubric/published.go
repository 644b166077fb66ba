package rubric

import (
	"strings"

	"github.com/open-postmarket/postmarket/cvss"
)

// ProposeFromVector returns what the base metrics of a published vector make
// likely to be answered, in element order. Who published it did not have this
// device in mind, and the rubric's questions were not asked: it never answers
// any. A metric that several answers can lead to proposes only what they share,
// so that an impact that is not None proposes nothing: it does not say which
// data or function suffers.
//
// Vectors of 3.0 and 3.1 have the metrics that the rubric derives. One of 2.0 or
// 4.0 is a hint of low confidence; the rubric speaks of neither. The zero Vector
// proposes nothing.
func ProposeFromVector(v cvss.Vector) []Proposal {
	r := reading{p: proposals{}, v: v}
	switch v.Version() {
	case "3.0", "3.1":
		r.sure = Likely
		r.vector("N", "A", "L", "P")
		r.privileges()
		r.one("AC", map[string]element{"L": {"XACL", Yes}, "H": {"XACL", No}})
		r.one("UI", map[string]element{"N": {"XUI", No}, "R": {"XUI", Yes}})
		r.one("S", map[string]element{"U": {"XS", No}, "C": {"XS", Yes}})
		r.impacts("C", "I", "A")
	case "2.0":
		r.sure, r.caveat = Doubtful, "; the rubric does not speak of CVSS 2.0"
		r.vector("N", "A", "", "")
		if v.Get("AV") == "L" {
			r.add("AV", "XAVN", No, Doubtful, "local access or touching the device; in CVSS 2.0 they are one")
		}
		r.one("AC", map[string]element{"L": {"XACL", Yes}, "M": {"XACL", No}, "H": {"XACL", No}})
		r.authentication()
		r.impacts("C", "I", "A")
	case "4.0":
		r.sure, r.caveat = Doubtful, "; the rubric does not speak of CVSS 4.0"
		r.vector("N", "A", "L", "P")
		r.privileges()
		r.attack4()
		r.one("UI", map[string]element{"N": {"XUI", No}, "P": {"XUI", Yes}, "A": {"XUI", Yes}})
		r.scope4()
		r.impacts("VC SC", "VI SI", "VA SA")
	}
	return r.p.list()
}

// A reading turns one vector into proposals.
type reading struct {
	p      proposals
	v      cvss.Vector
	sure   Confidence // for a metric that one question alone decides
	caveat string
}

type element struct {
	id     string
	answer Answer
}

// add proposes an answer by one or more metrics.
func (r reading) add(metrics, id string, a Answer, c Confidence, why string) {
	var said []string
	for m := range strings.FieldsSeq(metrics) {
		said = append(said, m+":"+r.v.Get(m))
	}
	r.p.add(id, a, c, "metric "+strings.Join(said, " ")+" of "+r.v.String(), why+r.caveat)
}

// one proposes by a metric that one question decides.
func (r reading) one(metric string, by map[string]element) {
	if e, ok := by[r.v.Get(metric)]; ok {
		r.add(metric, e.id, e.answer, r.sure, "the metric asks the same of the vulnerability; this device may differ")
	}
}

// vector proposes by AV, whose values have these letters.
func (r reading) vector(network, adjacent, local, physical string) {
	switch r.v.Get("AV") {
	case network:
		r.add("AV", "XAVN", Yes, r.sure, "reachable over a network; this device may not be on one")
		r.add("AV", "XAVT", Yes, Doubtful, "Network mostly means IP")
	case adjacent:
		r.add("AV", "XAVN", Yes, r.sure, "reachable over a network nearby")
		r.add("AV", "XAVT", No, Doubtful, "Adjacent may be a link below IP; it may be a local IP subnet too, which is answered Yes")
	case local:
		r.add("AV", "XAVN", No, Doubtful, "Local mostly means no protocol; the rubric has it for a short radio too")
		r.add("AV", "XAVP", No, Doubtful, "Local, not Physical")
	case physical:
		r.add("AV", "XAVN", No, Doubtful, "Physical means no protocol")
		r.add("AV", "XAVP", Yes, r.sure, "Physical means touching the device")
	}
}

// privileges proposes by PR of 3.x and 4.0.
func (r reading) privileges() {
	const apart = "some privilege is needed, so there are some to be told apart"
	switch r.v.Get("PR") {
	case "N":
		r.add("PR", "XPRZ", No, Doubtful, "no privilege is needed, whether or not the component tells roles apart")
	case "L":
		r.add("PR", "XPRL", Yes, Doubtful, apart)
		r.add("PR", "XPRZ", Yes, r.sure, "some privilege is needed")
		r.add("PR", "XPRS", No, r.sure, "an ordinary one is enough")
	case "H":
		r.add("PR", "XPRL", Yes, Doubtful, apart)
		r.add("PR", "XPRZ", Yes, r.sure, "some privilege is needed")
		r.add("PR", "XPRS", Yes, r.sure, "an ordinary one is not enough")
	}
}

// authentication proposes by Au of 2.0, which counts log-ins, not privileges.
func (r reading) authentication() {
	switch r.v.Get("Au") {
	case "N":
		r.add("Au", "XPRZ", No, Doubtful, "no log-in is needed")
	case "S", "M":
		r.add("Au", "XPRZ", Yes, Doubtful, "a log-in is needed")
	}
}

// attack4 proposes by AC and AT of 4.0, which were one metric before.
func (r reading) attack4() {
	if r.v.Get("AC") == "L" && r.v.Get("AT") == "N" {
		r.add("AC AT", "XACL", Yes, Doubtful, "nothing has to be overcome and nothing has to be so")
		return
	}
	r.add("AC AT", "XACL", No, Doubtful, "something has to be overcome or has to be so")
}

// scope4 proposes by the impact on subsequent systems of 4.0.
func (r reading) scope4() {
	const beyond = "SC SI SA"
	for m := range strings.FieldsSeq(beyond) {
		if r.v.Get(m) != "N" {
			r.add(beyond, "XS", Yes, Doubtful, "another system suffers; it may have an authorization authority of its own")
			return
		}
	}
	r.add(beyond, "XS", No, Doubtful, "no other system suffers")
}

// impacts proposes None for all six categories where the metrics of C, I or A
// say that there is no impact.
func (r reading) impacts(c, i, a string) {
	for n, metrics := range []string{c, i, a} {
		quiet := true
		for m := range strings.FieldsSeq(metrics) {
			quiet = quiet && r.v.Get(m) == "N"
		}
		if !quiet {
			continue
		}
		for _, letter := range []string{"P", "D", "T", "W", "S", "O"} {
			r.add(metrics, "X"+"CIA"[n:n+1]+letter, None, Doubtful, "no impact of this kind in general; what it does to this device's data and functions is to be judged")
		}
	}
}
