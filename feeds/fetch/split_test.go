package fetch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds/fetch"
)

var wide = fetch.Limits{Document: 1 << 20, Element: 1 << 20}

// plainly is what Elements says, by the decoder of the standard library alone.
func plainly(doc, list string) (said []string) {
	d := json.NewDecoder(strings.NewReader(doc))
	at := func(err error) error {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("at byte %d: %w", d.InputOffset(), err)
	}
	elements := func() error {
		switch first, err := d.Token(); {
		case err != nil:
			return at(err)
		case first != json.Delim('['):
			return fmt.Errorf("at byte %d: %s is not an array", d.InputOffset(), list)
		}
		for i := 0; d.More(); i++ {
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return fmt.Errorf("%s[%d]: %w", list, i, at(err))
			}
			said = append(said, fmt.Sprintf("%s[%d] %s", list, i, raw))
		}
		if _, err := d.Token(); err != nil {
			return fmt.Errorf("%s: %w", list, at(err))
		}
		return nil
	}
	whole := func() error {
		switch first, err := d.Token(); {
		case errors.Is(err, io.EOF):
			return errors.New("empty: no document in it")
		case err != nil:
			return at(err)
		case first != json.Delim('{'):
			return errors.New("not a JSON object")
		}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return at(err)
			}
			if name == list {
				if err := elements(); err != nil {
					return err
				}
				continue
			}
			var value json.RawMessage
			if err := d.Decode(&value); err != nil {
				return at(err)
			}
		}
		if _, err := d.Token(); err != nil {
			return at(err)
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			if err == nil {
				err = errors.New("more JSON")
			}
			return fmt.Errorf("at byte %d: something follows the end of the document: %w", d.InputOffset(), err)
		}
		return nil
	}
	if err := whole(); err != nil {
		said = append(said, err.Error())
	}
	return said
}

// spoken is what Elements says of the text that r reads.
func spoken(r io.Reader, list string) (said []string) {
	for e, err := range fetch.Elements(r, list, fetch.Members{}, wide) {
		if err != nil {
			said = append(said, err.Error())
			continue
		}
		said = append(said, e.Place+" "+string(e.Raw))
	}
	return said
}

// TestElementsAreThoseOfTheStandardLibrary breaks documents at every place, and holds what is said
// of them, the words of the errors too, against a reading without the splitter.
func TestElementsAreThoseOfTheStandardLibrary(t *testing.T) {
	t.Parallel()
	whole := `{"a":1,"list":[{"x":"\u00e9\n","y":[1,-2.5e+3,0,true,false,null,{}]} , {"deep":{"er":[[],["s"]]}},{},3,"text",{"z":"` +
		"\xff" + `"}],"b":{"c":[]},"list":[{"again":1}]} `
	check := func(doc string) {
		t.Helper()
		want := plainly(doc, "list")
		require.Equal(t, want, spoken(strings.NewReader(doc), "list"), "%q", doc)
		require.Equal(t, want, spoken(iotest.OneByteReader(strings.NewReader(doc)), "list"), "%q", doc)
		require.Equal(t, want, spoken(iotest.DataErrReader(iotest.HalfReader(strings.NewReader(doc))), "list"), "%q", doc)
	}
	check(whole)
	rnd := rand.New(rand.NewPCG(1, 2))
	const odd = "{}[],:\"\\ \n\t0123456789-+.eEtrufalsn\x00\x1f\x7f\xffx"
	for k := range len(whole) {
		check(whole[:k])
		check(whole[:k] + whole[k+1:])
		for range 4 {
			c := string(odd[rnd.IntN(len(odd))])
			check(whole[:k] + c + whole[k+1:])
			check(whole[:k] + c + whole[k:])
		}
	}
	check(`{"list":[` + strings.Repeat(`{"a":[`, 2000) + strings.Repeat(`]}`, 2000) + `]}`)
	check(`{"list":[` + strings.Repeat(`{"a":[`, 6000) + strings.Repeat(`]}`, 6000) + `]}`)
	large := `{"t":"` + strings.Repeat("long ", 30_000) + `"}`
	check(`{"list":[{"a":1},` + large + `,{"b":2},` + large + ` ]}`)
	check(`{"list":[{"a":1},` + large[:100_000])
}
