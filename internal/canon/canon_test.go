package canon_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/internal/canon"
)

// value is one thing written; exactly one meaning by Tag.
type value struct {
	Tag  byte
	Data string
	N    int64
}

func write(vs []value) []byte {
	var b bytes.Buffer
	w := canon.NewWriter(&b)
	for _, v := range vs {
		switch v.Tag {
		case 't':
			w.Text(v.Data)
		case 'b':
			w.Bytes([]byte(v.Data))
		case 'i':
			w.Int(v.N)
		case 'l':
			w.List(int(v.N))
		}
	}
	return b.Bytes()
}

// read is the inverse of write, and lives only here: that an inverse exists is
// what makes the bytes fit to be hashed.
func read(b []byte) ([]value, error) {
	var vs []value
	for len(b) > 0 {
		if len(b) < 9 {
			return nil, errors.New("short head")
		}
		v := value{Tag: b[0]}
		n := binary.BigEndian.Uint64(b[1:9])
		b = b[9:]
		switch v.Tag {
		case 't', 'b':
			if n > uint64(len(b)) {
				return nil, errors.New("short data")
			}
			v.Data, b = string(b[:n]), b[n:]
		case 'i', 'l':
			v.N = int64(n)
		default:
			return nil, fmt.Errorf("unknown tag %q", v.Tag)
		}
		vs = append(vs, v)
	}
	return vs, nil
}

func TestWhatIsWrittenCanBeToldApart(t *testing.T) {
	t.Parallel()
	one := rapid.Custom(func(t *rapid.T) value {
		v := value{Tag: rapid.SampledFrom([]byte("tbil")).Draw(t, "tag")}
		switch v.Tag {
		case 't', 'b':
			v.Data = string(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "data"))
		case 'i':
			v.N = rapid.Int64().Draw(t, "n")
		case 'l':
			v.N = int64(rapid.IntRange(0, 1<<30).Draw(t, "count"))
		}
		return v
	})
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(one, 1, 8).Draw(t, "values")
		got, err := read(write(want))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}

func TestNeighborsDoNotRunTogether(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, fill := range map[string]func(*canon.Writer){
		"ab, c":        func(w *canon.Writer) { w.Text("ab"); w.Text("c") },
		"a, bc":        func(w *canon.Writer) { w.Text("a"); w.Text("bc") },
		"abc":          func(w *canon.Writer) { w.Text("abc") },
		"abc, empty":   func(w *canon.Writer) { w.Text("abc"); w.Text("") },
		"abc as bytes": func(w *canon.Writer) { w.Bytes([]byte("abc")) },
		"0":            func(w *canon.Writer) { w.Int(0) },
		"list of 0":    func(w *canon.Writer) { w.List(0) },
		"empty text":   func(w *canon.Writer) { w.Text("") },
		"empty bytes":  func(w *canon.Writer) { w.Bytes(nil) },
	} {
		sum := canon.Sum("t", fill)
		require.Empty(t, seen[string(sum[:])], "%q hashes as another", name)
		seen[string(sum[:])] = name
	}
	a := canon.Sum("one", func(w *canon.Writer) { w.Int(1) })
	b := canon.Sum("two", func(w *canon.Writer) { w.Int(1) })
	require.NotEqual(t, a, b, "the label counts")
}

func TestTheBytesNeverChange(t *testing.T) {
	t.Parallel()
	got := write([]value{{Tag: 't', Data: "é"}, {Tag: 'b', Data: "\x00"}, {Tag: 'i', N: -1}, {Tag: 'l', N: 2}})
	require.Equal(t,
		"740000000000000002c3a9"+"62000000000000000100"+"69ffffffffffffffff"+"6c0000000000000002",
		hex.EncodeToString(got))
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAFailingWriterIsReported(t *testing.T) {
	t.Parallel()
	w := canon.NewWriter(full{})
	w.Text("x")
	w.Int(1)
	require.EqualError(t, w.Err(), "disk full")
}

func FuzzWhatIsWrittenCanBeToldApart(f *testing.F) {
	f.Add("a", "b", int64(1), "c", "d", int64(2))
	f.Fuzz(func(t *testing.T, a, b string, n int64, c, d string, m int64) {
		fill := func(x, y string, k int64) func(*canon.Writer) {
			return func(w *canon.Writer) { w.Text(x); w.Bytes([]byte(y)); w.Int(k) }
		}
		same := a == c && b == d && n == m
		if got := canon.Sum("f", fill(a, b, n)) == canon.Sum("f", fill(c, d, m)); got != same {
			t.Fatalf("equal digests %v, equal values %v", got, same)
		}
	})
}

func ExampleSum() {
	sum := canon.Sum("example 1", func(w *canon.Writer) {
		w.Text("patch.plan")
		w.Int(3)
	})
	fmt.Println(hex.EncodeToString(sum[:4]))
	// Output: 84e67c53
}
