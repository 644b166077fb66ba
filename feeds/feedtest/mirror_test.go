package feedtest_test

import (
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
	"github.com/open-postmarket/postmarket/store/memory"
)

func TestMemoryKeepsThePromisesOfAMirror(t *testing.T) {
	t.Parallel()
	feedtest.RunMirror(t, func(testing.TB) feeds.Mirror { return memory.New() })
}
