package cyclonedx

import (
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A baseKind is what a kind of text or number is before it is narrowed.
type baseKind string

const (
	baseText    baseKind = "text"
	baseLine    baseKind = "line"  // XML turns its line ends and tabs into spaces
	baseToken   baseKind = "token" // and cuts off those at its ends
	baseIRI     baseKind = "iri"
	baseURI     baseKind = "uri"
	baseEmail   baseKind = "email"
	baseMoment  baseKind = "time"
	baseDay     baseKind = "date"
	baseBoolean baseKind = "bool"
	baseInteger baseKind = "int"
	baseCount   baseKind = "count"   // 0 or more
	baseOrdinal baseKind = "ordinal" // 1 or more
	baseNumber  baseKind = "number"
	baseDecimal baseKind = "decimal"
)

func (b baseKind) known() bool {
	switch b {
	case baseText, baseLine, baseToken, baseIRI, baseURI, baseEmail, baseMoment, baseDay, baseBoolean, baseInteger, baseCount, baseOrdinal, baseNumber, baseDecimal:
		return true
	}
	return false
}

// textual reports whether JSON writes b as a string.
func (b baseKind) textual() bool {
	switch b {
	case baseText, baseLine, baseToken, baseIRI, baseURI, baseEmail, baseMoment, baseDay:
		return true
	}
	return false
}

// A valueKind is what a text or number may be.
type valueKind struct {
	name                 string
	base                 baseKind
	words                map[string]struct{}
	pattern              *regexp.Regexp
	minLength, maxLength int
	min, max             *float64
}

// fault is a rule that is violated and why; its zero value is none.
type fault struct {
	rule Rule
	why  string
}

// judge returns what is wrong with s. In XML s is the content of an element or
// attribute, in JSON a string.
func (k *valueKind) judge(s string, xml bool) fault {
	if xml {
		s = k.base.space(s)
	}
	if f := k.base.lexical(s, xml); f != (fault{}) {
		return f
	}
	if k.words != nil {
		if _, known := k.words[s]; !known {
			return fault{RuleEnum, quoted(s) + " is none of the words allowed for " + k.name}
		}
	}
	if k.pattern != nil && !k.pattern.MatchString(s) {
		return fault{RulePattern, quoted(s) + " is not of the form of " + k.name}
	}
	if k.minLength > 0 || k.maxLength > 0 {
		switch n := utf8.RuneCountInString(s); {
		case n < k.minLength:
			return fault{RuleLength, "is shorter than " + strconv.Itoa(k.minLength) + " characters"}
		case k.maxLength > 0 && n > k.maxLength:
			return fault{RuleLength, "is longer than " + strconv.Itoa(k.maxLength) + " characters"}
		}
	}
	if xml && (k.min != nil || k.max != nil) {
		if n, err := strconv.ParseFloat(s, 64); err == nil || n != 0 {
			return k.within(n)
		}
	}
	return fault{}
}

// within judges a number.
func (k *valueKind) within(n float64) fault {
	switch {
	case k.min != nil && n < *k.min:
		return fault{RuleRange, "is less than " + strconv.FormatFloat(*k.min, 'g', -1, 64)}
	case k.max != nil && n > *k.max:
		return fault{RuleRange, "is more than " + strconv.FormatFloat(*k.max, 'g', -1, 64)}
	}
	return fault{}
}

var blanks = strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")

// space does to s what XML does before it is judged.
func (b baseKind) space(s string) string {
	switch b {
	case baseText:
		return s
	case baseLine:
		return blanks.Replace(s)
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }), " ")
}

var (
	decimalForm = regexp.MustCompile(`^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$`)
	integerForm = regexp.MustCompile(`^[+-]?[0-9]+$`)
)

// lexical judges the form of s as a b.
func (b baseKind) lexical(s string, xml bool) fault {
	switch b {
	case baseMoment:
		if xml && !xmlTime(s) || !xml && !jsonTime(s) {
			return fault{RuleFormat, quoted(s) + " is not a date and time"}
		}
	case baseDay:
		if xml && !xmlDay(s) || !xml && !fullDate(s) {
			return fault{RuleFormat, quoted(s) + " is not a date"}
		}
	case baseBoolean:
		if s != "true" && s != "false" && s != "1" && s != "0" {
			return fault{RuleType, quoted(s) + " is neither true nor false"}
		}
	case baseDecimal, baseNumber:
		if !decimalForm.MatchString(s) {
			return fault{RuleType, quoted(s) + " is not a number"}
		}
	case baseInteger, baseCount, baseOrdinal:
		if !integerForm.MatchString(s) {
			return fault{RuleType, quoted(s) + " is not a whole number"}
		}
		if n, ok := new(big.Int).SetString(strings.TrimPrefix(s[:min(len(s), 400)], "+"), 10); ok {
			if b == baseCount && n.Sign() < 0 {
				return fault{RuleRange, "is less than 0"}
			}
			if b == baseOrdinal && n.Sign() <= 0 {
				return fault{RuleRange, "is less than 1"}
			}
		}
	case baseIRI:
		if xml && !reference(s) {
			return fault{RuleFormat, quoted(s) + " is not an address"}
		}
	case baseURI:
		if !absolute(s) {
			return fault{RuleFormat, quoted(s) + " is not an address"}
		}
	case baseEmail:
		if !mailbox(s) {
			return fault{RuleFormat, quoted(s) + " is not a mail address"}
		}
	}
	return fault{}
}

// fullDate is the full-date of RFC 3339.
func fullDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil && len(s) == 10
}

var clock = regexp.MustCompile(`^([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?(?:[zZ]|([+-])([0-9]{2})(?::?([0-9]{2}))?)$`)

// jsonTime is the date-time of RFC 3339, with the letters and the separating
// space it tolerates, a leap second where one can be, and an offset written as
// +hhmm or +hh, which the common validators take too.
func jsonTime(s string) bool {
	if len(s) < 11 || !fullDate(s[:10]) || !strings.ContainsRune("Tt \t\n\r\v\f", rune(s[10])) {
		return false
	}
	m := clock.FindStringSubmatch(s[11:])
	if m == nil {
		return false
	}
	at := func(i int) int { n, _ := strconv.Atoi("0" + m[i]); return n }
	hour, minute, second, east, past := at(1), at(2), at(3), at(5), at(6)
	if east > 23 || past > 59 {
		return false
	}
	if hour <= 23 && minute <= 59 && second < 60 {
		return true
	}
	if m[4] == "-" {
		east, past = -east, -past
	}
	minute -= past
	hour -= east
	if minute < 0 {
		hour--
	}
	return second == 60 && (hour == 23 || hour == -1) && (minute == 59 || minute == -1)
}

var (
	dayForm    = regexp.MustCompile(`^-?([0-9]{4,})-([0-9]{2})-([0-9]{2})(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?$`)
	momentForm = regexp.MustCompile(`^(-?[0-9]{4,}-[0-9]{2}-[0-9]{2})T(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?$`)
)

// xmlDay is the date of XML Schema, whose zone may be left out.
func xmlDay(s string) bool {
	m := dayForm.FindStringSubmatch(s)
	if m == nil || len(m[1]) > 4 && m[1][0] == '0' || strings.Trim(m[1], "0") == "" {
		return false
	}
	// The calendar repeats every 400 years.
	year, _ := strconv.Atoi(m[1][max(0, len(m[1])-4):])
	month, _ := strconv.Atoi(m[2])
	d, _ := strconv.Atoi(m[3])
	return month >= 1 && month <= 12 && d >= 1 && d <= time.Date(year%400+2000, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// xmlTime is the dateTime of XML Schema.
func xmlTime(s string) bool {
	m := momentForm.FindStringSubmatch(s)
	return m != nil && xmlDay(m[1])
}

var (
	schemeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)
	hostForm   = regexp.MustCompile(`^(?:[^@]*@)?(?:\[[0-9A-Fa-fvV:.]+\]|[^\[\]:]*)(?::[0-9]*)?$`)
)

// reference reports whether s is an IRI reference. XML takes almost anything,
// for it escapes what an address may not hold; what no escaping mends is a
// broken escape, a second fragment, a colon in a first part that is no scheme,
// brackets outside of a host, and a port that is no number.
func reference(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && (i+2 >= len(s) || !hexDigit(s[i+1]) || !hexDigit(s[i+2])) {
			return false
		}
	}
	rest, fragment, _ := strings.Cut(s, "#")
	if strings.ContainsAny(fragment, "#[]") {
		return false
	}
	rest, query, _ := strings.Cut(rest, "?")
	if strings.ContainsAny(query, "[]") {
		return false
	}
	if scheme := schemeForm.FindString(rest); scheme != "" {
		rest = rest[len(scheme):]
	} else if first, _, _ := strings.Cut(rest, "/"); strings.Contains(first, ":") {
		return false
	}
	if after, found := strings.CutPrefix(rest, "//"); found {
		host, path, _ := strings.Cut(after, "/")
		if !hostForm.MatchString(host) {
			return false
		}
		rest = path
	}
	return !strings.ContainsAny(rest, "[]")
}

func hexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// absolute reports whether s is a URI with a scheme, of the characters of RFC 3986.
func absolute(s string) bool {
	scheme := schemeForm.FindString(s)
	if scheme == "" || len(scheme) == len(s) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return false
		}
	}
	return reference(s)
}

// mailbox reports whether s is the mailbox of RFC 5321 with the letters RFC
// 6531 adds: its domain is a whole one (2.3.5) or the address of a host.
func mailbox(s string) bool {
	const line = 986 // what is left of 1000 octets beside the command
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || utf8.RuneCountInString(s) > line {
		return false
	}
	return localPart(s[:at]) && domainPart(s[at+1:])
}

func localPart(s string) bool {
	if s[0] == '"' {
		if len(s) < 2 || s[len(s)-1] != '"' {
			return false
		}
		for in := s[1 : len(s)-1]; in != ""; in = in[1:] {
			switch c := in[0]; {
			case c == '\\':
				if in = in[1:]; in == "" || in[0] < ' ' || in[0] > '~' {
					return false
				}
			case c < ' ' || c == '"' || c == 0x7f:
				return false
			}
		}
		return true
	}
	for part := range strings.SplitSeq(s, ".") {
		if part == "" {
			return false
		}
		for i := 0; i < len(part); i++ {
			if c := part[i]; c < 0x80 && !alphanumeric(c) && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) < 0 {
				return false
			}
		}
	}
	return true
}

func domainPart(s string) bool {
	if in, literal := strings.CutPrefix(s, "["); literal {
		in, closed := strings.CutSuffix(in, "]")
		if len(in) > 5 && strings.EqualFold(in[:5], "IPv6:") {
			a, err := netip.ParseAddr(in[5:])
			return closed && err == nil && a.Is6() && a.Zone() == ""
		}
		a, err := netip.ParseAddr(in)
		return closed && err == nil && a.Is4()
	}
	labels := strings.Split(s, ".")
	if len(labels) < 2 || utf8.RuneCountInString(s) > 253 || utf8.RuneCountInString(labels[len(labels)-1]) < 2 {
		return false
	}
	for _, label := range labels {
		if label == "" || utf8.RuneCountInString(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := 0; i < len(label); i++ {
			if c := label[i]; c < 0x80 && c != '-' && !alphanumeric(c) {
				return false
			}
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
