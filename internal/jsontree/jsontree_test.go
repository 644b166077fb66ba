package jsontree_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/jsontree"
)

func TestAPlaceIsToldForWhatIsNoJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "line 1, column 1: the text is empty",
		" \n\t":                     "line 1, column 1: the text is empty",
		"{\n  \"a\": 1,\n  oops\n}": "line 3, column 3",
		`{"a": [1, 2`:               "line 1, column 12: the text ends before the document does",
		"{}\n{}":                    "line 2, column 1: something follows the document",
		"{\"a\":\n\"\xff\"}":        "line 2, column 2: the text is not UTF-8",
		strings.Repeat("[", 300):    "nested deeper than 200",
		`[1,2,3,4,5,6,7,8,9,10]`:    "more values than are read",
		`{"a" 1}`:                   "line 1, column 6",
		`{"a":1]`:                   "line 1, column 7",
	} {
		_, err := jsontree.Parse([]byte(text), 10+300*min(1, strings.Count(text, "[[")))
		require.ErrorContains(t, err, want, "%q", text)
		var at *jsontree.Error
		require.ErrorAs(t, err, &at)
	}
}

func TestWhatIsWrittenIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	v, err := jsontree.Parse([]byte("\xef\xbb\xbf"+`{"a": "x", "A": "y", "list": ["p", "", 3, null], "n": 1.50, "b": true, "a": "z", "none": null}`), 100)
	require.NoError(t, err)
	var told []string
	notes := &jsontree.Notes{Tell: func(path, message string) { told = append(told, path+": "+message) }}
	c := jsontree.Top(&v, notes)
	require.Equal(t, []string{"a", "A", "list", "n", "b", "a", "none"}, c.Names())
	require.Equal(t, "z", c.Get("a").String())
	require.Equal(t, []string{"p"}, c.Get("list").Strings())
	require.Equal(t, "1.50", c.Get("n").Written())
	require.Empty(t, c.Get("b").String())
	require.Empty(t, c.Get("b").Get("x").Each())
	require.False(t, c.Get("none").There())
	require.False(t, c.Get("missing").There())
	c.Odd("a", "list")
	require.Equal(t, []string{
		"a: is there more than once", "list[1]: says nothing", "list[2]: is a number and not a string", "list[3]: says nothing",
		"b: is a boolean and not a string", "b: is a boolean and not an object", `: has a member "A": "a" is meant`,
	}, told)
	require.Equal(t, len(told), notes.Count())
}

func TestNotesEnd(t *testing.T) {
	t.Parallel()
	told := 0
	n := &jsontree.Notes{Tell: func(string, string) { told++ }}
	for range 5000 {
		n.Add("", "x")
	}
	require.Equal(t, 1000, told)
	require.Equal(t, 5000, n.Count())
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a": [1, "x", null, true]}`))
	f.Add([]byte("[[[[\"\\ud800\"]]]]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := jsontree.Parse(data, 1000)
		if err != nil {
			require.NotEmpty(t, err.Error())
		}
	})
}
