package cvss_test

import (
	"testing"

	"github.com/open-postmarket/postmarket/cvss"
)

// distinct returns 256 different base vectors, so that no branch predictor
// learns one by heart.
func distinct(b *testing.B) []string {
	b.Helper()
	var all []string
	walk(func(av, ac, pr, ui, s, c, i, a string) {
		all = append(all, "CVSS:3.1/AV:"+av+"/AC:"+ac+"/PR:"+pr+"/UI:"+ui+"/S:"+s+"/C:"+c+"/I:"+i+"/A:"+a)
	})
	some := make([]string, 0, 256)
	for k := range 256 {
		some = append(some, all[k*1009%len(all)])
	}
	return some
}

func benchmark(b *testing.B, vectors []string, use func(cvss.Vector) float64) {
	b.ReportAllocs()
	var sum float64
	for k := 0; b.Loop(); k++ {
		v, err := cvss.Parse(vectors[k%len(vectors)])
		if err != nil {
			b.Fatal(err)
		}
		sum += use(v)
	}
	_ = sum
}

func BenchmarkParse(b *testing.B) {
	benchmark(b, distinct(b), func(cvss.Vector) float64 { return 0 })
}

func BenchmarkParseBase(b *testing.B) {
	benchmark(b, distinct(b), cvss.Vector.Base)
}

func BenchmarkParseEnvironmental22(b *testing.B) {
	benchmark(b, []string{all22}, cvss.Vector.Environmental)
}

func BenchmarkString(b *testing.B) {
	v := parsed(b, all22)
	b.ReportAllocs()
	for b.Loop() {
		_ = v.String()
	}
}
