package sqlite_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
)

// perPage is how many records NVD puts on a page at most.
const perPage = 2000

// writePage writes one page of NVD's API 2.0: records from, from+1, … of a made-up
// catalog, the same ones for the same edition. Of every hundred, eighty say by CPE
// name what is affected, some twenty wait for their analysis and have a text
// alone. Names and words follow a Zipf law; sizes and members are about those of
// NVD (3.7 KB a record in the mean).
func writePage(w io.Writer, from, n, total, edition int) error {
	b := bufio.NewWriterSize(w, 1<<16)
	fmt.Fprintf(b, `{"resultsPerPage":%d,"startIndex":%d,"totalResults":%d,"format":"NVD_CVE","version":"2.0","timestamp":"2026-03-29T12:00:00.000","vulnerabilities":[`, n, from, total)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		r := rand.New(rand.NewPCG(7, uint64(from+i)))
		madeUp{Writer: b, Rand: r, names: rand.NewZipf(r, 1.05, 8, 39_999), words: rand.NewZipf(r, 1.01, 40, 5_999)}.cve(from+i, edition)
	}
	b.WriteString("]}")
	return b.Flush()
}

// madeUp writes one record.
type madeUp struct {
	*bufio.Writer
	*rand.Rand
	names, words *rand.Zipf
}

func (m madeUp) f(format string, args ...any) { fmt.Fprintf(m.Writer, format, args...) }

// number is that of record i: CVE ids are no plain counter.
func number(i int) string { return fmt.Sprintf("CVE-%d-%05d", 1999+i/11_500, 1000+i%11_500) }

func (m madeUp) day() string {
	return fmt.Sprintf("20%02d-%02d-%02dT%02d:%02d:%02d.%03d", 10+m.IntN(16), 1+m.IntN(12), 1+m.IntN(28), m.IntN(24), m.IntN(60), m.IntN(60), m.IntN(1000))
}

func (m madeUp) hex(n int) string {
	var s strings.Builder
	for s.Len() < n {
		fmt.Fprintf(&s, "%016X", m.Uint64())
	}
	return s.String()[:n]
}

// word is the k-th word of a made-up language; the first ones are English.
func word(k uint64) string {
	common := strings.Fields(`the a of in to and is vulnerability allows attacker remote via before version code execute arbitrary that an
		crafted could could lead this user by affected buffer overflow with on or from request not execution file memory service denial for
		unauthenticated function parameter component has been exploit access issue which the through where when product data improper server
		plugin input validation local privileges information attackers web script injection authenticated discovered sensitive`)
	if k < uint64(len(common)) {
		return common[k]
	}
	parts := []string{"ar", "ton", "mel", "ki", "so", "ven", "dra", "lu", "pex", "qui", "no", "ster", "wi", "fa", "gre", "ob"}
	s := ""
	for k *= 2654435761; len(s) < 4 || k%3 == 0 && len(s) < 12; k /= 16 {
		s += parts[k%16]
	}
	return s
}

func (m madeUp) text(lang string, words int, more string) {
	m.f(`{"lang":"%s","value":"`, lang)
	for i := range words {
		w := word(m.words.Uint64())
		switch {
		case i == 0:
			w = strings.ToUpper(w[:1]) + w[1:]
		case i%17 == 0:
			m.WriteString(",")
		}
		if i > 0 {
			m.WriteString(" ")
		}
		m.WriteString(w)
	}
	m.WriteString("." + more + `"}`)
}

func (m madeUp) product() (vendor, product string) {
	k := m.names.Uint64()
	return word(70 + k/3), word(70+k) + "_" + word(70+k/7)
}

func (m madeUp) cve(i, edition int) {
	id, mute := number(i), i%5 == 3
	status := "Analyzed"
	if mute {
		status = "Awaiting Analysis"
	}
	m.f(`{"cve":{"id":"%s","sourceIdentifier":"%s@example.org","published":"%s","lastModified":"%s","vulnStatus":"%s","cveTags":[],"descriptions":[`,
		id, word(70+m.names.Uint64()%200), m.day(), m.day(), status)
	words := 45 + m.IntN(75)
	more := ""
	if edition > 0 {
		more = fmt.Sprint(" Edition ", edition, ".")
	}
	m.text("en", words, more)
	m.WriteString(",")
	m.text("es", words, more)
	m.WriteString(`],"metrics":{"cvssMetricV31":[`)
	for k, by := range []string{"nvd@nist.gov", "cna@example.org"}[:1+m.IntN(2)] {
		if k > 0 {
			m.WriteString(",")
		}
		pick := func(s string) string { return string(s[m.IntN(len(s))]) }
		v := "CVSS:3.1/AV:" + pick("NNNAL") + "/AC:" + pick("LLH") + "/PR:" + pick("NLH") + "/UI:" + pick("NR") + "/S:" + pick("UUC") +
			"/C:" + pick("HLN") + "/I:" + pick("HLN") + "/A:" + pick("HLN")
		m.f(`{"source":"%s","type":"%s","cvssData":{"version":"3.1","vectorString":"%s","baseScore":%d.%d,"baseSeverity":"HIGH","attackVector":"NETWORK",`+
			`"attackComplexity":"LOW","privilegesRequired":"NONE","userInteraction":"NONE","scope":"UNCHANGED","confidentialityImpact":"HIGH",`+
			`"integrityImpact":"HIGH","availabilityImpact":"HIGH"},"exploitabilityScore":3.9,"impactScore":5.9}`, by, []string{"Primary", "Secondary"}[k], v, m.IntN(10), m.IntN(10))
	}
	m.f(`]},"weaknesses":[{"source":"nvd@nist.gov","type":"Primary","description":[{"lang":"en","value":"CWE-%d"}]}]`, []int{79, 89, 787, 125, 20, 22, 352, 416, 78, 190, 476, 862}[m.IntN(12)])
	if !mute {
		m.WriteString(`,"configurations":[`)
		for c := range 1 + m.IntN(2) {
			if c > 0 {
				m.WriteString(",")
			}
			m.WriteString(`{"nodes":[{"operator":"OR","negate":false,"cpeMatch":[`)
			vendor, product := m.product()
			for k := range 1 + m.IntN(5) {
				if k > 0 {
					m.WriteString(",")
					if m.IntN(3) == 0 {
						_, product = m.product()
					}
				}
				m.f(`{"vulnerable":true,"criteria":"cpe:2.3:%c:%s:%s:*:*:*:*:*:*:*:*","versionStartIncluding":"%d.%d","versionEndExcluding":"%d.%d.%d","matchCriteriaId":"%s"}`,
					"aaaaoh"[m.IntN(6)], vendor, product, m.IntN(5), m.IntN(10), 5+m.IntN(5), m.IntN(20), m.IntN(20), m.uuid())
			}
			m.WriteString(`]}]}`)
		}
		m.WriteString(`]`)
	}
	m.WriteString(`,"references":[`)
	for k := range 2 + m.IntN(7) {
		if k > 0 {
			m.WriteString(",")
		}
		switch m.IntN(4) {
		case 0:
			m.f(`{"url":"https://github.com/%s/%s/commit/%s","source":"cve@mitre.org","tags":["Patch"]}`, word(70+m.names.Uint64()), word(70+m.names.Uint64()), strings.ToLower(m.hex(40)))
		case 1:
			m.f(`{"url":"http://www.securityfocus.com/bid/%d","source":"cve@mitre.org","tags":["Third Party Advisory","VDB Entry"]}`, m.IntN(120_000))
		case 2:
			m.f(`{"url":"https://www.%s.example/security/advisories/%s-%d","source":"cna@example.org","tags":["Vendor Advisory"]}`, word(70+m.names.Uint64()), word(70+m.names.Uint64()), m.IntN(10_000))
		default:
			m.f(`{"url":"https://lists.%s.example/archives/%d/msg%05d.html","source":"af854a3a-2127-422b-91ae-364da2661108"}`, word(70+m.names.Uint64()%500), 2000+m.IntN(26), m.IntN(100_000))
		}
	}
	m.WriteString(`]}}`)
}

func (m madeUp) uuid() string {
	h := m.hex(32)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
