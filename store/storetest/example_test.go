package storetest_test

import (
	"context"
	"fmt"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/storetest"
)

func ExampleCheck() {
	err := storetest.Check(context.Background(), storetest.Suite{
		Place: func() (storetest.Opener, error) {
			return func() (store.Driver, error) { return memory.New(), nil }, nil
		},
		Without: map[string]string{"open again and it is all there": "memory forgets"},
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleCheckVault() {
	err := storetest.CheckVault(context.Background(), storetest.VaultSuite{
		Place: func() (storetest.VaultOpener, error) {
			return func() (storetest.ClosingVault, error) { return memory.New(), nil }, nil
		},
	})
	fmt.Println(err)
	// Output: open again and it is all there: erased before, opened again: memory: "b": not found
}
