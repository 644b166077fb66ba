package tlp_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-postmarket/postmarket/tlp"
)

func ExampleParseLabel() {
	for _, s := range []string{"TLP:AMBER+STRICT", "white", ""} {
		l, err := tlp.ParseLabel(s)
		fmt.Println(l, err)
	}
	_, err := tlp.ParseLabel("purple")
	fmt.Println(err)
	// Output:
	// TLP:AMBER+STRICT <nil>
	// TLP:CLEAR <nil>
	// TLP not said <nil>
	// tlp: "purple" is not a label
}

func ExampleJoin() {
	nvd := tlp.Marked(tlp.Clear, "nvd")
	cert := tlp.Marked(tlp.Amber, "cert-bund")
	silent := tlp.Marked("", "ward-ticket")
	fmt.Println(tlp.Join(nvd, cert))
	fmt.Println(tlp.Join(nvd, cert, silent))
	// Output:
	// TLP:AMBER by cert-bund
	// TLP not said by ward-ticket
}

func ExampleLabelsOnly() {
	out := tlp.Outgoing{
		To:      tlp.Customer,
		Content: tlp.Content{Kind: "advisory", Mark: tlp.Marked(tlp.Amber, "cert-bund")},
		IDs:     []string{"CVE-2022-25640"},
	}
	mark, err := tlp.LabelsOnly(context.Background(), out)
	fmt.Println(mark, err)

	out.To = tlp.Public
	_, err = tlp.LabelsOnly(context.Background(), out)
	var held *tlp.HeldError
	fmt.Println(errors.As(err, &held), err)
	// Output:
	// TLP:AMBER by cert-bund <nil>
	// true tlp: held: advisory is marked TLP:AMBER by cert-bund: own organization and its clients; not for audience public
}
