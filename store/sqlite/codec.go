package sqlite

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/open-postmarket/postmarket/feeds"
)

// Bodies are short and much alike, so each is compressed by itself (it changes by
// itself), with what such bodies mostly hold as a dictionary: half the size that it
// would have without. A dictionary never changes. A better one gets the next number,
// which stands in every frame, and the older ones stay to be read with.
//
//go:embed dictionary/1.txt
var dictionary1 []byte

// A codec makes the body of a record as it is stored, and reads it. It is safe
// for use by many goroutines.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// newCodec is called once a DB: a codec of the whole program would tie bubbles
// of synctest together.
func newCodec() (codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(128<<10), zstd.WithEncoderCRC(false), zstd.WithEncoderDictRaw(1, dictionary1))
	if err != nil {
		return codec{}, fmt.Errorf("sqlite: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderDictRaw(1, dictionary1), zstd.WithDecoderMaxMemory(1<<30))
	if err != nil {
		return codec{}, fmt.Errorf("sqlite: %w", err)
	}
	return codec{enc, dec}, nil
}

// pack compresses the JSON of a record.
func (c codec) pack(body []byte) []byte { return c.enc.EncodeAll(body, nil) }

// record reads a stored body. It may use room, and returns it for the next one.
func (c codec) record(stored, room []byte) (r feeds.Record, back []byte, err error) {
	body, err := c.dec.DecodeAll(stored, room[:0])
	if err == nil {
		err = json.Unmarshal(body, &r)
	}
	if err != nil {
		r = feeds.Record{}
	}
	return r, body, err
}
