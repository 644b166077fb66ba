package rubric

import (
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/cvss"
)

// A Recognition is FDA's recognition of a CVSS version as a consensus standard.
// Days are civil days, YYYY-MM-DD.
type Recognition struct {
	ID       string `json:"id"`       // FDA's recognition number
	Standard string `json:"standard"` // such as "CVSS v3.0"
	Version  string `json:"version"`  // the version of a vector of that standard, such as "3.0"
	Since    string `json:"since"`    // day of recognition
	Until    string `json:"until"`    // last day on which FDA accepts a declaration to it
	Note     string `json:"note"`
}

// Recognitions returns the recognitions of the CVSS versions that the derived
// vector can carry, oldest first. That of v4.0 is not among them: the rubric
// does not speak of v4.0.
func Recognitions() []Recognition { return slices.Clone(flow().recognitions) }

// A Status is what a recognition is worth on one day. The zero value is not
// said.
type Status string

// The statuses of a recognition.
const (
	Pending  Status = "pending"  // the day lies before the recognition
	Accepted Status = "accepted" // FDA accepts declarations to it
	Passed   Status = "passed"   // the last day for declarations lies before
)

// Valid reports whether s is one of the three statuses.
func (s Status) Valid() bool { return s == Pending || s == Accepted || s == Passed }

// Status says what r is worth on the day that it is at the instant at, in at's
// own location: FDA counts in America/New_York. Both Since and Until are days
// on which declarations are accepted. A zero at, or an r without its days, has
// no status: "".
func (r Recognition) Status(at time.Time) Status {
	if at.IsZero() || r.check() != nil {
		return ""
	}
	switch day := at.Format(time.DateOnly); {
	case day < r.Since:
		return Pending
	case day > r.Until:
		return Passed
	}
	return Accepted
}

func (r Recognition) check() error {
	for _, day := range []string{r.Since, r.Until} {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return fmt.Errorf("recognition %q: %q is not a day such as 2020-10-19", r.ID, clip(day))
		}
	}
	if r.Until < r.Since {
		return fmt.Errorf("recognition %q ends before it begins", r.ID)
	}
	return nil
}

// A Standing is a recognition as it stands on one day.
type Standing struct {
	Recognition
	Day     string `json:"day"` // the civil day it is told of
	Status  Status `json:"status"`
	Warning string `json:"warning,omitempty"` // to be shown; empty while declarations are accepted
}

// RecognitionAt returns how the recognition of a CVSS version, "3.0" or "3.1",
// stands on the day of at (see [Recognition.Status]). There is no other version
// that the rubric's answers can be declared to: any other is an error that
// matches [cvss.ErrVersion], 4.0 too, which FDA recognizes without any tie to
// the rubric. A zero at is an error.
func RecognitionAt(version string, at time.Time) (Standing, error) {
	if at.IsZero() {
		return Standing{}, fmt.Errorf("rubric: recognition of %q: no day to tell it of", clip(version))
	}
	for _, r := range flow().recognitions {
		if r.Version != version {
			continue
		}
		s := Standing{Recognition: r, Day: at.Format(time.DateOnly), Status: r.Status(at)}
		switch s.Status {
		case Pending:
			s.Warning = fmt.Sprintf("on %s FDA had not yet recognized %s (recognition %s, %s)", s.Day, r.Standard, r.ID, r.Since)
		case Passed:
			s.Warning = fmt.Sprintf("on %s FDA no longer accepts declarations to %s (recognition %s, until %s)", s.Day, r.Standard, r.ID, r.Until)
		}
		return s, nil
	}
	return Standing{}, fmt.Errorf("rubric: recognition: %w", versionError(version))
}

// A versionError says which versions a derived vector can have. It matches
// cvss.ErrVersion, whose own text is about versions that there are not.
type versionError string

func (e versionError) Error() string {
	return fmt.Sprintf("version %q: the rubric speaks of CVSS 3.0, whose base metrics 3.1 shares", clip(string(e)))
}

func (versionError) Unwrap() error { return cvss.ErrVersion }
