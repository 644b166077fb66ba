package sqlite

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/klauspost/compress/s2"

	"github.com/open-postmarket/postmarket/feeds"
)

// Bodies are short and much alike, so each is compressed by itself (it changes by
// itself), with what such bodies mostly hold as a dictionary. S2 takes a fifth of
// the processor that Zstandard takes, to write and to read, for a file that is a
// fifth larger; docs/benchmarks.md has the figures.
//
// The first byte of a stored body says which form it has. A form, its dictionary
// included, never changes; a better one gets the next number, and the older ones
// stay to be read.
const form1 = 1

//go:embed dictionary/1.txt
var dictionary1 []byte

var form1Dict = s2.MakeDict(dictionary1, []byte(`{"source":"nvd","item":"CVE-20`))

// mostBody is the most that a body has before it is compressed. What claims more
// was damaged.
const mostBody = 1 << 30

// pack compresses the JSON of a record. It may use room, and returns it for the
// next one.
func pack(body, room []byte) (stored, back []byte) {
	if most := s2.MaxEncodedLen(len(body)); cap(room) < most {
		room = make([]byte, most)
	}
	packed := form1Dict.Encode(room[:cap(room)], body)
	return append(append(make([]byte, 0, len(packed)+1), form1), packed...), room
}

// unpack reads a stored body. It may use room, and returns it for the next one.
func unpack(stored, room []byte) (r feeds.Record, back []byte, err error) {
	if len(stored) == 0 || stored[0] != form1 {
		return r, room, errors.New("the body has a form that this program does not know")
	}
	if n, err := s2.DecodedLen(stored[1:]); err != nil || n > mostBody {
		return r, room, fmt.Errorf("the body is damaged: it says to have %d bytes", n)
	}
	body, err := form1Dict.Decode(room[:cap(room)], stored[1:])
	if err != nil {
		return r, room, fmt.Errorf("the body is damaged: %w", err)
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return feeds.Record{}, body, err
	}
	return r, body, nil
}
