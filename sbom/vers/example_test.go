package vers_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom/vers"
)

func ExampleParse() {
	a, err := vers.Parse(vers.Generic, "1.0.2k-fips")
	if err != nil {
		panic(err)
	}
	b, err := vers.Parse(vers.Generic, "V1.0.2m")
	if err != nil {
		panic(err)
	}
	fmt.Println(a.Compare(b))
	_, err = vers.Parse("npm", "latest")
	fmt.Println(err)
	// Output:
	// -1 <nil>
	// vers: npm version "latest": is not a version of this scheme
}

func ExampleCompare() {
	fmt.Println(vers.Compare("Debian", "1:9.16.1-0ubuntu2", "9.18.0-1"))
	fmt.Println(vers.Compare("PyPI", "1.0rc1", "1.0.post1"))
	_, err := vers.Compare(vers.Generic, "1.0.2.1", "1.0.2k")
	fmt.Println(errors.Is(err, vers.ErrIncomparable), err)
	// Output:
	// 1 <nil>
	// -1 <nil>
	// true vers: generic version "1.0.2.1" against "1.0.2k": a number against a word
}

func ExampleVersion_Key() {
	var found []vers.Version
	for _, text := range []string{"3.0.0", "1.0.2k", "0.9.8zh", "1.0.2"} {
		v, err := vers.Parse(vers.OpenSSL, text)
		if err != nil {
			panic(err)
		}
		found = append(found, v)
	}
	slices.SortFunc(found, func(a, b vers.Version) int { return strings.Compare(a.Key(), b.Key()) })
	fmt.Println(found)
	// Output:
	// [0.9.8zh 1.0.2 1.0.2k 3.0.0]
}

func ExampleParseRange() {
	r, err := vers.ParseRange("vers:deb/>=1:2.0|<1:2.4-3")
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Contains("1:2.4-2+deb12u1"))
	_, err = vers.ParseRange("vers:npm/>=2.0.0|<1.0.0")
	fmt.Println(err)
	// Output:
	// true <nil>
	// vers: range "vers:npm/>=2.0.0|<1.0.0": is not in the order of its versions
}

func ExampleReadRange() {
	r, err := vers.ReadRange("vers:PyPI/ <2 | >= 1.0 | 0.5")
	fmt.Println(r, err)
	// Output:
	// vers:pypi/0.5|>=1.0|<2 <nil>
}

func ExampleFromNative() {
	r, err := vers.FromNative("npm", "^1.2.9 || 3.x")
	fmt.Println(r, err)
	// Output:
	// vers:npm/>=1.2.9|<2.0.0|>=3.0.0|<4.0.0 <nil>
}

func ExampleRange_Contains() {
	r, err := vers.FromNative("maven", "[2.0,2.17.1)")
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Contains("2.17.0"))
	fmt.Println(r.Contains("2.17.1"))
	_, err = r.Contains("${log4j.version}")
	fmt.Println(err)
	// Output:
	// true <nil>
	// false <nil>
	// vers: Maven version "${log4j.version}": is not a version of this scheme
}
