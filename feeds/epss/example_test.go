package epss_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/open-postmarket/postmarket/feeds/epss"
)

func ExampleNew() {
	feed := epss.New(&epss.Options{FS: os.DirFS("testdata/before")})
	for u, err := range feed.Updates(context.Background(), "") {
		if err != nil {
			fmt.Println(err)
			return
		}
		if p := u.Record.Probability; p != nil {
			fmt.Println(u.Record.Item, p.Score, p.Band())
		}
	}
	// Output:
	// CVE-2020-5902 0.97567 50 % or more
	// CVE-2018-19571 0.00113 below 1 %
	// CVE-2019-9978 0.88301 50 % or more
	// CVE-2019-9854 0.0123 1 % to 10 %
	// CVE-2019-9213 0.06272 1 % to 10 %
}

// An answer of the API is read, too.
func ExampleDecode() {
	answer := `{"status": "OK", "total": 2, "data": [
		{"cve": "CVE-2022-27225", "epss": "0.001290000", "percentile": "0.470000000", "date": "2024-05-01"},
		{"cve": "CVE-2022-27223", "epss": "1.5"}]}`
	for u, err := range epss.Decode(strings.NewReader(answer)) {
		switch {
		case err != nil:
			fmt.Println(err)
		case u.Whole:
			fmt.Println("that was all")
		default:
			fmt.Println(u.Record.Item, u.Record.Probability.Score, u.Record.Probability.Day.Format("2006-01-02"))
		}
	}
	// Output:
	// CVE-2022-27225 0.00129 2024-05-01
	// epss: record "CVE-2022-27223": score "1.5" is no number from 0 to 1
	// that was all
}
