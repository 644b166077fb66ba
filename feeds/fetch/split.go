package fetch

import (
	"bytes"
	"encoding/json"
	"io"
)

// splitter takes the elements of a list that are objects off a reader, each passed over once. It
// knows the grammar of JSON and no errors: at anything else than a next object that is complete and
// right, it stops in front of it, and the decoder of the standard library reads on from there and says
// what it is.
type splitter struct {
	r    io.Reader
	room []byte // what was read and not taken yet begins at pos
	pos  int
	err  error // of the last read; it counts only when what came with it does not do
	n    int   // elements taken
	took int64 // bytes before pos
}

// chunk is the most that is read at once, and largest how much of one element may be there without its
// end: what is larger is the decoder's, too.
const (
	chunk   = 64 << 10
	largest = 4 << 20
)

// next returns the next element, which is valid until the one after it is asked for, or nil.
func (s *splitter) next() json.RawMessage {
	begin := s.pos // in front of the comma
	for {
		at, comma := begin, s.n == 0
		for ; at < len(s.room); at++ {
			if c := s.room[at]; c == ',' && !comma {
				comma = true
			} else if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
				break
			}
		}
		if at < len(s.room) {
			if !comma || s.room[at] != '{' {
				return nil
			}
			end, why := object(s.room, at, deepest)
			if why == bad {
				return nil
			}
			if why == right {
				s.took += int64(end - begin)
				s.pos, s.err = end, nil
				s.n++
				return json.RawMessage(s.room[at:end:end])
			}
		}
		had := len(s.room) - begin
		if had > largest {
			return nil
		}
		// What is passed over again is never more than what came new, but for a few.
		for enough := min(2*had, had+largest/4); ; {
			if s.err != nil {
				return nil
			}
			if begin = s.fill(begin); s.err != nil || len(s.room)-begin >= enough {
				break
			}
		}
	}
}

// fill reads more behind what stands from begin on, and returns where that begins now.
func (s *splitter) fill(begin int) int {
	if len(s.room) == cap(s.room) {
		kept := s.room[begin:]
		if 2*len(kept) > cap(s.room) || cap(s.room) == 0 {
			s.room = make([]byte, 0, max(chunk, 2*cap(s.room)))
		}
		s.room = append(s.room[:0], kept...)
		begin, s.pos = 0, 0
	}
	var n int
	n, s.err = s.r.Read(s.room[len(s.room):min(cap(s.room), len(s.room)+chunk)])
	s.room = s.room[:len(s.room)+n]
	return begin
}

// left is what was read and not taken, and the error that came after it.
func (s *splitter) left() io.Reader {
	return io.MultiReader(bytes.NewReader(s.room[s.pos:]), &once{s.err}, s.r)
}

// once is an error that is read one time.
type once struct{ err error }

func (o *once) Read([]byte) (int, error) {
	err := o.err
	if o.err = nil; err == nil {
		return 0, io.EOF
	}
	return 0, err
}

// state says whether a text is JSON, as far as it goes.
type state uint8

const (
	right state = iota
	bad         // or too deep to be passed over
	short       // it may be, with more behind it
)

// deepest is how deep values are passed over; what is deeper is the decoder's.
const deepest = 500

// object passes over the object that begins at b[i].
func object(b []byte, i, deep int) (int, state) {
	if deep == 0 {
		return i, bad
	}
	i = space(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, right
	}
	for {
		if i >= len(b) {
			return i, short
		}
		if b[i] != '"' {
			return i, bad
		}
		var why state
		if i, why = text(b, i); why != right {
			return i, why
		}
		if i = space(b, i); i >= len(b) {
			return i, short
		}
		if b[i] != ':' {
			return i, bad
		}
		if i, why = value(b, space(b, i+1), deep); why != right {
			return i, why
		}
		if i = space(b, i); i >= len(b) {
			return i, short
		}
		switch b[i] {
		case '}':
			return i + 1, right
		case ',':
			i = space(b, i+1)
		default:
			return i, bad
		}
	}
}

func array(b []byte, i, deep int) (int, state) {
	if deep == 0 {
		return i, bad
	}
	i = space(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, right
	}
	for {
		var why state
		if i, why = value(b, i, deep); why != right {
			return i, why
		}
		if i = space(b, i); i >= len(b) {
			return i, short
		}
		switch b[i] {
		case ']':
			return i + 1, right
		case ',':
			i = space(b, i+1)
		default:
			return i, bad
		}
	}
}

func value(b []byte, i, deep int) (int, state) {
	if i >= len(b) {
		return i, short
	}
	switch c := b[i]; {
	case c == '"':
		return text(b, i)
	case c == '{':
		return object(b, i, deep-1)
	case c == '[':
		return array(b, i, deep-1)
	case c == 't':
		return word(b, i, "true")
	case c == 'f':
		return word(b, i, "false")
	case c == 'n':
		return word(b, i, "null")
	case c == '-' || '0' <= c && c <= '9':
		return number(b, i)
	}
	return i, bad
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

func word(b []byte, i int, w string) (int, state) {
	if len(b)-i < len(w) {
		return i, short
	}
	if string(b[i:i+len(w)]) != w {
		return i, bad
	}
	return i + len(w), right
}

// text passes over the string that begins at b[i].
func text(b []byte, i int) (int, state) {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, right
		case c < ' ':
			return i, bad
		case c == '\\':
			if i++; i >= len(b) {
				return i, short
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				for range 4 {
					if i++; i >= len(b) {
						return i, short
					}
					if c := b[i]; !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
						return i, bad
					}
				}
			default:
				return i, bad
			}
		}
	}
	return i, short
}

// number passes over a number. One at the very end may go on.
func number(b []byte, i int) (int, state) {
	digits := func() bool {
		from := i
		for i < len(b) && '0' <= b[i] && b[i] <= '9' {
			i++
		}
		return i > from
	}
	if b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b):
		return i, short
	case b[i] == '0':
		i++
	case !digits():
		return i, bad
	}
	if i < len(b) && b[i] == '.' {
		if i++; !digits() && i < len(b) {
			return i, bad
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() && i < len(b) {
			return i, bad
		}
	}
	if i >= len(b) {
		return i, short
	}
	return i, right
}
