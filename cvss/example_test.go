package cvss_test

import (
	"errors"
	"fmt"

	"github.com/open-postmarket/postmarket/cvss"
)

func ExampleParse() {
	v, err := cvss.Parse("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:U")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Version(), v.Base(), v.Severity())
	fmt.Println("temporal", v.Temporal(), cvss.SeverityOf(v.Temporal()))
	fmt.Printf("exploitability %.1f, impact %.1f\n", v.Exploitability(), v.Impact())
	// Output:
	// 3.1 7.5 High
	// temporal 6.9 Medium
	// exploitability 3.9, impact 3.6
}

func ExampleParse_error() {
	_, err := cvss.Parse("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:high")
	fmt.Println(err)
	var at *cvss.ParseError
	if errors.As(err, &at) {
		fmt.Println(at.Vector[at.Pos:])
	}
	_, err = cvss.Parse("CVSS:5.0/AV:N")
	fmt.Println(errors.Is(err, cvss.ErrVersion))
	// Output:
	// cvss: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:high" at byte 43: metric A cannot be "high", it takes one of H L N
	// high
	// true
}

// A compensating control changes a modified metric; the base score stays.
func ExampleVector_With() {
	v, err := cvss.Parse("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H")
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := v.With("MAV", "A")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w)
	fmt.Println(w.Base(), w.Environmental())
	// Output:
	// CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/MAV:A
	// 7.5 6.5
}

func ExampleSeverityOf() {
	fmt.Println(cvss.SeverityOf(3.9), cvss.SeverityOf(4.0))
	// Output: Low Medium
}
