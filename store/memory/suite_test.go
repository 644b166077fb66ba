package memory_test

import (
	"testing"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/storetest"
)

// forgets is the one promise that memory does not make.
var forgets = map[string]string{"open again and it is all there": "memory forgets when it is closed"}

func TestDriver(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Suite{
		Place: func() (storetest.Opener, error) {
			return func() (store.Driver, error) { return memory.New(), nil }, nil
		},
		Without: forgets,
	})
}

func TestVault(t *testing.T) {
	t.Parallel()
	storetest.RunVault(t, storetest.VaultSuite{
		Place: func() (storetest.VaultOpener, error) {
			return func() (storetest.ClosingVault, error) { return memory.New(), nil }, nil
		},
		Without: forgets,
	})
}
