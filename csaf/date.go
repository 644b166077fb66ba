package csaf

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// A Date is an instant as it is written in a document: RFC 3339 with seconds
// and a zone. Empty means "not said". It is kept as text so that what was read
// is written back unchanged.
type Date string

// At is t in UTC as a Date, to the second or as fine as t is.
func At(t time.Time) Date { return Date(t.UTC().Format(time.RFC3339Nano)) }

var dateForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)

// Time is the instant d names. A leap second counts as the second after it. A
// Date without a time of day or without a zone is an error.
func (d Date) Time() (time.Time, error) {
	s := strings.ToUpper(string(d))
	if !dateForm.MatchString(s) {
		return time.Time{}, fmt.Errorf("csaf: %q is not a date and time with a zone", string(d))
	}
	leap := s[17:19] == "60"
	if leap {
		s = s[:17] + "59" + s[19:]
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("csaf: %q is not a date and time with a zone", string(d))
	}
	if leap {
		if u := t.UTC(); u.Hour() != 23 || u.Minute() != 59 {
			return time.Time{}, fmt.Errorf("csaf: %q: a leap second ends a day in UTC", string(d))
		}
		t = t.Add(time.Second)
	}
	return t, nil
}
