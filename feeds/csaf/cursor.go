package csaf

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// version is that of the cursor's form. A cursor of another one means from the
// beginning.
const version = 1

// cursor is what a feeds.Cursor holds, as JSON: which documents of which lists were
// read, as they were listed.
type cursor struct {
	Version int    `json:"v"`
	From    string `json:"from"`
	// Midway says that the reading had not ended.
	Midway bool `json:"midway,omitempty"`
	// Owed says that something was taken away, which only a reading of everything can
	// tell.
	Owed  bool             `json:"owed,omitempty"`
	Lists map[string]stand `json:"lists,omitempty"`
}

// stand is how far a list has been read.
type stand struct {
	// Validators are those of the files of the list; none when it has to be read anew.
	Validators []fetch.Validators `json:"validators,omitempty"`
	Read       known              `json:"read"`
}

// known are the documents of a list that were read, by the address.
type known map[mark6]seen

type mark6 [6]byte

// seen is a document as it was listed, and how many vulnerabilities it had.
type seen struct {
	as    [4]byte
	count uint16
}

const seenSize = 6 + 4 + 2

func markOf(address string) mark6 {
	sum := sha256.Sum256([]byte(address))
	return mark6(sum[:6])
}

// listedAs is a digest of how a document is listed.
func listedAs(token string) [4]byte {
	sum := sha256.Sum256([]byte(token))
	return [4]byte(sum[:4])
}

// MarshalText writes k in few bytes: it may hold some thousand documents.
func (k known) MarshalText() ([]byte, error) {
	packed := make([]byte, 0, len(k)*seenSize)
	for _, at := range slices.SortedFunc(maps.Keys(k), func(a, b mark6) int { return bytes.Compare(a[:], b[:]) }) {
		s := k[at]
		packed = append(append(packed, at[:]...), s.as[:]...)
		packed = binary.BigEndian.AppendUint16(packed, s.count)
	}
	return base64.StdEncoding.AppendEncode(nil, packed), nil
}

// UnmarshalText reads what MarshalText wrote.
func (k *known) UnmarshalText(text []byte) error {
	packed, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return err
	}
	if len(packed)%seenSize != 0 {
		return base64.CorruptInputError(len(packed))
	}
	*k = make(known, len(packed)/seenSize)
	for p := range slices.Chunk(packed, seenSize) {
		(*k)[mark6(p[:6])] = seen{[4]byte(p[6:10]), binary.BigEndian.Uint16(p[10:])}
	}
	return nil
}

// reached reads a cursor. One that is not empty and cannot be read is owed a reading of
// everything: something may have been kept with it that is gone.
func reached(since feeds.Cursor, from string) cursor {
	begin := cursor{Version: version, From: from, Owed: since != ""}
	var c cursor
	if err := json.Unmarshal([]byte(since), &c); err != nil || c.Version != version || c.From != from {
		return begin
	}
	return c
}

func (c cursor) text() feeds.Cursor {
	text, err := json.Marshal(c)
	if err != nil {
		return ""
	}
	return feeds.Cursor(text)
}
