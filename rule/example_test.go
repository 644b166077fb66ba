package rule_test

import (
	"fmt"
	"testing/fstest"
	"time"

	"github.com/open-postmarket/postmarket/rule"
)

func ExampleRule_Clock() {
	book, err := rule.Default()
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := book.Rule("fda-pm-30")
	if err != nil {
		fmt.Println(err)
		return
	}
	cal, err := rule.NewCalendar("America/New_York", rule.USFederal())
	if err != nil {
		fmt.Println(err)
		return
	}
	learned := time.Date(2024, 1, 15, 14, 0, 0, 0, time.UTC)
	clock, err := r.Clock("pump-1/30", "match.finding/pump-1", "psirt-lead", learned, cal)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(clock)
	fmt.Println(clock.Due.Format(time.RFC3339))
	fmt.Println(clock.Overdue(time.Date(2024, 2, 15, 12, 0, 0, 0, time.UTC)))
	// Output:
	// fda-pm-30 for match.finding/pump-1: by the end of 2024-02-14 in America/New_York (30 days from learned 2024-01-15T14:00:00Z); condition of FDA's 806 enforcement discretion (guidance), not a deadline of law; that its days are calendar days is our own reading
	// 2024-02-15T04:59:59Z
	// true
}

func ExampleDefault() {
	book, err := rule.Default()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range book.Rules() {
		if r.On {
			fmt.Printf("%s: %s from %s; %s\n", r.ID, r.Limit, r.Start, r.Citation)
		}
	}
	_, err = book.Rule("no-such")
	fmt.Println(err)
	// Output:
	// fda-pm-30: 30 days from learned; FDA, Postmarket Management of Cybersecurity in Medical Devices, VII.B, second condition, 2016-12-28 (guidance)
	// fda-pm-60: 60 days from learned; FDA, Postmarket Management of Cybersecurity in Medical Devices, VII.B, third condition, 2016-12-28 (guidance)
	// fda-mdr-30: 30 days from aware; 21 CFR Part 803, 803.10(c), 803.50, 2026-11-23 (regulation)
	// fda-mdr-5: 5 workdays from aware; 21 CFR Part 803, 803.53, 2026-11-23 (regulation)
	// fda-806: 10 workdays from initiated; 21 CFR Part 806, 806.10(b), 2002 (regulation)
	// rule: no such rule: "no-such"
}

func ExampleLoad() {
	own := fstest.MapFS{"own.json": {Data: []byte(`{"rules": [{"id": "ack", "on": true}]}`)}}
	_, err := rule.Load(own, "own.json")
	fmt.Println(err != nil)
	// Output: true
}

func ExampleRule_Enable() {
	book, err := rule.Default()
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := book.Rule("eu-mdr-15")
	if err != nil {
		fmt.Println(err)
		return
	}
	cal, err := rule.NewCalendar("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	aware := time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)
	_, err = r.Clock("e1", "incident.case/7", "regulatory", aware, cal)
	fmt.Println(err)
	if r, err = r.Enable("devices are sold in Germany since 2025"); err != nil {
		fmt.Println(err)
		return
	}
	clock, err := r.Clock("e1", "incident.case/7", "regulatory", aware, cal)
	fmt.Println(clock.Day, err)
	// Output:
	// rule: "eu-mdr-15" is off: The maker has not stated that it places devices on the Union market; how the Union counts periods is to be verified.
	// 2026-04-04 <nil>
}

func ExampleNewCalendar() {
	closed, err := rule.ParseDate("2026-12-24")
	if err != nil {
		fmt.Println(err)
		return
	}
	cal, err := rule.NewCalendar("America/Chicago", rule.USFederal(), rule.Dated("plant closed", closed))
	fmt.Println(cal, err)
	fmt.Println(cal.Workday(closed), cal.EndOfDay(closed).Format(time.RFC3339))
	_, err = rule.NewCalendar("")
	fmt.Println(err)
	// Output:
	// America/Chicago, Mon–Fri less US federal holidays, plant closed <nil>
	// false 2026-12-25T05:59:59Z
	// rule: the zone of a calendar must be said
}

func ExampleRegulator() {
	for _, owner := range []string{"U.S. FDA", "fda-liaison"} {
		is, err := rule.Regulator(owner)
		fmt.Println(owner, is, err)
	}
	// Output:
	// U.S. FDA true <nil>
	// fda-liaison false <nil>
}
