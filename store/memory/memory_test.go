package memory_test

import (
	"context"
	"fmt"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

type note struct{ ID, Text string }

func (n note) Key() string { return n.ID }

func ExampleNew() {
	const notes store.Kind[note] = "host.note"
	ctx := context.Background()
	m := memory.New()
	defer m.Close()
	l := store.New(m, nil)
	err := l.Do(ctx, store.By{Who: "u-17", Why: "first look"}, func(tx *store.Tx) error {
		return notes.Put(tx, note{ID: "n1", Text: "checked"})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	v, e, err := notes.Latest(ctx, l, "n1")
	fmt.Println(v.Text, e.Who, e.Seq, err)
	// Output: checked u-17 1 <nil>
}
