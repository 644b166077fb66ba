package strictjson_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/strictjson"
)

type inner struct {
	Word string `json:"word"`
}

type file struct {
	inner
	Name string   `json:"name"`
	List []*inner `json:"list"`
	Bare int
}

func TestAFileIsReadOrRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, err string }{
		{"a good file", `{"name":"a","word":"w","list":[{"word":"x"},{"word":"y"}],"Bare":1}`, ""},
		{"an unknown field", `{"name":"a","nam":"b"}`, `unknown field "nam"`},
		{"a field in another case", `{"Name":"a"}`, `field "Name" is not known`},
		{"a field of a part in another case", `{"list":[{"WORD":"a"}]}`, `field "WORD" is not known`},
		{"a field given twice", `{"list":[{"word":"a","word":"b"}]}`, `field "word" is given twice`},
		{"two objects", `{} {}`, "something follows"},
		{"a list", `[]`, "not a JSON object"},
		{"nothing", ``, "not a JSON object"},
		{"null", `null`, "not a JSON object"},
		{"cut off", `{"name":`, "unexpected EOF"},
		{"not UTF-8", "{\"name\":\"\xff\"}", "not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var v file
			_, err := strictjson.Read(fstest.MapFS{"f": {Data: []byte(c.text)}}, "f", &v)
			if c.err == "" {
				require.NoError(t, err)
				require.Equal(t, "y", v.List[1].Word)
				return
			}
			require.ErrorContains(t, err, c.err)
		})
	}
	t.Run("a missing and a huge file", func(t *testing.T) {
		t.Parallel()
		fsys := fstest.MapFS{"big": {Data: make([]byte, 1<<20+1)}}
		var v file
		_, err := strictjson.Read(fsys, "none", &v)
		require.Error(t, err)
		_, err = strictjson.Read(fsys, "big", &v)
		require.ErrorContains(t, err, "more than")
	})
}
