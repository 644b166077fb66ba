package nvd_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/open-postmarket/postmarket/feeds/nvd"
)

// BenchmarkDecode reads a page of 2,000 records, as the API sends at most.
func BenchmarkDecode(b *testing.B) {
	one, err := os.ReadFile("testdata/before/2020/CVE-2020-25165.json")
	if err != nil {
		b.Fatal(err)
	}
	element := `{"cve":` + string(one) + `}`
	page := []byte(`{"vulnerabilities":[` + strings.Repeat(element+",", 1999) + element + `]}`)
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		n := 0
		for _, err := range nvd.Decode(bytes.NewReader(page)) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 2000 {
			b.Fatal(n)
		}
	}
}
